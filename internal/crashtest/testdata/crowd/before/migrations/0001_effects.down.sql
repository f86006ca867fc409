DROP SEQUENCE overlapped;
DROP SEQUENCE begun;
DROP TABLE effects;
