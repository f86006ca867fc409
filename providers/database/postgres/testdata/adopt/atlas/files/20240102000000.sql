-- atlas:txmode none

CREATE INDEX CONCURRENTLY at_id ON at (id);
