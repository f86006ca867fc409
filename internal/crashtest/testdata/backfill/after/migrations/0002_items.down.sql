DROP TABLE items;
INSERT INTO effects (name) VALUES ('-0002');
