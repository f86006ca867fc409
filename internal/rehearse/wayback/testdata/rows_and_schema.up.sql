ALTER TABLE customers ADD COLUMN kind text;
UPDATE customers SET name = upper(name);
DELETE FROM orders;
