DROP TABLE orders;
INSERT INTO effects (name) VALUES ('-0002');
