-- lockstep:no-transaction
DROP INDEX CONCURRENTLY notes_text;
DROP TABLE notes;
