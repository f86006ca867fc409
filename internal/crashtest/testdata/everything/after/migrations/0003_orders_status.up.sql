ALTER TABLE orders ADD COLUMN status smallint;
INSERT INTO effects (name) VALUES ('+0003');
