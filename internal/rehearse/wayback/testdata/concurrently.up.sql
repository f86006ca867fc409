CREATE INDEX CONCURRENTLY orders_amount ON orders (amount);
