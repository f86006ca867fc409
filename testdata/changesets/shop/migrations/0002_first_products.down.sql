DELETE FROM orders WHERE id IN (1, 2);
DELETE FROM products WHERE id IN (1, 2);
