package pglint_test

// matrixBase is what the statements of the matrix meet. It runs on a server.
const matrixBase = `CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TYPE place AS (a int);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN later AS int;
ALTER DOMAIN later ADD CONSTRAINT later_check CHECK (VALUE > 0) NOT VALID;
CREATE TABLE customers (id bigint PRIMARY KEY, email text);
CREATE TABLE "order" (id bigint PRIMARY KEY, n int, s varchar(10), nn int NOT NULL, d int DEFAULT 1, customer bigint, ts timestamp,
  e mood, p positive, q later, "user" int, r int4range, j json, ci text, chk varchar(10));
ALTER TABLE "order" ADD CONSTRAINT n_there CHECK (n IS NOT NULL);
ALTER TABLE "order" ADD CONSTRAINT chk_filled CHECK (chk <> '');
ALTER TABLE "order" ADD CONSTRAINT nv CHECK (d > 0) NOT VALID;
ALTER TABLE "order" ADD CONSTRAINT to_customer FOREIGN KEY (customer) REFERENCES customers (id);
CREATE INDEX order_n ON "order" (n);
CREATE INDEX order_ci ON "order" (ci);
CREATE INDEX order_customer ON "order" (customer);
CREATE TABLE nokey (a int NOT NULL, b int, t text);
CREATE UNIQUE INDEX nokey_a ON nokey (a);
CREATE UNIQUE INDEX nokey_b ON nokey (b);
CREATE TABLE parts (id int NOT NULL, day int NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE TABLE loose (id int NOT NULL, day int NOT NULL);
CREATE TABLE withrest (id int, day int) PARTITION BY LIST (day);
CREATE TABLE withrest_rest PARTITION OF withrest DEFAULT;
CREATE TABLE gen (id int PRIMARY KEY, n int, g int GENERATED ALWAYS AS (n * 2) STORED);
CREATE VIEW shown AS SELECT id, s FROM "order";
CREATE MATERIALIZED VIEW summed AS SELECT id, n FROM "order";
CREATE UNIQUE INDEX summed_id ON summed (id);
CREATE SEQUENCE numbers AS int;
CREATE SCHEMA app;
CREATE TABLE app.things (id bigint PRIMARY KEY, n int);
CREATE TABLE child (LIKE nokey);
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION fills() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER filled BEFORE INSERT ON nokey FOR EACH ROW EXECUTE FUNCTION fills();
CREATE POLICY mine ON customers USING (true);
CREATE PUBLICATION sent FOR TABLE customers;
INSERT INTO customers VALUES (1, 'a');
INSERT INTO "order" (id, n, nn, customer, chk) VALUES (1, 1, 1, 1, 'x');
INSERT INTO nokey VALUES (1, 1, 'x');
INSERT INTO parts VALUES (1, 1);
INSERT INTO loose VALUES (11, 11);
INSERT INTO withrest VALUES (1, 1);
INSERT INTO app.things VALUES (1, 1);
INSERT INTO gen VALUES (1, 1);
`

// row is a row of the rule matrix: a statement that meets the rule, and a
// neighbour that does not.
type row struct {
	id, sql, neighbour string
	// amid runs before the alternative's statement of this number: what its
	// comments leave to a backfill.
	amid map[int]string
	// unrun is why the alternative is not run; empty when it is.
	unrun string
	// fails is what the server says to a statement that is meant to be refused.
	fails string
	// says stands in the alternative.
	says string
	// major is the version that the files are for; 0 for one on which the rule
	// holds.
	major int
}

const noServer = "nothing is left to run: the alternative is words"

func matrixOfColumns() []row {
	return []row{
		{id: "PG-L01", sql: `ALTER TABLE "order" ADD COLUMN x float8 DEFAULT random()`, neighbour: `ALTER TABLE "order" ADD COLUMN x timestamptz DEFAULT now()`},
		{id: "PG-L02", sql: `ALTER TABLE app.things ADD COLUMN x bigserial`, neighbour: `ALTER TABLE app.things ADD COLUMN x bigint`},
		{
			id: "PG-L03", sql: `ALTER TABLE "order" ADD COLUMN "from" bigint GENERATED ALWAYS AS IDENTITY`, neighbour: `ALTER TABLE "order" ADD COLUMN "from" bigint`,
			amid: map[int]string{1: `UPDATE "order" SET "from" = id; ALTER TABLE "order" ALTER "from" SET NOT NULL`},
		},
		{id: "PG-L04", sql: `ALTER TABLE "order" ADD COLUMN x int GENERATED ALWAYS AS (n * "user" + 2) STORED`, neighbour: `ALTER TABLE "order" ADD COLUMN x int`},
		{
			id: "PG-L05", sql: `ALTER TABLE "order" ADD COLUMN x int NOT NULL`, neighbour: `ALTER TABLE "order" ADD COLUMN x int NOT NULL DEFAULT 0`,
			amid: map[int]string{1: `UPDATE "order" SET x = 1`},
		},
		{id: "PG-L06", sql: `ALTER TABLE "order" ADD COLUMN x positive`, neighbour: `ALTER TABLE "order" ADD COLUMN x int`},
		{id: "PG-L07", sql: `ALTER TABLE "order" ADD COLUMN x int DEFAULT 5 CHECK (x > 0 AND x < 9)`, neighbour: `ALTER TABLE "order" ADD COLUMN x int DEFAULT 5`},
		{id: "PG-L08", sql: `ALTER TABLE "order" ADD COLUMN x int UNIQUE`, neighbour: `ALTER TABLE "order" ADD COLUMN x int`},
		{
			id: "PG-L08", sql: `ALTER TABLE nokey ADD COLUMN x int PRIMARY KEY`, neighbour: `ALTER TABLE nokey ADD COLUMN x int`,
			amid: map[int]string{1: `UPDATE nokey SET x = a`},
		},
		{id: "PG-L09", sql: `ALTER TABLE "order" ADD COLUMN x bigint REFERENCES customers (id) ON DELETE CASCADE`, neighbour: `ALTER TABLE "order" ADD COLUMN x bigint`},
		{id: "PG-L10", sql: `ALTER TABLE "order" ADD COLUMN x bigint DEFAULT 1 REFERENCES customers`, neighbour: `ALTER TABLE "order" ADD COLUMN x bigint DEFAULT 1`},
		{id: "PG-C01", sql: `ALTER TABLE "order" ADD COLUMN x int`, neighbour: `CREATE TABLE x (a int)`},
		{id: "PG-B01", sql: `ALTER TABLE "order" ADD COLUMN x json`, neighbour: `ALTER TABLE "order" ADD COLUMN x jsonb`},
		{id: "PG-B01", sql: `CREATE TABLE x (a json)`, neighbour: `CREATE TABLE x (a jsonb)`},
		{id: "PG-L20", sql: `ALTER TABLE "order" ALTER COLUMN "user" TYPE bigint`, neighbour: `ALTER TABLE nokey ALTER COLUMN t TYPE varchar`},
		{id: "PG-L21", sql: `ALTER TABLE nokey ALTER COLUMN t TYPE varchar`, neighbour: `ALTER TABLE nokey ALTER COLUMN t TYPE varchar(5)`},
		{id: "PG-L22", sql: `ALTER TABLE "order" ALTER COLUMN ts TYPE timestamptz`, neighbour: `SET LOCAL timezone = 'UTC'; ALTER TABLE "order" ALTER COLUMN ts TYPE timestamptz`},
		{id: "PG-L23", sql: `ALTER TABLE "order" ALTER COLUMN ci TYPE text COLLATE "POSIX"`, neighbour: `ALTER TABLE nokey ALTER COLUMN t TYPE text COLLATE "POSIX"`},
		{id: "PG-L24", sql: `ALTER TABLE "order" ALTER COLUMN chk TYPE text`, neighbour: `ALTER TABLE nokey ALTER COLUMN t TYPE varchar`},
		{id: "PG-L25", sql: `ALTER TABLE "order" ALTER COLUMN s TYPE text`, neighbour: `ALTER TABLE nokey ALTER COLUMN t TYPE varchar`},
		{id: "PG-L26", sql: `ALTER TABLE "order" ALTER COLUMN customer SET NOT NULL`, neighbour: `ALTER TABLE "order" ALTER COLUMN n SET NOT NULL`},
		{
			id: "PG-L27", sql: `ALTER TABLE "order" ADD CONSTRAINT x CHECK (customer IS NOT NULL) NOT VALID; ALTER TABLE "order" VALIDATE CONSTRAINT x; ALTER TABLE "order" ALTER COLUMN customer SET NOT NULL`,
			neighbour: `ALTER TABLE "order" ALTER COLUMN n SET NOT NULL`,
		},
		{id: "PG-C10", sql: `ALTER TABLE "order" ALTER COLUMN nn DROP NOT NULL`, neighbour: `ALTER TABLE "order" ALTER COLUMN n SET NOT NULL`},
		{id: "PG-C11", sql: `ALTER TABLE "order" ALTER COLUMN d SET DEFAULT 2`, neighbour: `ALTER TABLE "order" ALTER COLUMN n SET DEFAULT 2`},
		{id: "PG-L28", sql: `ALTER TABLE gen ALTER COLUMN g SET EXPRESSION AS (n * 3)`, neighbour: `ALTER TABLE gen ALTER COLUMN n SET DEFAULT 3`},
		{id: "PG-N01", sql: `ALTER TABLE "order" ALTER COLUMN n SET STATISTICS 500`, neighbour: `ANALYZE "order"`},
		{id: "PG-L29", sql: `ALTER TABLE nokey ALTER COLUMN t SET STORAGE EXTERNAL`, neighbour: `ALTER TABLE nokey ALTER COLUMN t SET STATISTICS 5`},
		{id: "PG-L30", sql: `ALTER TABLE "order" DROP COLUMN "user"`, neighbour: `ALTER TABLE "order" ADD COLUMN x int`},
		{id: "PG-F05", sql: `ALTER TABLE "order" ADD COLUMN n int`, neighbour: `ALTER TABLE "order" ADD COLUMN IF NOT EXISTS n int`},
		{id: "PG-F06", sql: `ALTER TABLE "order" DROP COLUMN s`, neighbour: `ALTER TABLE "order" DROP COLUMN s CASCADE`, fails: "depend"},
		{id: "PG-F06", sql: `ALTER TABLE gen DROP COLUMN n`, neighbour: `ALTER TABLE gen DROP COLUMN g`, fails: "depend"},
		{id: "PG-F06", sql: `DROP TABLE customers`, neighbour: `DROP TABLE customers CASCADE`, fails: "depend"},
		{id: "PG-F06", sql: `DROP TABLE customers, loose`, neighbour: `DROP TABLE customers, "order", shown CASCADE`, fails: "depend"},
		{id: "PG-F06", sql: `DROP TYPE mood`, neighbour: `DROP TABLE loose`, fails: "depend"},
		{id: "PG-F06", sql: `DROP TABLE "order"`, neighbour: `DROP VIEW shown; DROP MATERIALIZED VIEW summed; DROP TABLE "order"`, fails: "depend"},
		{id: "PG-F06", sql: `DROP SCHEMA app`, neighbour: `DROP TABLE app.things; DROP SCHEMA app`, fails: "depend"},
		{id: "PG-F07", sql: `ALTER TABLE withrest DETACH PARTITION withrest_rest CONCURRENTLY`, neighbour: `ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY`},
		{id: "PG-F07", sql: `DROP INDEX CONCURRENTLY customers_pkey`, neighbour: `DROP INDEX CONCURRENTLY order_n`, fails: "depend"},
		{id: "PG-F07", sql: `ALTER TABLE ONLY parts ADD CONSTRAINT x CHECK (id > 0)`, neighbour: `ALTER TABLE ONLY loose ADD CONSTRAINT x CHECK (id > 0)`},
		{id: "PG-F07", sql: `CREATE TABLE x PARTITION OF withrest DEFAULT`, neighbour: `CREATE TABLE x PARTITION OF parts DEFAULT`, unrun: noServer},
		{id: "PG-F07", sql: `ALTER TABLE withrest ATTACH PARTITION loose DEFAULT`, neighbour: `ALTER TABLE parts ATTACH PARTITION loose DEFAULT`, unrun: noServer},
		{id: "PG-F07", sql: `CREATE TABLE x (p place); ALTER TYPE place ALTER ATTRIBUTE a TYPE bigint`, neighbour: `ALTER TYPE place ALTER ATTRIBUTE a TYPE bigint`},
		{id: "PG-F08", sql: `ALTER TABLE gen ALTER COLUMN g SET EXPRESSION AS (n * 3)`, neighbour: `ALTER TABLE gen ALTER COLUMN n SET DEFAULT 3`, unrun: noServer, major: 16},
		{id: "PG-F08", sql: `MERGE INTO "order" o USING customers c ON o.id = c.id WHEN MATCHED THEN DELETE`, neighbour: `DELETE FROM "order" WHERE n = 1`, unrun: noServer, major: 14},
		{id: "PG-F08", sql: `CREATE TABLE x (a int, b int GENERATED ALWAYS AS (a) STORED, UNIQUE (a))`, neighbour: `CREATE TABLE x (a int)`, unrun: noServer, major: 11},
		{id: "PG-F08", sql: `CREATE UNIQUE INDEX x ON nokey (b) NULLS NOT DISTINCT`, neighbour: `CREATE UNIQUE INDEX x ON nokey (b)`, unrun: noServer, major: 14},
		{id: "PG-F08", sql: `ALTER VIEW shown SET (security_invoker = true)`, neighbour: `ALTER VIEW shown SET (security_barrier = true)`, unrun: noServer, major: 14},
		{id: "PG-F05", sql: `CREATE TABLE x (a int, a text)`, neighbour: `CREATE TABLE x (a int, b text)`, unrun: noServer},
	}
}

func matrixOfConstraints() []row {
	return []row{
		{id: "PG-L40", sql: `ALTER TABLE "order" ADD CHECK ("user" > 0 OR n < 5)`, neighbour: `ALTER TABLE "order" ADD CHECK ("user" > 0) NOT VALID`},
		{
			id: "PG-L41", sql: `ALTER TABLE "order" ADD CONSTRAINT x FOREIGN KEY ("user") REFERENCES app.things (id) ON DELETE SET NULL`,
			neighbour: `ALTER TABLE "order" ADD CONSTRAINT x FOREIGN KEY ("user") REFERENCES app.things (id) NOT VALID`,
		},
		{id: "PG-L42", sql: `ALTER TABLE parts ADD CONSTRAINT x FOREIGN KEY (id) REFERENCES customers (id) NOT VALID`, neighbour: `ALTER TABLE loose ADD CONSTRAINT x FOREIGN KEY (id) REFERENCES customers (id) NOT VALID`},
		{id: "PG-L43", sql: `ALTER TABLE "order" ADD CONSTRAINT x FOREIGN KEY ("user") REFERENCES customers (id) NOT VALID`, neighbour: `ALTER TABLE "order" ADD CONSTRAINT x FOREIGN KEY (customer) REFERENCES customers (id) NOT VALID`},
		{id: "PG-L44", sql: `ALTER TABLE "order" ADD UNIQUE (n, "user")`, neighbour: `ALTER TABLE nokey ADD CONSTRAINT x UNIQUE USING INDEX nokey_b`},
		{
			id: "PG-L44", sql: `ALTER TABLE "order" ADD UNIQUE NULLS NOT DISTINCT (n) INCLUDE ("user") DEFERRABLE INITIALLY DEFERRED`, neighbour: `ALTER TABLE nokey ADD CONSTRAINT x UNIQUE USING INDEX nokey_b`,
			says: `INCLUDE ("user") NULLS NOT DISTINCT;` + "\n" + `ALTER TABLE "order" ADD CONSTRAINT order_n_key UNIQUE USING INDEX order_n_key DEFERRABLE INITIALLY DEFERRED;`,
		},
		{id: "PG-L45", sql: `ALTER TABLE nokey ADD PRIMARY KEY (a) INCLUDE (b)`, neighbour: `ALTER TABLE nokey ADD CONSTRAINT x PRIMARY KEY USING INDEX nokey_a`, says: "(a) INCLUDE (b);"},
		{id: "PG-L45", sql: `ALTER TABLE nokey ADD PRIMARY KEY (a)`, neighbour: `ALTER TABLE nokey ADD CONSTRAINT x PRIMARY KEY USING INDEX nokey_a`},
		{id: "PG-L46", sql: `ALTER TABLE nokey ADD CONSTRAINT x PRIMARY KEY USING INDEX nokey_b`, neighbour: `ALTER TABLE nokey ADD CONSTRAINT x PRIMARY KEY USING INDEX nokey_a`},
		{id: "PG-L47", sql: `ALTER TABLE "order" ADD CONSTRAINT x EXCLUDE USING gist (r WITH &&)`, neighbour: `CREATE TABLE x (r int4range, EXCLUDE USING gist (r WITH &&))`},
		{
			id: "PG-T05", sql: `ALTER TABLE "order" ADD CONSTRAINT x CHECK (n > 0) NOT VALID; ALTER TABLE "order" VALIDATE CONSTRAINT x`, neighbour: `ALTER TABLE "order" VALIDATE CONSTRAINT nv`,
			amid: map[int]string{0: `ALTER TABLE "order" ADD CONSTRAINT x CHECK (n > 0) NOT VALID`},
		},
		{id: "PG-L48", sql: `ALTER TABLE "order" DROP CONSTRAINT to_customer`, neighbour: `ALTER TABLE "order" DROP CONSTRAINT nv`},
		{id: "PG-L49", sql: `ALTER TABLE "order" DROP CONSTRAINT nv`, neighbour: `ALTER TABLE "order" VALIDATE CONSTRAINT nv`},
		{id: "PG-N02", sql: `ALTER TABLE "order" VALIDATE CONSTRAINT nv`, neighbour: `ALTER TABLE "order" DROP CONSTRAINT nv`},
		{id: "PG-N03", sql: `ALTER TABLE "order" RENAME CONSTRAINT nv TO x`, neighbour: `ALTER TABLE "order" DROP CONSTRAINT nv`},
		{id: "PG-L50", sql: `ALTER TABLE "order" ADD CONSTRAINT x CHECK (n > 0) NOT ENFORCED`, neighbour: `ALTER TABLE "order" ADD CONSTRAINT x CHECK (n > 0) NOT VALID`, unrun: noServer},
		{id: "PG-L70", sql: `ALTER DOMAIN positive ADD CONSTRAINT x CHECK (VALUE < 100)`, neighbour: `ALTER DOMAIN positive ADD CONSTRAINT x CHECK (VALUE < 100) NOT VALID`},
		{id: "PG-L70", sql: `ALTER DOMAIN positive SET NOT NULL`, neighbour: `ALTER DOMAIN positive DROP NOT NULL`},
		{id: "PG-L71", sql: `ALTER DOMAIN later VALIDATE CONSTRAINT later_check`, neighbour: `ALTER TABLE "order" VALIDATE CONSTRAINT nv`},
	}
}

func matrixOfIndexes() []row {
	return []row{
		{id: "PG-L60", sql: `CREATE UNIQUE INDEX IF NOT EXISTS x ON "order" (lower(s), n DESC) WHERE n > 0`, neighbour: `CREATE INDEX CONCURRENTLY x ON "order" (n)`},
		{id: "PG-L60", sql: `CREATE INDEX ON nokey (lower(t))`, neighbour: `CREATE INDEX CONCURRENTLY x ON nokey (t)`},
		{id: "PG-L60", sql: `CREATE INDEX x ON parts (id)`, neighbour: `CREATE INDEX x ON ONLY parts (id)`},
		{id: "PG-L61", sql: `CREATE INDEX CONCURRENTLY x ON parts (id)`, neighbour: `CREATE INDEX CONCURRENTLY x ON parts_1 (id)`},
		{id: "PG-T01", sql: `CREATE INDEX CONCURRENTLY x ON "order" (nn); SELECT 1`, neighbour: `CREATE INDEX CONCURRENTLY x ON "order" (nn)`},
		{id: "PG-L62", sql: `CREATE INDEX CONCURRENTLY IF NOT EXISTS x ON app.things (n)`, neighbour: `CREATE INDEX CONCURRENTLY x ON app.things (n)`},
		{id: "PG-L63", sql: `DROP INDEX order_n`, neighbour: `DROP INDEX CONCURRENTLY order_n`},
		{id: "PG-L64", sql: `REINDEX TABLE "order"`, neighbour: `REINDEX TABLE CONCURRENTLY "order"`},
		{id: "PG-L64", sql: `REINDEX INDEX order_n`, neighbour: `REINDEX INDEX CONCURRENTLY order_n`},
		{id: "PG-L65", sql: `VACUUM FULL "order"`, neighbour: `VACUUM "order"`},
		{id: "PG-L65", sql: `CLUSTER`, neighbour: `VACUUM`},
		{id: "PG-L66", sql: `ALTER TABLE nokey SET UNLOGGED`, neighbour: `ALTER TABLE nokey SET (fillfactor = 90)`},
		{id: "PG-N04", sql: `ALTER INDEX order_n RENAME TO x`, neighbour: `DROP INDEX CONCURRENTLY order_n`},
		{id: "PG-N05", sql: `ALTER TABLE "order" SET (fillfactor = 90)`, neighbour: `ANALYZE "order"`},
		{id: "PG-L67", sql: `ALTER TABLE "order" OWNER TO CURRENT_USER`, neighbour: `ALTER TABLE "order" SET (fillfactor = 90)`},
		{id: "PG-R01", sql: `REFRESH MATERIALIZED VIEW summed`, neighbour: `CREATE MATERIALIZED VIEW x AS SELECT 1 AS a; REFRESH MATERIALIZED VIEW x`},
		{id: "PG-R14", sql: `CREATE INDEX CONCURRENTLY x ON "order" (f(n))`, neighbour: `CREATE INDEX CONCURRENTLY x ON "order" (abs(n))`},
	}
}

func matrixOfTypes() []row {
	return []row{
		{id: "PG-T10", sql: `ALTER TYPE mood ADD VALUE 'c' AFTER 'a'; UPDATE "order" SET e = 'c' WHERE id = 1`, neighbour: `ALTER TYPE mood ADD VALUE 'c' AFTER 'a'`},
		{id: "PG-C20", sql: `ALTER TYPE mood ADD VALUE 'c'`, neighbour: `ALTER TYPE mood ADD VALUE 'c' BEFORE 'a'`},
		{id: "PG-C21", sql: `ALTER TYPE mood RENAME VALUE 'a' TO 'z'`, neighbour: `ALTER TYPE mood ADD VALUE 'z' AFTER 'a'`},
		{id: "PG-C21", sql: `ALTER TYPE mood RENAME TO feeling`, neighbour: `CREATE DOMAIN feeling AS mood`},
		{id: "PG-C22", sql: `CREATE TYPE size AS ENUM ('s', 'l')`, neighbour: `CREATE TYPE size AS (a int)`},
		{id: "PG-C23", sql: `ALTER TYPE place ADD ATTRIBUTE b text`, neighbour: `CREATE TYPE size AS (a int)`},
		{id: "PG-L72", sql: `ALTER SEQUENCE numbers AS bigint`, neighbour: `CREATE SEQUENCE x`},
		{id: "PG-B02", sql: `CREATE TABLE x (id int PRIMARY KEY)`, neighbour: `CREATE TABLE x (id bigint PRIMARY KEY, n int)`},
		{id: "PG-B02", sql: `CREATE TABLE x (id serial)`, neighbour: `CREATE TABLE x (id bigint GENERATED ALWAYS AS IDENTITY)`},
		{id: "PG-B02", sql: `ALTER TABLE "order" ADD COLUMN x timestamp`, neighbour: `ALTER TABLE "order" ADD COLUMN x timestamptz`},
		{id: "PG-B02", sql: `ALTER TABLE "order" ADD COLUMN x char(4)`, neighbour: `ALTER TABLE "order" ADD COLUMN x text`},
		{id: "PG-B02", sql: `ALTER TABLE "order" ADD COLUMN x varchar(4)`, neighbour: `ALTER TABLE "order" ADD COLUMN x varchar`},
		{id: "PG-B02", sql: `ALTER TABLE "order" ADD COLUMN x money`, neighbour: `ALTER TABLE "order" ADD COLUMN x numeric`},
	}
}

func matrixOfTables() []row {
	return []row{
		{id: "PG-L80", sql: `CREATE TABLE x (id bigint PRIMARY KEY, c bigint REFERENCES customers, o bigint, CONSTRAINT xo FOREIGN KEY (o) REFERENCES "order" (id))`, neighbour: `CREATE TABLE x (id bigint PRIMARY KEY, c bigint)`},
		{id: "PG-L81", sql: `DROP TABLE app.things`, neighbour: `CREATE TABLE x (a int); DROP TABLE x`},
		{id: "PG-C30", sql: `ALTER TABLE app.things RENAME TO stuff`, neighbour: `ALTER TABLE app.things ADD COLUMN x int`},
		{id: "PG-C30", sql: `ALTER TABLE "order" RENAME COLUMN "user" TO buyer`, neighbour: `ALTER TABLE "order" ADD COLUMN buyer int`},
		{id: "PG-C30", sql: `ALTER TABLE customers SET SCHEMA app`, neighbour: `ALTER TABLE customers ADD COLUMN x int`},
		{id: "PG-C30", sql: `ALTER SCHEMA app RENAME TO application`, neighbour: `CREATE SCHEMA application`},
		{id: "PG-C30", sql: `ALTER VIEW shown RENAME TO seen`, neighbour: `CREATE VIEW seen AS SELECT 1 AS a`},
		{id: "PG-C30", sql: `ALTER FUNCTION f(int) RENAME TO g`, neighbour: `CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'`},
		{id: "PG-L82", sql: `CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20)`, neighbour: `CREATE TABLE parts_2 (LIKE parts)`},
		{id: "PG-L82", sql: `CREATE TABLE withrest_2 PARTITION OF withrest FOR VALUES IN (2, 3)`, neighbour: `CREATE TABLE withrest_2 (LIKE withrest)`},
		{id: "PG-L83", sql: `ALTER TABLE parts ATTACH PARTITION loose FOR VALUES FROM (10) TO (20)`, neighbour: `CREATE TABLE x (LIKE parts); ALTER TABLE parts ATTACH PARTITION x FOR VALUES FROM (10) TO (20)`},
		{id: "PG-L84", sql: `ALTER TABLE parts DETACH PARTITION parts_1`, neighbour: `ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY`},
		{id: "PG-L84", sql: `ALTER TABLE withrest DETACH PARTITION withrest_rest`, neighbour: `ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY`},
		{id: "PG-L85", sql: `DROP TABLE parts_1`, neighbour: `DROP TABLE loose`},
		{id: "PG-L86", sql: `ALTER TABLE parts ADD COLUMN x int`, neighbour: `ALTER TABLE loose ADD COLUMN x int`},
		{id: "PG-C31", sql: `CREATE OR REPLACE VIEW shown AS SELECT id, s, 1 AS one FROM "order"`, neighbour: `CREATE VIEW shown_2 AS SELECT 1 AS one`},
		{id: "PG-L87", sql: `ALTER TABLE child INHERIT nokey`, neighbour: `ALTER TABLE child ADD COLUMN x int`},
		{id: "PG-L88", sql: `LOCK TABLE "order" IN SHARE MODE`, neighbour: `LOCK TABLE customers, "order"; ALTER TABLE "order" DROP CONSTRAINT to_customer`},
		{id: "PG-L88", sql: `LOCK TABLE "order"`, neighbour: `LOCK TABLE "order" IN SHARE UPDATE EXCLUSIVE MODE`},
		{id: "PG-C32", sql: `DROP TYPE mood CASCADE`, neighbour: `DROP TYPE mood`, fails: "cannot drop type mood"},
		{id: "PG-C33", sql: `DROP VIEW shown`, neighbour: `CREATE VIEW x AS SELECT 1 AS a; DROP VIEW x`},
		{id: "PG-C33", sql: `DROP FUNCTION f(int)`, neighbour: `CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'`},
		{id: "PG-L90", sql: `ALTER TABLE nokey DISABLE TRIGGER filled`, neighbour: `ALTER TABLE nokey ADD COLUMN x int`},
		{id: "PG-L91", sql: `DROP TRIGGER filled ON nokey`, neighbour: `CREATE TRIGGER x BEFORE INSERT ON nokey FOR EACH ROW EXECUTE FUNCTION fills()`},
	}
}

func matrixOfRights() []row {
	return []row{
		{id: "PG-C40", sql: `ALTER TABLE nokey ENABLE ROW LEVEL SECURITY`, neighbour: `ALTER TABLE nokey ADD COLUMN x int`},
		{id: "PG-C40", sql: `DROP POLICY mine ON customers`, neighbour: `ALTER TABLE customers ADD COLUMN x int`},
		{id: "PG-C41", sql: `ALTER FUNCTION f(int) OWNER TO CURRENT_USER`, neighbour: `ALTER FUNCTION f(int) COST 5`},
		{id: "PG-C41", sql: `ALTER VIEW shown SET (security_invoker = false)`, neighbour: `ALTER VIEW shown SET (security_barrier = true)`},
		{id: "PG-C41", sql: `CREATE OR REPLACE VIEW shown WITH (security_invoker = false) AS SELECT id, s FROM "order"`, neighbour: `CREATE VIEW x WITH (security_invoker = false) AS SELECT 1 AS a`},
		{id: "PG-S04", sql: `ALTER EXTENSION plpgsql UPDATE`, neighbour: `ALTER FUNCTION f(int) COST 5`},
		{id: "PG-S09", sql: `ALTER DATABASE shop SET session_preload_libraries = 'x'`, neighbour: `ALTER DATABASE shop SET work_mem = '1MB'`, unrun: noServer},
		{id: "PG-S09", sql: `ALTER ROLE postgres SET local_preload_libraries = 'x'`, neighbour: `ALTER ROLE postgres RESET local_preload_libraries`, unrun: noServer},
		{id: "PG-S09", sql: `LOAD 'x'`, neighbour: `SELECT 1`, unrun: noServer},
		{id: "PG-L66", sql: `ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE fast`, neighbour: `ALTER TABLE nokey SET (fillfactor = 90)`},
		{id: "PG-L30", sql: `DROP TYPE mood CASCADE`, neighbour: `CREATE TYPE x AS (a int); DROP TYPE x CASCADE`},
		{id: "PG-C41", sql: `REVOKE INSERT ON nokey FROM PUBLIC`, neighbour: `COMMENT ON TABLE nokey IS 'x'`},
		{id: "PG-R10", sql: `ALTER TABLE nokey REPLICA IDENTITY FULL`, neighbour: `ALTER TABLE nokey ADD COLUMN x int`},
		{id: "PG-R11", sql: `CREATE PUBLICATION x FOR TABLE nokey`, neighbour: `CREATE PUBLICATION x FOR TABLE "order"`},
		{id: "PG-R11", sql: `ALTER PUBLICATION sent ADD TABLE nokey`, neighbour: `ALTER TABLE nokey REPLICA IDENTITY USING INDEX nokey_a; ALTER PUBLICATION sent ADD TABLE nokey`},
		{id: "PG-R12", sql: `ALTER TABLE customers ADD COLUMN x int`, neighbour: `ALTER TABLE nokey ADD COLUMN x int`},
		{id: "PG-R13", sql: `ALTER TABLE "order" ALTER COLUMN "user" TYPE bigint`, neighbour: `ALTER TABLE "order" ADD COLUMN x int`},
		{id: "PG-R15", sql: `CREATE PUBLICATION x FOR ALL TABLES`, neighbour: `CREATE PUBLICATION x FOR TABLE "order"`},
		{id: "PG-R15", sql: `CREATE PUBLICATION x FOR TABLES IN SCHEMA public`, neighbour: `CREATE PUBLICATION x FOR TABLE customers`},
		{id: "PG-C42", sql: `CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2'`, neighbour: `CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 2'`},
		{id: "PG-T20", sql: `ALTER SYSTEM SET work_mem = '1GB'`, neighbour: `SET LOCAL work_mem = '1GB'`},
		{
			id: "PG-S03", sql: `CREATE FUNCTION app.g(a int, OUT b int) LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'`, neighbour: `CREATE FUNCTION app.g() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
			amid: map[int]string{0: `CREATE FUNCTION app.g(a int, OUT b int) LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'`},
		},
		{id: "PG-S03", sql: `ALTER FUNCTION f(int) SECURITY DEFINER`, neighbour: `ALTER FUNCTION f(int) SECURITY INVOKER`},
		{id: "PG-S04", sql: `CREATE EXTENSION pg_trgm`, neighbour: `CREATE SCHEMA x`},
		{id: "PG-S05", sql: `UPDATE pg_index SET indisvalid = true`, neighbour: `SELECT * FROM pg_index`, unrun: noServer},
		{id: "PG-S05", sql: `WITH x AS (DELETE FROM pg_catalog.pg_depend RETURNING 1) SELECT * FROM x`, neighbour: `SELECT * FROM pg_depend`, unrun: noServer},
		{id: "PG-S06", sql: `SET LOCAL ROLE pg_monitor`, neighbour: `RESET ROLE`},
		{id: "PG-S07", sql: `SET LOCAL session_replication_role = replica`, neighbour: `SET LOCAL work_mem = '1GB'`},
		{id: "PG-S07", sql: `SELECT set_config('session_replication_role', 'replica', true)`, neighbour: `SELECT set_config('work_mem', '1GB', true)`},
		{id: "PG-S07", sql: `SET LOCAL row_security = off`, neighbour: `SET LOCAL row_security = on`},
		{id: "PG-S08", sql: `CREATE SUBSCRIPTION x CONNECTION 'host=a' PUBLICATION p`, neighbour: `CREATE PUBLICATION x`},
		{id: "PG-S09", sql: `CREATE FUNCTION g() RETURNS int LANGUAGE plpython3u AS 'return 1'`, neighbour: `CREATE FUNCTION g() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'`},
		{id: "PG-S01", sql: `DO $$ BEGIN PERFORM lo_import('/etc/passwd'); END $$`, neighbour: `DO $$ BEGIN PERFORM 1; END $$`, unrun: noServer},
		{id: "PG-S01", sql: `SELECT * FROM pg_catalog.pg_read_file('x')`, neighbour: `SELECT * FROM customers`, unrun: noServer},
		{id: "PG-S10", sql: `CREATE EVENT TRIGGER x ON ddl_command_end EXECUTE FUNCTION f()`, neighbour: `CREATE TRIGGER x BEFORE INSERT ON nokey FOR EACH ROW EXECUTE FUNCTION fills()`},
	}
}

func matrixOfFiles() []row {
	return []row{
		{id: "PG-T02", sql: `ALTER TABLE "order" ADD COLUMN x int`, neighbour: `SET LOCAL lock_timeout = '1s'; ALTER TABLE "order" ADD COLUMN x int`},
		{id: "PG-T03", sql: `ALTER TABLE "order" ADD COLUMN x int`, neighbour: `SET LOCAL statement_timeout = '1s'; ALTER TABLE "order" ADD COLUMN x int`},
		{id: "PG-T04", sql: "ALTER TABLE customers ADD COLUMN x int;\nALTER TABLE \"order\" VALIDATE CONSTRAINT nv", neighbour: `ALTER TABLE "order" VALIDATE CONSTRAINT nv`},
		{id: "PG-T06", sql: `ALTER TABLE customers ADD COLUMN x int; ALTER TABLE nokey ADD COLUMN x int`, neighbour: `ALTER TABLE customers ADD COLUMN x int; ALTER TABLE customers ADD COLUMN y int`},
		{id: "PG-T07", sql: `SET statement_timeout = '1s'; CREATE INDEX CONCURRENTLY x ON "order" (nn)`, neighbour: `SET statement_timeout = 0; CREATE INDEX CONCURRENTLY x ON "order" (nn)`},
		{id: "PG-T12", sql: `DO $$ BEGIN EXECUTE 'DROP TABLE nokey'; END $$`, neighbour: `SELECT 1`, unrun: noServer},
		{id: "PG-T13", sql: `ALTER TABLE nokey ADD COLUMN x int; ALTER TABLE nokey ADD COLUMN y int`, neighbour: `ALTER TABLE nokey ADD COLUMN x int, ADD COLUMN y int`, unrun: noServer},
		{id: "PG-T14", sql: `CREATE INDEX CONCURRENTLY x ON "order" (nn)`, neighbour: `CREATE INDEX CONCURRENTLY IF NOT EXISTS x ON "order" (nn)`},
		{id: "PG-T14", sql: `DROP INDEX CONCURRENTLY order_n`, neighbour: `DROP INDEX CONCURRENTLY IF EXISTS order_n`},
		{id: "PG-D01", sql: `UPDATE "order" SET n = 2, "user" = 3`, neighbour: `UPDATE "order" SET n = 2 WHERE id = 1`},
		{id: "PG-D01", sql: `UPDATE nokey SET b = 2 WHERE 1 = 1`, neighbour: `UPDATE nokey SET b = 2 WHERE false`},
		{id: "PG-D01", sql: `WITH x AS (UPDATE "order" SET n = 2 WHERE id IS NOT NULL RETURNING 1) SELECT * FROM x`, neighbour: `WITH x AS (UPDATE "order" SET n = 2 WHERE id = 2 RETURNING 1) SELECT * FROM x`},
		{id: "PG-D01", sql: `UPDATE "order" SET s = c.email FROM customers c WHERE c.id = "order".customer`, neighbour: `UPDATE "order" SET s = c.email FROM customers c WHERE c.id = "order".customer AND c.id < 5`},
		{id: "PG-D05", sql: `DELETE FROM "order" USING customers c WHERE c.id = "order".customer`, neighbour: `DELETE FROM "order" USING customers c WHERE c.id = "order".customer AND c.email = 'x'`},
		{id: "PG-D05", sql: `DELETE FROM "order" WHERE true`, neighbour: `DELETE FROM "order" WHERE n = 1`},
		{id: "PG-D05", sql: `MERGE INTO "order" o USING customers c ON true WHEN MATCHED THEN DELETE`, neighbour: `MERGE INTO "order" o USING customers c ON o.id = c.id WHEN MATCHED THEN DELETE`},
		{id: "PG-D02", sql: `ALTER TABLE nokey ADD COLUMN x int; UPDATE nokey SET b = 1 WHERE a = 2`, neighbour: `UPDATE nokey SET b = 1 WHERE a = 2`},
		{id: "PG-D03", sql: `TRUNCATE app.things`, neighbour: `CREATE TABLE x (a int); TRUNCATE x`},
		{id: "PG-D04", sql: `DROP DATABASE no_such`, neighbour: `DROP TABLE nokey`, fails: "does not exist"},
		{id: "PG-B03", sql: `CREATE TABLE x (a int)`, neighbour: `CREATE TABLE x (a bigint PRIMARY KEY)`, amid: map[int]string{0: `CREATE TABLE x (a int)`}},
		{id: "PG-B03", sql: `ALTER TABLE "order" ADD CHECK (n > 0)`, neighbour: `ALTER TABLE "order" ADD CONSTRAINT x CHECK (n > 0)`},
	}
}
