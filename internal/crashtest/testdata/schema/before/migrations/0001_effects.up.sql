CREATE TABLE effects (id bigint GENERATED ALWAYS AS IDENTITY, name text NOT NULL);
CREATE TYPE mood AS ENUM ('sad', 'ok');
INSERT INTO effects (name) VALUES ('+0001');
