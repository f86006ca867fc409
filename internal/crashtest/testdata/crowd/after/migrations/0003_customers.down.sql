DROP TABLE customers;
INSERT INTO effects (name) VALUES ('-0003');
