UPDATE orders SET amount = 1 WHERE amount IS NULL;
