ALTER TABLE orders DROP COLUMN status;
INSERT INTO effects (name) VALUES ('-0003');
