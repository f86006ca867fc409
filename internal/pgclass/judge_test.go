package pgclass_test

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/pgclass"
)

// fileCase is a file, its class and the names of the files to write instead.
type fileCase struct {
	name, sql     string
	class, reason string
	each          string // classes of its statements
	split         string
}

func fileCases() []fileCase {
	return []fileCase{
		{"empty", "-- nothing", "neutral", "no statement", "", ""},
		{"another search_path", "SET search_path = archive, public; CREATE TABLE logs (line text); ALTER TABLE logs ADD CHECK (line <> ''); DROP TABLE logs", "expand", "line 1 creates the table archive.logs", "neutral expand expand expand", ""},
		{"what is found behind the search_path", "CREATE TABLE fresh (id int); SET search_path = archive, public; ALTER TABLE logs ADD CHECK (line <> '')", "ask", "say the schema with each name", "expand neutral contract", ""},
		{"the search_path set back", "CREATE TABLE archive.logs (line text); SET search_path = archive; RESET search_path; DROP TABLE logs", "ask", "say the schema with each name", "expand neutral neutral contract", ""},
		{"a trigger made again", "DROP TRIGGER stamped ON customers; ALTER TABLE customers ADD COLUMN n1 text; CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.n1 := NEW.name; RETURN NEW; END'; CREATE TRIGGER stamped BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION keep()", "ask", "replaces the trigger stamped of customers", "expand expand expand ask", ""},
		{"a view made again with an option", "DROP VIEW open_orders; CREATE VIEW open_orders AS SELECT id, state FROM orders WHERE state = 'new' WITH CHECK OPTION", "ask", "with other options", "expand ask", ""},
		{"expand alone", "CREATE TABLE a (id int); CREATE INDEX ON a (id); INSERT INTO a VALUES (1)", "expand", "line 1 creates the table a", "expand expand expand", ""},
		{
			"one action of two", "ALTER TABLE orders ADD COLUMN extra int, DROP COLUMN note", "split", "line 1 adds orders.extra, which is for before the deployment, and line 1 drops orders.note", "split",
			"expand_add_orders_extra contract_drop_orders_note",
		},
		{
			"Django's default", "ALTER TABLE orders ADD COLUMN extra int DEFAULT 7 NOT NULL;\nALTER TABLE orders ALTER COLUMN extra DROP DEFAULT;",
			"split", "line 2 drops the default of orders.extra", "expand contract", "expand_add_orders_extra contract_default_orders_extra",
		},
		{
			"renamed and kept as a view", "ALTER TABLE orders RENAME TO purchases; CREATE VIEW orders AS SELECT * FROM purchases",
			"expand", "line 1 renames orders to purchases", "expand expand", "",
		},
		{
			"renamed column behind a view", "ALTER TABLE customers RENAME TO people; ALTER TABLE people RENAME COLUMN name TO full_name;" +
				"CREATE VIEW customers AS SELECT id, email, full_name AS name, boss FROM people",
			"expand", "line 1", "expand expand expand", "",
		},
		{"a view with too little", "ALTER TABLE customers RENAME TO people; CREATE VIEW customers AS SELECT id FROM people", "ask", "does not have all of it", "ask expand", ""},
		{"moved and kept as a view", "ALTER TABLE logs SET SCHEMA archive; CREATE VIEW logs AS SELECT line FROM archive.logs", "expand", "line 1 renames logs to archive.logs", "expand expand", ""},
		{
			"unique index and its constraint", "CREATE UNIQUE INDEX one_state ON orders (state); ALTER TABLE orders ADD CONSTRAINT one_state UNIQUE USING INDEX one_state",
			"contract", "line 1 creates the unique index one_state", "contract neutral", "",
		},
		{
			"added and validated", "ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID;\nALTER TABLE orders VALIDATE CONSTRAINT positive;",
			"split", "line 2 validates it, and in one transaction", "contract contract", "contract_constraint_orders_positive contract_validate_orders_positive",
		},
		{
			"the way to NOT NULL in one file", "ALTER TABLE orders ADD CONSTRAINT given CHECK (note IS NOT NULL) NOT VALID;\nALTER TABLE orders VALIDATE CONSTRAINT given;\n" +
				"ALTER TABLE orders ALTER COLUMN note SET NOT NULL;\nALTER TABLE orders DROP CONSTRAINT given;",
			"split", "line 2 validates it", "contract contract contract expand", "contract_constraint_orders_given contract_validate_orders_given contract_not_null_orders_note",
		},
		{
			"column, rows and NOT NULL", "ALTER TABLE orders ADD COLUMN extra int;\nUPDATE orders SET extra = total;\nALTER TABLE orders ALTER COLUMN extra SET NOT NULL;",
			"split", "line 3 forbids NULL in orders.extra", "expand data contract", "expand_add_orders_extra data_fill_orders_extra contract_not_null_orders_extra",
		},
		{"column and rows", "ALTER TABLE orders ADD COLUMN extra int;\nUPDATE orders SET extra = total;", "data", "line 2 fills orders.extra", "expand data", ""},
		{
			"a table for another one", "SET lock_timeout = '2s'; CREATE TABLE invoices (id int); DROP TABLE logs CASCADE", "split", "drops the table logs", "neutral expand contract",
			"expand_create_invoices contract_drop_logs",
		},
		{
			"a table in another one's place", "LOCK TABLE logs IN SHARE ROW EXCLUSIVE MODE; CREATE TABLE logs_new (line text, at int);" +
				"INSERT INTO logs_new SELECT line FROM logs; DROP TABLE logs CASCADE; ALTER TABLE logs_new RENAME TO logs",
			"expand", "creates the table logs_new", "neutral expand expand expand expand", "",
		},
		{
			"a table in another one's place without a lock", "CREATE TABLE logs_new (line text); INSERT INTO logs_new SELECT line FROM logs; DROP TABLE logs CASCADE; ALTER TABLE logs_new RENAME TO logs",
			"ask", "begin the file with LOCK TABLE logs IN SHARE ROW EXCLUSIVE MODE", "expand data ask expand", "",
		},
		{
			"another table in one's place", "CREATE TABLE logs_new (text text); INSERT INTO logs_new SELECT line FROM logs; ALTER TABLE logs RENAME TO logs_old; ALTER TABLE logs_new RENAME TO logs",
			"ask", "is another table for running code", "expand data ask expand", "",
		},
		{
			"triggers off and on", "ALTER TABLE customers DISABLE TRIGGER USER; UPDATE customers SET name = '' WHERE name IS NULL; ALTER TABLE customers ENABLE TRIGGER USER",
			"data", "fills customers.name", "neutral data neutral", "",
		},
		{"a view again", "DROP VIEW open_orders; CREATE VIEW open_orders AS SELECT id, state, note FROM orders WHERE state = 'new'", "expand", "adds columns behind", "expand expand", ""},
		{"another view", "DROP VIEW open_orders; CREATE VIEW open_orders AS SELECT id FROM orders", "ask", "replaces the view open_orders", "expand ask", ""},
		{"a wider CHECK", "ALTER TABLE orders DROP CONSTRAINT orders_state; ALTER TABLE orders ADD CONSTRAINT orders_state CHECK (state IN ('new', 'paid', 'gone'))", "expand", "take more values", "expand expand", ""},
		{"another CHECK", "ALTER TABLE orders DROP CONSTRAINT orders_state; ALTER TABLE orders ADD CONSTRAINT orders_state CHECK (state IN ('new', 'gone'))", "contract", "line 1 adds the CHECK orders_state", "expand contract", ""},
		{"a function again", "DROP FUNCTION shout; CREATE FUNCTION shout(t text) RETURNS text LANGUAGE sql AS 'SELECT t'", "ask", "replaces the function shout", "expand ask", ""},
		{"an index again", "DROP INDEX orders_state_idx; CREATE INDEX orders_state_idx ON orders (state)", "expand", "drops what line 1 makes again", "expand neutral", ""},
		{"another index", "DROP INDEX orders_state_idx; CREATE INDEX orders_state_idx ON orders (total)", "contract", "replaces the index", "expand contract", ""},
		{"a column again", "ALTER TABLE orders DROP COLUMN note; ALTER TABLE orders ADD COLUMN note int", "split", "adds it again, empty", "split neutral", "expand_add_orders_note_v2 contract_drop_orders_note"},
		{"a table if it is there", "DROP TABLE IF EXISTS invoices; CREATE TABLE invoices (id int)", "expand", "creates the table invoices", "neutral expand", ""},
		{"a policy again", "DROP POLICY readable ON secrets; CREATE POLICY readable ON secrets USING (id > 0)", "contract", "replaces the policy readable", "expand contract", ""},
		{"the same matview again", "DROP MATERIALIZED VIEW order_counts; CREATE MATERIALIZED VIEW order_counts AS SELECT state, count(*) FROM orders GROUP BY state", "expand", "drops what line 1 makes again", "expand neutral", ""},
		{"another matview", "DROP MATERIALIZED VIEW order_counts; CREATE MATERIALIZED VIEW order_counts AS SELECT state FROM orders", "ask", "replaces the view order_counts", "expand ask", ""},
		{
			"a foreign key that lets go", "ALTER TABLE orders DROP CONSTRAINT orders_customer; ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer) REFERENCES customers ON DELETE CASCADE",
			"ask", "changes what becomes of rows when running code changes or deletes the row of customers", "expand ask", "",
		},
		{
			"a foreign key as it was", "ALTER TABLE orders DROP CONSTRAINT orders_customer; ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer) REFERENCES customers DEFERRABLE",
			"expand", "drops what line 1 makes again", "expand neutral", "",
		},
		{
			"another foreign key", "ALTER TABLE orders DROP CONSTRAINT orders_customer; ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer) REFERENCES orders",
			"contract", "from orders to orders", "expand contract", "",
		},
		{
			"another unique constraint", "ALTER TABLE customers DROP CONSTRAINT customers_email; ALTER TABLE customers ADD CONSTRAINT customers_email UNIQUE (email, name)",
			"contract", "replaces the constraint customers_email", "expand contract", "",
		},
		{
			"an enum with more values", "BEGIN; ALTER TABLE orders ALTER COLUMN state DROP DEFAULT; ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ('first', 'calm', 'so so', 'angry');" +
				"ALTER TABLE orders ALTER COLUMN feeling TYPE mood USING feeling::text::mood; ALTER TABLE orders ALTER COLUMN state SET DEFAULT 'new'::text; DROP TYPE mood_old; COMMIT",
			"split", "ADD VALUE does it without", "neutral neutral split neutral neutral neutral neutral neutral", "expand_add_values_mood",
		},
		{
			"an enum with fewer values", "ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ('calm');" +
				"ALTER TABLE orders ALTER COLUMN feeling TYPE mood USING feeling::text::mood; DROP TYPE mood_old",
			"contract", "moves to the type mood without 'angry', which running code may write", "contract contract contract contract", "",
		},
		{
			"an enum that was text between", "ALTER TABLE orders ALTER COLUMN feeling TYPE varchar(255); DROP TYPE mood; CREATE TYPE mood AS ENUM ('calm', 'angry', 'glad');" +
				"ALTER TABLE orders ALTER COLUMN feeling TYPE mood USING feeling::mood",
			"split", "makes the type mood again with more values", "neutral split neutral neutral", "expand_add_values_mood",
		},
		{
			"an enum in another order", "ALTER TYPE mood RENAME TO old; CREATE TYPE mood AS ENUM ('angry', 'calm'); ALTER TABLE orders ALTER COLUMN feeling TYPE mood USING feeling::text::mood; DROP TYPE old",
			"ask", "perhaps in another order", "ask ask ask ask", "",
		},
		{
			"a foreign key that holds", "ALTER TABLE visits DROP CONSTRAINT visits_c; ALTER TABLE visits ADD CONSTRAINT visits_c FOREIGN KEY (c) REFERENCES customers (id)",
			"contract", "so that a DELETE of running code fails", "expand contract", "",
		},
		{
			"an index if it is there, after what is not followed", "SET search_path = public; DROP INDEX IF EXISTS by_total; CREATE INDEX by_total ON orders (total)",
			"expand", "creates the index by_total", "neutral neutral expand", "",
		},
		{
			"a serial becomes an identity", "ALTER TABLE items ALTER COLUMN id DROP DEFAULT; DROP SEQUENCE items_id_seq; ALTER TABLE items ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY; SELECT setval('items_id_seq', 9)",
			"split", "lets items.id number its rows by the identity instead of the default", "split neutral neutral neutral", "expand_identity_items_id contract_always_items_id",
		},
		{
			"an identity becomes a serial", "CREATE SEQUENCE order_numbers; ALTER TABLE orders ALTER COLUMN id DROP IDENTITY, ALTER COLUMN id SET DEFAULT nextval('order_numbers'); ALTER SEQUENCE order_numbers OWNED BY orders.id",
			"split", "lets orders.id number its rows by the default instead of the identity", "neutral split neutral", "expand_default_orders_id",
		},
		{
			"two changes of one column", "ALTER TABLE orders RENAME COLUMN note TO remark; ALTER TABLE orders ALTER COLUMN remark TYPE varchar(5)",
			"ask", "is changed in two ways that do not fit together", "split split", "",
		},
		{
			"two columns of a table", "ALTER TABLE orders ALTER COLUMN code TYPE varchar(5), ALTER COLUMN weight TYPE bigint", "split", "changes the type of orders.code", "split",
			"expand_add_orders_code_v2 expand_index_orders_code_idx_code_v2 expand_add_orders_weight_v2 data_fill_orders_code_v2 data_fill_orders_weight_v2 contract_check_orders_code_v2 contract_validate_orders_code_v2 contract_drop_orders_code contract_check_orders_weight_v2 contract_validate_orders_weight_v2 contract_drop_orders_weight",
		},
		{"another default", "ALTER TABLE orders ALTER COLUMN state DROP DEFAULT; ALTER TABLE orders ALTER COLUMN state SET DEFAULT 'paid'", "ask", "changes the default of orders.state", "neutral ask", ""},
		{"unreadable", "CREATE TABLE a (id int); FROBNICATE", "ask", "line 1 cannot be read", "expand ask", ""},
		{
			"clean up", "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; DROP FUNCTION f(); DROP TABLE logs CASCADE",
			"split", "creates the function f", "expand expand contract", "expand_create_f contract_drop_logs",
		},
		{"new things go with a contract", "ALTER TABLE events DETACH PARTITION events_2; ALTER TABLE orders RENAME CONSTRAINT orders_tag TO orders_tags; DROP TABLE events_2", "contract", "detaches events_2", "contract neutral contract", ""},
		{"CONCURRENTLY alone", "CREATE INDEX CONCURRENTLY a ON orders (total); DROP INDEX CONCURRENTLY orders_code_idx", "split", "drops the index orders_code_idx", "expand contract", "expand_index_orders_a contract_drop_orders_code_idx"},
		{
			"two splits", "ALTER TABLE orders RENAME COLUMN note TO remark; ALTER TABLE logs RENAME TO lines; CREATE TABLE a (id int)", "split", "renames orders.note", "split split expand",
			"expand_add_orders_remark expand_index_orders_note_key_remark expand_rename_logs expand_create_a data_fill_orders_remark contract_drop_orders_note contract_drop_view_logs",
		},
		{"a sequence and a table", "ALTER SEQUENCE tickets RENAME TO numbers; CREATE TABLE a (id int)", "split", "renames the sequence tickets", "split expand", "expand_sequence_numbers expand_create_a contract_rename_tickets"},
		{"what only its author can split", "ALTER TYPE place ALTER ATTRIBUTE town TYPE varchar(9); CREATE TABLE a (id int)", "ask", "a type has no second form", "ask expand", ""},
		{"a name that is given again", "DROP TABLE logs CASCADE; CREATE TABLE a (id int); CREATE TABLE logs (at int)", "ask", "give the new one a name of its own", "ask expand expand", ""},
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, c := range fileCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			released := release(t)
			before := released.Clone()
			verdicts, file := pgclass.Judge(read(t, c.sql), released, before)
			var each, names []string
			for _, v := range verdicts {
				each = append(each, string(v.Class))
			}
			for _, f := range file.Split {
				names = append(names, f.Name)
			}
			if string(file.Class) != c.class || !strings.Contains(file.Reason, c.reason) {
				t.Errorf("it is %s: %s\nexpected %s: ...%s...", file.Class, file.Reason, c.class, c.reason)
			}
			if got := strings.Join(each, " "); got != c.each {
				t.Errorf("the statements are %s, expected %s", got, c.each)
				for _, v := range verdicts {
					t.Log(v.Class, v.Reason)
				}
			}
			if got := strings.Join(names, " "); got != c.split {
				t.Errorf("the files are %s\nexpected %s", got, c.split)
			}
			if len(before.Unsure) > 0 || len(before.Tables) != len(released.Tables) {
				t.Error("the schema before the file was changed")
			}
		})
	}
}
