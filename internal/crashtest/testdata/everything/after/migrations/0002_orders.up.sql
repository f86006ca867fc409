CREATE TABLE orders (id bigint PRIMARY KEY, state text);
INSERT INTO effects (name) VALUES ('+0002');
