DROP TABLE customers;
DROP TABLE effects;
