-- lockstep:no-transaction
INSERT INTO effects (name) VALUES ('+0005');
SELECT nextval('begun'), CASE WHEN pg_try_advisory_xact_lock(4711) THEN pg_sleep(0.02)::text ELSE nextval('overlapped')::text END;
CREATE TABLE notes (id bigint PRIMARY KEY, text text);
CREATE INDEX CONCURRENTLY notes_text ON notes (text);
