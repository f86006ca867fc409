CREATE TABLE effects (name text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TYPE mood AS ENUM ('sad', 'ok');
INSERT INTO effects (name) VALUES ('+0001');
