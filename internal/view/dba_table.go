package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/internal/budget"
	"github.com/lockstep-dev/lockstep/internal/terminal"
	"github.com/lockstep-dev/lockstep/plans"
)

const (
	// roomy is from how many columns on rows and sizes have columns of their own,
	// tight below how many everything is narrower.
	roomy, tight = 110, 76
	// statementLines and lockedRelations bound what one statement takes of the
	// screen.
	statementLines  = 5
	lockedRelations = 4
)

// sqlColumns are the widths of a statement's columns. Rows and size are 0 when
// they stand under the relation.
type sqlColumns struct{ line, statement, lock, blocks, held, rows, size int }

func sqlWidths(screen int) sqlColumns {
	w := sqlColumns{line: 4, lock: 20, blocks: 9, held: 15}
	gaps := 2 + 4*2
	switch {
	case screen >= roomy:
		w.lock, w.held, w.rows, w.size = 24, 20, 6, 7
		gaps += 2 * 2
	case screen < tight:
		w.lock, w.held = 16, 10
	}
	w.statement = screen - gaps - w.line - w.lock - w.blocks - w.held - w.rows - w.size
	if most := 64; w.statement > most {
		w.lock, w.statement = w.lock+w.statement-most, most
	}
	return w
}

func (w sqlColumns) list() []int {
	list := []int{w.line, w.statement, w.lock, w.blocks, w.held}
	if w.rows > 0 {
		list = append(list, w.rows, w.size)
	}
	return list
}

// cells writes cells side by side, each of its own lines and width.
func (p *page) cells(widths []int, cells ...[]string) {
	height := 0
	for _, c := range cells {
		height = max(height, len(c))
	}
	for i := range height {
		var line strings.Builder
		for at, c := range cells {
			text := ""
			if i < len(c) {
				text = c[i]
			}
			line.WriteString("  " + text + strings.Repeat(" ", max(widths[at]-width(text), 0)))
		}
		p.line("%s", line.String())
	}
}

func (w sqlColumns) header(p *page) {
	titles := [][]string{{"line"}, {"statement"}, {"lock"}, {"blocks"}, {"held"}}
	if w.rows > 0 {
		titles = append(titles, []string{"rows"}, []string{"size"})
	}
	p.cells(w.list(), titles...)
}

// statement writes one row of the table. With going on, statements before it in
// the same transaction hold locks.
func (d databaseBlock) statement(p *page, w sqlColumns, st *plans.Statement, goingOn bool) {
	locks := d.locked(st, w)
	stopped := d.stopped(st)
	if goingOn && len(st.Locks) == 0 && !d.untold(st) {
		locks.names[0], stopped = "no new lock", "as before"
	}
	cells := [][]string{
		{fmt.Sprintf("%*d", w.line, st.Line)},
		strings.Split(fold(safe(st.SQL), w.statement, statementLines), "\n"),
		locks.names,
		wrap(stopped, w.blocks),
		d.held(p, w, st),
	}
	if w.rows > 0 {
		cells = append(cells, locks.rows, locks.sizes)
	}
	p.cells(w.list(), cells...)
}

// untold reports whether nobody has said what a statement locks: the locks of
// databases other than PostgreSQL are not known.
func (d databaseBlock) untold(st *plans.Statement) bool {
	return len(st.Locks) == 0 && (st.Source == "assumed" || d.kind() != "postgres")
}

// stopped is what waits for the statement.
func (d databaseBlock) stopped(st *plans.Statement) string {
	switch {
	case d.untold(st):
		return "not known"
	case len(st.Locks) == 0:
		return budget.Nothing
	}
	return budget.Blocks(budget.Strongest(st.Locks))
}

// lockCell are lines of the lock column, and those of rows and sizes beside.
type lockCell struct{ names, rows, sizes []string }

func (c *lockCell) add(name, rows, size string) {
	c.names, c.rows, c.sizes = append(c.names, name), append(c.rows, rows), append(c.sizes, size)
}

// locked lists the locks by mode, strongest first, and what is in the relations.
func (d databaseBlock) locked(st *plans.Statement, w sqlColumns) lockCell {
	var c lockCell
	rest := st.Locks
	for len(rest) > 0 {
		mode := budget.Strongest(rest)
		var same, other []plans.Lock
		for _, l := range rest {
			if l.Mode == mode {
				same = append(same, l)
			} else {
				other = append(other, l)
			}
		}
		for _, line := range wrap(budget.Manual(safe(mode)), w.lock) {
			c.add(line, "", "")
		}
		d.relations(&c, w, same)
		rest = other
	}
	if d.untold(st) {
		c.add("not known", "", "")
		return c
	}
	if len(st.Locks) == 0 {
		c.add("none", "", "")
	}
	c.add("("+safe(st.Source)+")", "", "")
	return c
}

// relations lists tables, and counts their indexes, which are as large as the
// table says.
func (d databaseBlock) relations(c *lockCell, w sqlColumns, locks []plans.Lock) {
	tables, indexes := d.tables(locks)
	for i, l := range tables {
		if i == lockedRelations {
			c.add(fmt.Sprintf("  and %d more", len(tables)-i), "", "")
			break
		}
		name := safe(l.Relation)
		if f := d.figuresOf(l.Relation); l.Only && (f == nil || f.Partitions > 0) {
			name += " itself"
		}
		rows, size := "", ""
		if budget.Blocks(l.Mode) != budget.Nothing {
			rows, size = d.figures(l.Relation)
		}
		c.add("  "+cut(name, w.lock-2), rows, size)
		switch {
		case w.rows > 0 || rows == "":
		case rows == unsized:
			c.add("  size not known", "", "")
		default:
			for _, line := range wrap(rows+" rows, "+size, w.lock-2) {
				c.add("  "+line, "", "")
			}
		}
	}
	if indexes > 0 {
		c.add(fmt.Sprintf("  and %s", strings.Replace(count(indexes, "index"), "indexs", "indexes", 1)), "", "")
	}
}

// tables leaves out indexes, as far as the survey knows them, unless there is
// nothing else.
func (d databaseBlock) tables(locks []plans.Lock) (tables []plans.Lock, indexes int) {
	for _, l := range locks {
		f := d.figuresOf(l.Relation)
		if f != nil && f.Bytes == 0 && f.IndexBytes > 0 {
			indexes++
			continue
		}
		tables = append(tables, l)
	}
	if len(tables) == 0 {
		return locks, 0
	}
	return tables, indexes
}

func (d databaseBlock) figuresOf(relation string) *plans.RelationFigures {
	if d.survey == nil {
		return nil
	}
	return budget.Figures(*d.survey, relation)
}

// unsized stands for the rows and bytes of a relation without figures, such as
// one that the plan makes.
const unsized = "-"

// figures are a relation's rows and size; empty when nobody has looked.
func (d databaseBlock) figures(relation string) (rows, size string) {
	f := d.figuresOf(relation)
	switch {
	case d.survey == nil:
		return "", ""
	case f == nil:
		return unsized, unsized
	case f.Rows < 0:
		return "?", budget.Bytes(f.Bytes + f.IndexBytes)
	}
	return budget.Rows(f.Rows), budget.Bytes(f.Bytes + f.IndexBytes)
}

// held says for how long, and what it does meanwhile.
func (d databaseBlock) held(p *page, w sqlColumns, st *plans.Statement) []string {
	lines := wrap(d.lasting(st), w.held)
	switch {
	case len(st.Rewrites) > 0:
		lines = append(lines, wrap("rewrites "+d.names(st.Rewrites), w.held)...)
	case len(st.Locks) > 0 && st.Source != "assumed":
		lines = append(lines, "no rewrite")
	}
	if len(st.Scans) > 0 {
		lines = append(lines, wrap("scans "+d.names(st.Scans), w.held)...)
	}
	if budget.Loses(*st) {
		lines = append(lines, p.out.Paint(terminal.Bad, "DATA LOSS"))
	}
	return lines
}

// names lists tables alone where there are some.
func (d databaseBlock) names(relations []string) string {
	var locks []plans.Lock
	for _, name := range relations {
		locks = append(locks, plans.Lock{Relation: name})
	}
	tables, _ := d.tables(locks)
	var names []string
	for i, l := range tables {
		if i == lockedRelations {
			names = append(names, fmt.Sprintf("%d more", len(tables)-i))
			break
		}
		names = append(names, safe(l.Relation))
	}
	return strings.Join(names, ", ")
}

// lasting is how long the statement holds its locks.
func (d databaseBlock) lasting(st *plans.Statement) string {
	switch {
	case st.Estimate != nil:
		return span(st.Estimate)
	case len(st.Locks) == 0 && !d.untold(st):
		return "-"
	}
	return "not known"
}

// span is "< 1s est.", "4.5s to 3m10s est.".
func span(e *plans.Estimate) string {
	low, high := time.Duration(e.Low), time.Duration(e.High)
	words := brief(low) + " to " + brief(high)
	if high <= time.Second {
		words = "< 1s"
	}
	if e.Source != "measured" {
		words += " est."
	}
	return words
}
