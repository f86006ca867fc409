CREATE TABLE orders (id bigint PRIMARY KEY, state text);
INSERT INTO effects (name) VALUES ('+0002');
INSERT INTO orders SELECT n, 'new' FROM generate_series(1, 100) AS n;
