package adopt

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// dbmate converts dbmate's single files. Source: amacneil/dbmate v2,
// pkg/dbmate/migration.go.
func (a *assessment) dbmate() {
	a.out.Afterwards = "dbmate is not told: its table stays as it is, and dbmate up would apply again what Lockstep applies from now on. Take dbmate out of the pipeline."
	name := regexp.MustCompile(`^([0-9]+)_?(.*)\.sql$`)
	var scripts []script
	for _, source := range a.Sources {
		m := name.FindStringSubmatch(source.Path)
		if m == nil {
			continue
		}
		s := script{key: m[1], digits: m[1], name: slug(m[2]), path: source.Path}
		up, down, err := parseDbmate(string(source.Bytes))
		if err == nil {
			err = a.finishScript(&s, up, down)
		}
		if err != nil {
			a.refuse("correct the file", "%s: %v", source.Path, err)
			continue
		}
		scripts = append(scripts, s)
	}
	var records []record
	for _, row := range a.Sighting.Table.Rows {
		records = append(records, record{key: row["version"]})
	}
	a.take(scripts, records)
	a.unverified("dbmate keeps neither checksum nor time")
}

var (
	errDbmateUp    = errors.New(`no "-- migrate:up" line`)
	errDbmateTwice = errors.New("the annotation is there twice")
)

// parseDbmate cuts a file at its two annotations.
func parseDbmate(text string) (up, down string, err error) {
	mark := regexp.MustCompile(`^--\s*migrate:(up|down)(\s*$|\s+\S+)`)
	parts := map[string]*strings.Builder{}
	header := map[string]string{}
	var into *strings.Builder
	for i, line := range lines(text) {
		m := mark.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		switch {
		case m != nil && parts[m[1]] != nil:
			return "", "", fmt.Errorf("line %d: %w", i+1, errDbmateTwice)
		case m != nil:
			into = &strings.Builder{}
			parts[m[1]] = into
			if strings.Contains(line, "transaction:false") {
				header[m[1]] = noTransaction
			}
		case into != nil:
			into.WriteString(line)
		case strings.TrimSpace(line) != "" && !strings.HasPrefix(strings.TrimSpace(line), "--"):
			return "", "", fmt.Errorf("line %d: a statement before \"-- migrate:up\"", i+1)
		}
	}
	if parts["up"] == nil {
		return "", "", errDbmateUp
	}
	up = header["up"] + parts["up"].String()
	if parts["down"] != nil {
		down = header["down"] + parts["down"].String()
	}
	return up, down, nil
}
