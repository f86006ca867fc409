INSERT INTO products (id, name, price_cents) VALUES (1, 'tea', 450), (2, 'coffee', 690);
INSERT INTO orders (id, product_id, state) VALUES (1, 1, 'new'), (2, 2, 'paid');
