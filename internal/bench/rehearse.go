package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/lockstep-dev/lockstep/internal/bench/corpus"
	"github.com/lockstep-dev/lockstep/internal/bench/figures"
	"github.com/lockstep-dev/lockstep/internal/bench/process"
)

// rehearsalGoal is for 100 migrations (issue 4), with the start of the server.
const rehearsalGoal = 10 * time.Second

func rehearsePart(ctx context.Context, l *lab) error {
	sizes := l.sizes
	if len(sizes) == 0 {
		sizes = []int{1, 10, 100}
	}
	var goals string
	g := newGrid("migrations, up, down and up again", "wall", "processor", "memory of the largest process")
	for _, size := range sizes {
		for _, c := range []struct {
			about string
			files []corpus.Migration
		}{
			{"a table, a column, an index in turn", corpus.Small(size)},
			{"a table with an index each", tablesWithIndexes(size)},
			{"a column each, and NOT NULL, of ten tables", columnsOfTables(size)},
		} {
			all, err := l.rehearseOnce(ctx, c.files)
			if err != nil {
				return fmt.Errorf("%d migrations, %s: %w", size, c.about, err)
			}
			wall := figures.Of(all.wall)
			g.row(fmt.Sprintf("%d: %s", len(c.files), c.about), seconds(wall), seconds(figures.Of(all.cpu)), megabytes(figures.Of(all.peak)))
			if size == 100 {
				goals += fmt.Sprintf("- goal: 100 migrations in under %s (median), %s: %s\n", rehearsalGoal, c.about, verdict(wall.Median < rehearsalGoal))
			}
		}
	}
	fmt.Fprintf(l.out, "lockstep rehearse FOLDER, the whole process with the server that it starts, %s; min / median / max\n\n", plural(l.times(3), "round"))
	g.print(l.out)
	fmt.Fprintln(l.out, goals)
	return nil
}

// rehearsals are the rounds of one folder.
type rehearsals struct {
	wall, cpu []time.Duration
	peak      []int64
}

func (l *lab) rehearseOnce(ctx context.Context, files []corpus.Migration) (all rehearsals, err error) {
	dir, err := os.MkdirTemp(l.dir, "rehearse-")
	if err != nil {
		return all, err
	}
	folder := filepath.Join(dir, "migrations")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return all, err
	}
	if err := corpus.Pairs(folder, files); err != nil {
		return all, err
	}
	for range l.times(3) {
		usage, err := l.runner.Run(ctx, process.Command{Args: []string{l.program, "rehearse", "migrations"}, Dir: dir})
		if err != nil {
			return all, err
		}
		if usage.Exit != 0 {
			return all, fmt.Errorf("exit code %d: %s", usage.Exit, usage.LastLines(5))
		}
		all.wall, all.cpu, all.peak = append(all.wall, usage.Wall), append(all.cpu, usage.CPU), append(all.peak, usage.Peak)
	}
	return all, os.RemoveAll(dir)
}

func tablesWithIndexes(n int) []corpus.Migration {
	files := make([]corpus.Migration, n)
	for i := range files {
		files[i] = corpus.Migration{
			Version: i + 1, Name: "m",
			Up:   fmt.Sprintf("CREATE TABLE t%d (id bigint PRIMARY KEY, n int);\nCREATE INDEX ON t%d (n);", i, i),
			Down: fmt.Sprintf("DROP TABLE t%d;", i),
		}
	}
	return files
}

// columnsOfTables are tried on rows in both directions.
func columnsOfTables(n int) []corpus.Migration {
	const tables = 10
	first := corpus.Migration{Version: 1, Name: "tables"}
	for i := range tables {
		first.Up += fmt.Sprintf("CREATE TABLE t%d (id bigint PRIMARY KEY, parent bigint REFERENCES t%d, at timestamptz NOT NULL DEFAULT now());\n", i, max(i-1, 0))
		first.Down = fmt.Sprintf("DROP TABLE t%d;\n", i) + first.Down
	}
	files := []corpus.Migration{first}
	for i := 1; i < n; i++ {
		table, column := fmt.Sprintf("t%d", i%tables), fmt.Sprintf("c%d", i)
		files = append(files, corpus.Migration{
			Version: i + 1, Name: "m",
			Up: fmt.Sprintf("ALTER TABLE %[1]s ADD COLUMN %[2]s int;\nUPDATE %[1]s SET %[2]s = 0;\nALTER TABLE %[1]s ALTER COLUMN %[2]s SET NOT NULL;",
				table, column),
			Down: fmt.Sprintf("ALTER TABLE %[1]s ALTER COLUMN %[2]s DROP NOT NULL;\nALTER TABLE %[1]s DROP COLUMN %[2]s;", table, column),
		})
	}
	return files
}
