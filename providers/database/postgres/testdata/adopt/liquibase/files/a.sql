--liquibase formatted sql

--changeset alice:1
--comment: first one
CREATE TABLE l (
  id int,
  name text -- here
);
INSERT INTO l VALUES (1, 'x  y');
--rollback DROP TABLE l;

--changeset bob:add-col runInTransaction:false
ALTER TABLE l ADD COLUMN n int;
--rollback ALTER TABLE l
--rollback   DROP COLUMN n;
