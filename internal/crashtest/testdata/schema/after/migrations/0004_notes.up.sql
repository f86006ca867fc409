-- lockstep:no-transaction
CREATE TABLE notes (id bigint PRIMARY KEY, text text);
INSERT INTO effects (name) VALUES ('+0004');
CREATE INDEX CONCURRENTLY notes_text ON notes (text);
ALTER TABLE notes ADD COLUMN author text;
