DROP TABLE orders;
DELETE FROM effects WHERE name = '0002';
