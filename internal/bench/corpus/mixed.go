package corpus

import "fmt"

// Mixed returns n migrations as a project has them after some years: ten for
// each table, of which some wait for others, break code or lose data.
func Mixed(n int) []Migration {
	kinds := mixed()
	files := make([]Migration, n)
	for i := range files {
		files[i] = Migration{Version: i + 1, Name: "m", Up: fmt.Sprintf(kinds[i%len(kinds)], i/len(kinds)+1)}
	}
	return files
}

func mixed() []string {
	return []string{
		`CREATE TABLE orders_%[1]d (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer bigint NOT NULL,
  status varchar(40) NOT NULL DEFAULT 'new',
  total numeric(12, 2) CHECK (total >= 0),
  created timestamptz NOT NULL DEFAULT now()
);`,
		"CREATE INDEX orders_%[1]d_status ON orders_%[1]d (status) WHERE status <> 'done';",
		"ALTER TABLE orders_%[1]d ADD COLUMN note text, ADD COLUMN weight integer NOT NULL DEFAULT 0;",
		"UPDATE orders_%[1]d SET note = '' WHERE note IS NULL AND id BETWEEN 1 AND 10000;",
		"ALTER TABLE orders_%[1]d ADD CONSTRAINT orders_%[1]d_note_short CHECK (length(note) < 200) NOT VALID;",
		"ALTER TABLE orders_%[1]d VALIDATE CONSTRAINT orders_%[1]d_note_short;",
		"CREATE INDEX CONCURRENTLY orders_%[1]d_customer ON orders_%[1]d (customer);",
		`ALTER TABLE orders_%[1]d ALTER COLUMN status TYPE varchar(80);
INSERT INTO orders_%[1]d (customer, status, total) VALUES (1, 'new', 10), (2, 'done', 12.5);`,
		`CREATE VIEW open_orders_%[1]d AS SELECT id, customer, total FROM orders_%[1]d WHERE status <> 'done';
COMMENT ON VIEW open_orders_%[1]d IS 'what is still to be sent';`,
		`ALTER TABLE orders_%[1]d ALTER COLUMN note SET NOT NULL;
DROP VIEW open_orders_%[1]d;`,
	}
}

// Rows returns n migrations that write two rows each, of which a linter says
// little.
func Rows(n int) []Migration {
	files := make([]Migration, n)
	for i := range files {
		files[i] = Migration{Version: i + 1, Name: "m", Up: fmt.Sprintf(
			"INSERT INTO settings (name, value, changed) VALUES ('key %[1]d', 'value', now()), ('other %[1]d', 'value', now());", i)}
	}
	return files
}

// Size is the mean length of the up files in bytes.
func Size(files []Migration) int {
	total := 0
	for _, m := range files {
		total += len(m.Up) + 1
	}
	return total / max(len(files), 1)
}
