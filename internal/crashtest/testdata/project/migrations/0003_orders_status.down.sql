ALTER TABLE orders DROP COLUMN status;
DELETE FROM effects WHERE name = '0003';
