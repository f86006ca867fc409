package catalog_test

import (
	"slices"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/rehearse/catalog"
)

func TestCompareSpeaks(t *testing.T) {
	t.Parallel()
	before := catalog.Snapshot{Objects: []catalog.Object{
		{Kind: catalog.Table, Name: "public.orders"},
		{Kind: catalog.Column, Name: "public.orders.status", On: "public.orders"},
		{Kind: catalog.Column, Name: "public.orders.n", On: "public.orders", Attributes: []catalog.Attribute{{Name: "type", Value: "integer"}, {Name: "default", Value: "0"}}},
		{Kind: catalog.View, Name: "shop.open", Attributes: []catalog.Attribute{{Name: "definition", Value: " SELECT 1,\n    2"}, {Name: "comment", Value: "old"}}},
	}}
	after := catalog.Snapshot{Objects: []catalog.Object{
		{Kind: catalog.View, Name: "shop.open", Attributes: []catalog.Attribute{{Name: "definition", Value: " SELECT 1"}}},
		{Kind: catalog.Column, Name: "public.orders.n", On: "public.orders", Attributes: []catalog.Attribute{{Name: "type", Value: "integer"}, {Name: "default", Value: "1"}, {Name: "not null", Value: "yes"}}},
		{Kind: catalog.Table, Name: "public.orders"},
		{Kind: catalog.Index, Name: "public.orders_n", On: "public.orders"},
	}}
	want := []string{
		"default of column orders.n is 1, was 0",
		"not null of column orders.n is yes, was not set",
		"column orders.status is missing",
		"index orders_n is new",
		"definition of view shop.open is SELECT 1, was SELECT 1, 2",
		"comment of view shop.open is gone, was old",
	}
	var got []string
	for _, d := range catalog.Compare(before, after) {
		got = append(got, d.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if same := catalog.Compare(before, before); len(same) > 0 {
		t.Errorf("a snapshot differs from itself: %v", same)
	}
}

// TestColumnsMayMove: a column that came back at the end is no difference.
func TestColumnsMayMove(t *testing.T) {
	t.Parallel()
	db := connect(t)
	run(t, db, "CREATE TABLE orders (id int, status text, n int)")
	before := read(t, db)
	run(t, db, "ALTER TABLE orders DROP COLUMN status; ALTER TABLE orders ADD COLUMN status text")
	if found := catalog.Compare(before, read(t, db)); len(found) > 0 {
		t.Errorf("got %v", found)
	}
}

// TestDefinitionsReadAgain: what the server prints can be run again, and then
// is no difference.
func TestDefinitionsReadAgain(t *testing.T) {
	t.Parallel()
	db := connect(t)
	run(t, db, `CREATE TABLE orders (status varchar(20) CHECK (status IN ('a', 'it''s, b')), code text CHECK (code IN ('a', 'b')));
		CREATE INDEX orders_open ON orders (status) WHERE status IN ('a', 'b\c');
		CREATE VIEW open AS SELECT status FROM orders WHERE status IN ('a', 'b')`)
	before := read(t, db)
	var again []string
	for _, query := range []string{
		"SELECT format('ALTER TABLE orders DROP CONSTRAINT %I, ADD CONSTRAINT %I %s', conname, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid = 'orders'::regclass AND contype = 'c'",
		"SELECT 'DROP INDEX orders_open; ' || pg_get_indexdef('orders_open'::regclass)",
		"SELECT 'CREATE OR REPLACE VIEW open AS ' || pg_get_viewdef('open'::regclass)",
	} {
		rows, err := db.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var statement string
			if err := rows.Scan(&statement); err != nil {
				t.Fatal(err)
			}
			again = append(again, statement)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, statement := range again {
		run(t, db, statement)
	}
	if found := catalog.Compare(before, read(t, db)); len(found) > 0 || len(again) != 4 {
		t.Errorf("%d statements make %v", len(again), found)
	}
}
