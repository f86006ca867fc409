ALTER TABLE orders RENAME TO purchases;
ALTER TABLE purchases RENAME COLUMN state TO status;
