CREATE TABLE lines (id bigint PRIMARY KEY, ord bigint REFERENCES orders, n int);
INSERT INTO lines VALUES (1, NULL, 2);
COMMENT ON TABLE lines IS 'Lines of orders';
