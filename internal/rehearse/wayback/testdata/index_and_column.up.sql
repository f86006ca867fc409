-- lockstep:no-transaction
ALTER TABLE orders ADD COLUMN note text;
CREATE UNIQUE INDEX CONCURRENTLY orders_note ON orders (note);
