DROP TABLE orders;
DROP TABLE effects;
