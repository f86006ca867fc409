package pgclass_test

// survivalCases are statements that look like an expand and may make a write
// or a query of running code fail, beside their likes that do not. They were
// found by TestOldCodeSurvivesExpand.
func survivalCases() []verdictCase {
	const n1 = "ALTER TABLE orders ADD COLUMN n1 int, ADD COLUMN n2 int;"
	return []verdictCase{
		{"", "ALTER TABLE orders ADD COLUMN n1 int CHECK (total > 0)", "split", "by total, which running code writes"},
		{"", "ALTER TABLE orders ADD COLUMN n1 int DEFAULT 0 CHECK (n1 > 5)", "split", "may reject what INSERTs of running code leave in it"},
		{"", "ALTER TABLE orders ADD COLUMN n1 int DEFAULT 9 CHECK (n1 > 5)", "expand", "adds orders.n1"},
		{"", "ALTER TABLE orders ADD COLUMN n1 text CHECK (n1 ~ '^[a-z]+$')", "expand", "adds orders.n1"},
		{"", "ALTER TABLE orders ADD COLUMN n1 text DEFAULT 'a' CHECK (n1 IN ('a', 'b'))", "expand", "adds orders.n1"},
		{"", "ALTER TABLE orders ADD COLUMN n1 bigint DEFAULT 1 REFERENCES customers", "split", "its foreign key rejects its default"},
		{"", "ALTER TABLE orders ADD COLUMN n1 int GENERATED ALWAYS AS (total) STORED UNIQUE", "split", "computed from what running code may repeat"},
		{"", "ALTER TABLE orders ADD COLUMN n1 int GENERATED ALWAYS AS (10 / total) STORED", "ask", "a division"},
		{"", "ALTER TABLE orders ADD COLUMN n1 int GENERATED ALWAYS AS (code::int) STORED", "ask", "a cast to int4"},
		{"", "ALTER TABLE orders ADD COLUMN n1 varchar(3) GENERATED ALWAYS AS (note) STORED", "ask", "may not take the result"},
		{"", "ALTER TABLE orders ADD COLUMN n1 text GENERATED ALWAYS AS (lower(note) || '-' || coalesce(code, '')) STORED", "expand", "adds orders.n1"},
		{"", "ALTER TABLE orders ADD COLUMN n1 varchar(3) DEFAULT 'four'", "ask", "too short"},
		{"", "ALTER TABLE orders ADD COLUMN n1 varchar(20) DEFAULT random()", "ask", "may be too short for its default"},
		{"", "ALTER TABLE orders ADD COLUMN n1 varchar(36) DEFAULT gen_random_uuid()", "expand", "adds orders.n1"},
		{"", "ALTER TABLE orders ADD COLUMN n1 varchar(5) DEFAULT lower('Three'::text)", "expand", "adds orders.n1"},
		{"", "ALTER TABLE orders ADD COLUMN n1 score DEFAULT 5000", "ask", "the domain score"},
		{"", "ALTER TABLE orders ADD COLUMN n1 int NOT NULL DEFAULT NULL::int", "split", "without a default"},
		{"", "ALTER TABLE orders ADD COLUMN n1 int DEFAULT random() * 10 UNIQUE", "ask", "one default for all rows"},
		{"", "CREATE INDEX by_share ON orders ((10 / total))", "ask", "a division"},
		{"", "CREATE INDEX by_note ON orders (lower(note)) WHERE total > 5", "expand", "creates the index by_note"},
		{n1, "ALTER TABLE orders ADD CHECK (num_nonnulls(n1, n2) = 1) NOT VALID", "contract", "leave in n1, n2"},
		{n1, "ALTER TABLE orders ADD CHECK ((n1 IS NULL) <> (n2 IS NULL)) NOT VALID", "contract", "leave in n1, n2"},
		{n1, "ALTER TABLE orders ADD CHECK (coalesce(n1, 0) > 0) NOT VALID", "contract", "leave in n1"},
		{n1, "ALTER TABLE orders ADD CHECK (num_nonnulls(n1, n2) < 2)", "expand", "columns that released code does not know"},
		{n1, "ALTER TABLE orders ADD CHECK (n1 < n2 OR n2 IS NULL)", "expand", "columns that released code does not know"},
		{"ALTER TABLE orders ADD COLUMN n1 int CHECK (n1 > 5);", "ALTER TABLE orders ALTER COLUMN n1 SET DEFAULT 0", "contract", "the CHECK orders_n1_check may reject"},
		{"ALTER TABLE orders ADD COLUMN n1 int NOT NULL DEFAULT 1;", "ALTER TABLE orders ALTER COLUMN n1 SET DEFAULT NULL", "contract", "its NOT NULL may reject"},
		{"", "ALTER TABLE orders ALTER COLUMN tag SET DEFAULT ''", "contract", "the CHECK orders_tag may reject"},
		{"", "ALTER TABLE orders ALTER COLUMN tag SET DEFAULT 'none'", "expand", "its first default"},
		{"CREATE DOMAIN bounded AS int; ALTER TABLE orders ADD COLUMN n1 bounded;", "ALTER DOMAIN bounded SET NOT NULL", "contract", "forbids NULL in the domain bounded"},
		{"", "REFRESH MATERIALIZED VIEW order_counts WITH NO DATA", "contract", "empties the materialized view order_counts"},
		{"ALTER TABLE orders ALTER CONSTRAINT orders_customer DEFERRABLE;", "ALTER TABLE orders ALTER CONSTRAINT orders_customer NOT DEFERRABLE", "neutral", "no sooner than today"},
		{"", "ALTER TABLE visits ALTER CONSTRAINT visits_later NOT DEFERRABLE", "contract", "running code may defer it"},
		{"", "ALTER SEQUENCE tickets MAXVALUE 5", "ask", "get one twice or none"},
		{"", "CREATE OR REPLACE VIEW open_orders AS SELECT id, state FROM orders WHERE state = 'new' WITH CHECK OPTION", "ask", "other options"},
		{"", "CREATE OR REPLACE VIEW open_orders WITH (security_invoker = true) AS SELECT id, state FROM orders WHERE state = 'new'", "ask", "other options"},
		{"", "CREATE OR REPLACE VIEW open_orders AS SELECT id, state, generate_series(1, 2) AS n FROM orders WHERE state = 'new'", "ask", "replaces the view"},
		{"", "CREATE OR REPLACE VIEW open_orders AS SELECT id, state, total FROM orders WHERE state = 'new'", "expand", "adds columns behind"},
		{"", "CREATE OR REPLACE VIEW unheard AS SELECT 1 AS one", "expand", "outside of the migrations"},
		{"", "ALTER TABLE customers ADD CONSTRAINT later UNIQUE (email) DEFERRABLE", "contract", "ON CONFLICT"},
		{"CREATE TABLE events_rest PARTITION OF events DEFAULT;", "CREATE TABLE events_3 PARTITION OF events (CHECK (what <> '')) FOR VALUES FROM (300) TO (400)", "contract", "writes to the default partition"},
		{"CREATE TABLE events_rest PARTITION OF events DEFAULT;", "CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM (300) TO (400)", "expand", "the partition events_3"},
	}
}
