ALTER TABLE orders DROP CONSTRAINT orders_amount_check;
CREATE TABLE notes (id bigint PRIMARY KEY, n int);
