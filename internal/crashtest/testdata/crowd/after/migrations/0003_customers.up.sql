-- Sequences remember what a transaction that is undone forgets.
SELECT nextval('begun'), CASE WHEN pg_try_advisory_xact_lock(4711) THEN 0 ELSE nextval('overlapped') END;
CREATE TABLE customers (id bigint PRIMARY KEY, state text);
SELECT pg_sleep(0.02);
INSERT INTO effects (name) VALUES ('+0003');
