ALTER TABLE orders DROP COLUMN amount, ADD COLUMN amount int CHECK (amount > 0);
