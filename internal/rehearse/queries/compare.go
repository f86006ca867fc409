package queries

import (
	"fmt"
	"slices"
	"strings"
)

// Compare names what a migration breaks, in the order of the statements. before
// and after are answers for the same statements; a statement that failed before
// breaks nothing, see Unjudged.
func Compare(before, after []Described) []Break {
	var breaks []Break
	for i := range min(len(before), len(after)) {
		if before[i].Failure != nil {
			continue
		}
		for _, b := range compared(before[i], after[i]) {
			breaks = append(breaks, b.Of(before[i].Statement))
		}
	}
	return breaks
}

// Unjudged returns the answers for statements that the server refuses already
// without the migration: of them nothing can be told.
func Unjudged(before []Described) []Described {
	var failed []Described
	for _, d := range before {
		if d.Failure != nil {
			failed = append(failed, d)
		}
	}
	return failed
}

func compared(before, after Described) []Break {
	if after.Failure != nil {
		return []Break{{Kind: Fails, Failure: after.Failure, Object: after.Failure.Object, Contract: true}}
	}
	var breaks []Break
	for _, look := range []func(before, after Described) (Break, bool){
		unfilled, restricts, mayRestrict, keptFails, resultColumns, resultTypes, parameterTypes, enumLabels, indexes,
	} {
		if b, broken := look(before, after); broken {
			breaks = append(breaks, b)
		}
	}
	return breaks
}

func unfilled(before, after Described) (Break, bool) {
	for _, column := range after.Unfilled {
		if !slices.Contains(before.Unfilled, column) {
			return Break{Kind: Unfilled, Object: column, Contract: true}, true
		}
	}
	return Break{}, false
}

func keptFails(_, after Described) (Break, bool) {
	if after.Kept == nil {
		return Break{}, false
	}
	return Break{Kind: FailsPrepared, Failure: after.Kept, Object: after.Kept.Object, Contract: true}, true
}

// resultColumns leaves a result alone that a nested statement hands to its
// function.
func resultColumns(before, after Described) (Break, bool) {
	was, is := columnNames(before), columnNames(after)
	if before.Statement.Nested || slices.Equal(was, is) {
		return Break{}, false
	}
	added := len(is) > len(was) && slices.Equal(was, is[:len(was)])
	b := Break{Kind: ResultColumns, Before: strings.Join(was, ", "), After: strings.Join(is, ", "), Reconnect: after.Kept == nil, Contract: !added}
	for _, name := range slices.Concat(was, is) {
		if slices.Contains(was, name) != slices.Contains(is, name) {
			b.Object = name
			break
		}
	}
	return b, true
}

func columnNames(d Described) []string {
	names := make([]string, len(d.Columns))
	for i, c := range d.Columns {
		names[i] = c.Name
	}
	return names
}

func resultTypes(before, after Described) (Break, bool) {
	if before.Statement.Nested || before.Constants || after.Constants {
		return Break{}, false
	}
	var b Break
	for at, was := range before.Columns {
		is, found := twin(before.Columns[:at], after.Columns, was.Name)
		if !found || is.equal(was.Type) {
			continue
		}
		if b.Kind == "" {
			b = Break{Kind: ResultType, Object: was.Name, Before: was.Type.Name, After: is.Name, Reconnect: after.Kept == nil}
		}
		b.Contract = b.Contract || family(was.Type.Base) != family(is.Base)
	}
	return b, b.Kind != ""
}

// twin finds the type of the column of that name in another result. A result
// may have two columns of one name; the passed ones tell which is meant.
func twin(passed, columns []Column, name string) (Type, bool) {
	nth := 0
	for _, c := range passed {
		if c.Name == name {
			nth++
		}
	}
	for _, c := range columns {
		switch {
		case c.Name != name:
		case nth == 0:
			return c.Type, true
		default:
			nth--
		}
	}
	return Type{}, false
}

// family joins types that clients read alike.
func family(base string) string {
	if base == "character varying" {
		return "text"
	}
	return base
}

func parameterTypes(before, after Described) (Break, bool) {
	for i := range min(len(before.Parameters), len(after.Parameters)) {
		was, is := before.Parameters[i], after.Parameters[i]
		if was.equal(is.Type) {
			continue
		}
		return Break{
			Kind: ParameterType, Object: parameterName(before.Statement, i), Before: was.Name, After: is.Name,
			Contract: !widens(was.Base, is.Base),
		}, true
	}
	return Break{}, false
}

func parameterName(s Statement, i int) string {
	if i < len(s.Parameters) && s.Parameters[i] != "" {
		return s.Parameters[i]
	}
	return fmt.Sprintf("$%d", i+1)
}

// widens reports whether every value of one type is one of the other, and
// written alike.
func widens(from, to string) bool {
	for _, chain := range [][]string{
		{"smallint", "integer", "bigint", "numeric"},
		{"real", "double precision"},
	} {
		if i, j := slices.Index(chain, from), slices.Index(chain, to); i >= 0 && i < j {
			return true
		}
	}
	return family(from) == family(to)
}

func enumLabels(before, after Described) (Break, bool) {
	was, is := enums(before), enums(after)
	for _, t := range was {
		i := slices.IndexFunc(is, func(other Type) bool { return other.Name == t.Name })
		if i < 0 {
			continue
		}
		for _, label := range t.Labels {
			if !slices.Contains(is[i].Labels, label) {
				return Break{Kind: EnumLabels, Object: t.Base + " '" + label + "'", Before: strings.Join(t.Labels, ", "), After: strings.Join(is[i].Labels, ", "), Contract: true}, true
			}
		}
	}
	return Break{}, false
}

func enums(d Described) []Type {
	var found []Type
	for _, p := range d.Parameters {
		found = append(found, p.Type)
	}
	for _, c := range d.Columns {
		found = append(found, c.Type)
	}
	return slices.DeleteFunc(found, func(t Type) bool { return t.Labels == nil })
}

func indexes(before, after Described) (Break, bool) {
	if !before.Planned || !after.Planned {
		return Break{}, false
	}
	for _, index := range before.Indexes {
		if has(after.Indexes, index) {
			continue
		}
		b := Break{Kind: LosesIndex, Object: index.Name, Before: index.Name + " " + index.Definition, Contract: true}
		for _, other := range after.Indexes {
			if sameTable(other, index) && !has(before.Indexes, other) {
				b.Kind, b.Contract, b.After = OtherIndex, false, other.Name+" "+other.Definition
				break
			}
		}
		return b, true
	}
	return Break{}, false
}

// sameTable reports whether two indexes are of one table, or of tables of one
// name.
func sameTable(a, b Index) bool {
	if a.table != 0 && a.table == b.table {
		return true
	}
	name, _, _ := strings.Cut(a.Definition, " USING ") // ON schema.table
	other, _, _ := strings.Cut(b.Definition, " USING ")
	return name == other
}
