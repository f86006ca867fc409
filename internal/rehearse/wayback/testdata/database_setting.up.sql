ALTER DATABASE nowhere SET work_mem = '8MB';
CREATE INDEX orders_amount ON orders (amount);
