CREATE TABLE effects (name text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE customers (id bigint PRIMARY KEY, name text);
INSERT INTO customers SELECT n, 'name' FROM generate_series(1, 1000) AS n;
INSERT INTO effects (name) VALUES ('+0001');
