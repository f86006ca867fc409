-- lockstep:no-transaction
CREATE TABLE notes (id bigint PRIMARY KEY, text text);
INSERT INTO notes VALUES (1, 'once');
INSERT INTO notes SELECT max(id) + 1, 'each' FROM notes;
CREATE INDEX CONCURRENTLY notes_text ON notes (text);
ALTER TABLE notes ADD COLUMN author text;
