CREATE TABLE customers (id bigint PRIMARY KEY, name text);
INSERT INTO effects (name) VALUES ('+0004');
