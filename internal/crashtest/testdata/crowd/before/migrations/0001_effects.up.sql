CREATE TABLE effects (name text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE SEQUENCE begun;
CREATE SEQUENCE overlapped;
INSERT INTO effects (name) VALUES ('+0001');
