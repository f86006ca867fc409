CREATE TABLE items (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0 CONSTRAINT once CHECK (n < 2));
INSERT INTO items SELECT i FROM generate_series(1, 100) AS i;
INSERT INTO effects (name) VALUES ('+0002');
