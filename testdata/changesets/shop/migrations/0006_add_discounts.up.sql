CREATE TABLE discounts (
  id      INTEGER PRIMARY KEY,
  percent INTEGER NOT NULL
);
