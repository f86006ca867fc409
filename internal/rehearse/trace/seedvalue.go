package trace

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/lib/pq"
)

var (
	quotedValue = regexp.MustCompile(`'((?:[^']|'')*)'`)
	plainNumber = regexp.MustCompile(`-?\d+(?:\.\d+)?`)
)

// value is the SQL of a column's value in an attempt.
func (c seedColumn) value(b *seedbed, attempt int) string {
	switch {
	case c.parent != nil && c.parent.table != b.oid:
		return fmt.Sprintf("(SELECT %s FROM %s ORDER BY tableoid, ctid LIMIT 1)", c.parent.column, c.parent.name)
	case c.parent != nil: // the row is its own parent
		i := slices.IndexFunc(b.columns, func(o seedColumn) bool { return o.name == c.parent.column && o.parent == nil })
		if i >= 0 {
			return b.columns[i].value(b, attempt)
		}
	}
	return c.cast(c.values[attempt%len(c.values)])
}

func (c seedColumn) cast(value string) string { return pq.QuoteLiteral(value) + "::" + c.typ }

// named are the values that CHECKs and the partition's bound name, and for
// numbers their neighbours: one side of a comparison is in, the other out.
func (c seedColumn) named() []string {
	var found []string
	for _, bound := range c.bounds {
		for _, m := range quotedValue.FindAllStringSubmatch(bound, -1) {
			found = append(found, strings.ReplaceAll(m[1], "''", "'"))
		}
		if c.category == "N" {
			found = append(found, plainNumber.FindAllString(quotedValue.ReplaceAllString(bound, ""), -1)...)
		}
	}
	if c.category != "N" {
		return found
	}
	for _, n := range slices.Clone(found) {
		var number float64
		if _, err := fmt.Sscan(n, &number); err == nil {
			found = append(found, fmt.Sprint(number+1), fmt.Sprint(number-1))
		}
	}
	return found
}

// usual are values of the type, made of a number.
func (c seedColumn) usual(number int) []string {
	switch c.base {
	case "uuid":
		return []string{fmt.Sprintf("00000000-0000-4000-8000-%012x", number)}
	case "json", "jsonb":
		return []string{"{}", "[]"}
	case "bytea":
		return []string{fmt.Sprintf(`\x%08x`, number)}
	case "xml":
		return []string{"<a/>"}
	case "macaddr", "macaddr8":
		return []string{"08:00:2b:01:02:03"}
	case "cidr":
		return []string{"10.0.0.0/8"}
	case "time", "timetz":
		return []string{"01:02:03"}
	case "point":
		return []string{"(1,2)"}
	case "circle":
		return []string{"<(1,2),3>"}
	case "line":
		return []string{"{1,2,3}"}
	case "pg_lsn":
		return []string{"0/1"}
	}
	return c.usualOfCategory(number)
}

// usualOfCategory reads pg_type.typcategory.
// https://www.postgresql.org/docs/current/catalog-pg-type.html
func (c seedColumn) usualOfCategory(number int) []string {
	switch c.category {
	case "N":
		return []string{fmt.Sprint(number), "1", "0", "0.1", "-1", fmt.Sprint(number + 1), fmt.Sprint(number + 2)}
	case "S", "Z":
		return []string{fmt.Sprintf("row%d", number), "a", "A", "1", "a@b.example", "abcdefghijklmnopqrstuvwxyz"}
	case "B":
		return []string{"true", "false"}
	case "D":
		return []string{"2001-02-03 04:05:06", "2101-02-03 04:05:06"}
	case "T":
		return []string{"1 day"}
	case "E":
		return []string{c.label}
	case "I":
		return []string{"10.0.0.1"}
	case "V":
		return []string{"1"}
	case "A":
		return []string{"{}", "{" + strings.Join(c.elements(), ",") + "}"}
	case "R":
		return []string{"empty", "{}"}
	case "G":
		return []string{"((1,2),(3,4))"}
	}
	return []string{"", "a", "1", "{}", "()", "(,)", "(,,)", "(,,,)"}
}

// elements is one element that many types of arrays take.
func (c seedColumn) elements() []string {
	if c.base == "_uuid" {
		return []string{"00000000-0000-4000-8000-000000000001"}
	}
	return []string{"1"}
}
