CREATE TABLE effects (id bigint GENERATED ALWAYS AS IDENTITY, name text NOT NULL);
INSERT INTO effects (name) VALUES ('+0001');
