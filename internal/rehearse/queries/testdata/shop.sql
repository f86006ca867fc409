CREATE TYPE state AS ENUM ('new', 'paid', 'sent');
CREATE TABLE customers (
	id serial PRIMARY KEY,
	name varchar(40) NOT NULL,
	email text NOT NULL,
	phone text,
	code text DEFAULT '7',
	region text
);
CREATE UNIQUE INDEX customers_email ON customers (email);
CREATE TABLE orders (
	id serial PRIMARY KEY,
	customer_id int NOT NULL REFERENCES customers,
	total int NOT NULL DEFAULT 0,
	status state NOT NULL DEFAULT 'new',
	note text,
	created_at timestamptz NOT NULL DEFAULT '2026-01-01'
);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_created ON orders (created_at);
CREATE TABLE items (order_id int NOT NULL, sku text NOT NULL, quantity int NOT NULL DEFAULT 1, PRIMARY KEY (order_id, sku));
CREATE TABLE audit (id bigserial PRIMARY KEY, what text);
CREATE VIEW open_orders AS SELECT id, customer_id, note FROM orders WHERE status <> 'sent';
CREATE FUNCTION price(quantity int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT quantity * 3';
INSERT INTO customers (name, email) SELECT 'n' || i, 'e' || i FROM generate_series(1, 20) i;
INSERT INTO orders (customer_id, status, note) SELECT i, 'paid', 'note' FROM generate_series(1, 20) i;
INSERT INTO items (order_id, sku) SELECT i, 'sku' FROM generate_series(1, 20) i;
INSERT INTO audit (what) VALUES ('start');
