CREATE TABLE effects (name text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
INSERT INTO effects (name) VALUES ('+0001');
