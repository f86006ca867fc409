DROP TABLE notes;
INSERT INTO effects (name) VALUES ('-0005');
