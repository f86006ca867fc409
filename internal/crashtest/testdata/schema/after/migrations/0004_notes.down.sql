-- lockstep:no-transaction
DROP INDEX CONCURRENTLY notes_text;
DROP TABLE notes;
INSERT INTO effects (name) VALUES ('-0004');
