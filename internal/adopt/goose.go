package adopt

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// goose converts goose's single files. Source: pressly/goose v3,
// internal/sqlparser and NumericComponent.
func (a *assessment) goose() {
	a.out.Afterwards = "goose is not told: its table stays as it is, and goose up would apply again what Lockstep applies from now on. Take goose out of the pipeline."
	name := regexp.MustCompile(`^([0-9]+)_(.+)\.(sql|go)$`)
	var scripts []script
	for _, source := range a.Sources {
		m := name.FindStringSubmatch(source.Path)
		switch {
		case m == nil || strings.HasSuffix(source.Path, "_test.go"):
			continue
		case m[3] == "go":
			a.refuse("write what it does as SQL into a file of the same version and name, "+strings.TrimSuffix(source.Path, ".go")+".sql, and move the Go file away",
				"%s is a migration in Go, which cannot be converted", source.Path)
			continue
		}
		s := script{digits: m[1], name: slug(m[2]), path: source.Path}
		up, down, err := parseGoose(string(source.Bytes))
		if err == nil {
			err = a.finishScript(&s, up, down)
		}
		if err != nil {
			a.refuse("correct the file", "%s: %v", source.Path, err)
			continue
		}
		s.key = strconv.FormatUint(s.version, 10)
		scripts = append(scripts, s)
	}
	a.take(scripts, gooseRecords(a.Sighting.Table.Rows))
	a.out.Renamed = nil // goose compares numbers: leading zeros are no other name
	a.unverified("goose keeps no checksum")
}

// unverified says once why no content was compared.
func (a *assessment) unverified(reason string) {
	if len(a.out.Entries) > 0 {
		a.note("%s: that the files are as they were applied is taken on trust; edits are noticed from now on", reason)
	}
	for i := range a.out.Entries {
		a.out.Entries[i].Reason = reason
	}
}

// finishScript fills version and both directions in.
func (a *assessment) finishScript(s *script, up, down string) (err error) {
	if s.version, err = versionOf(s.digits); err != nil {
		return err
	}
	if s.up, err = a.section(up); err != nil {
		return fmt.Errorf("its way up: line %w", err)
	}
	if s.up == "" {
		return errNoSQL
	}
	if s.down, err = a.section(down); err != nil {
		return fmt.Errorf("its way down: line %w", err)
	}
	return nil
}

// gooseRecords keeps the newest row of each version: older releases of goose
// wrote a row for each way up and down, newer ones delete the row.
func gooseRecords(rows []Row) []record {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(x, y Row) int { return cmp.Compare(integer(x["id"]), integer(y["id"])) })
	latest := map[string]int{}
	var records []record
	for _, row := range rows {
		key := row["version_id"]
		if key == "0" {
			continue // goose's own first row
		}
		if i, ok := latest[key]; ok {
			records[i].key = "" // overtaken
		}
		latest[key] = len(records)
		if row["is_applied"] == "true" || row["is_applied"] == "1" {
			records = append(records, record{key: key, at: row["tstamp"]})
		} else {
			records = append(records, record{})
		}
	}
	return slices.DeleteFunc(records, func(r record) bool { return r.key == "" })
}

func integer(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64) // tools write decimal
	return n
}

var errGooseUp = errors.New(`no "-- +goose Up" line`)

// gooseFile collects both directions of a file.
type gooseFile struct {
	up, down  strings.Builder
	into      *strings.Builder // nil before the first annotation
	statement bool             // between StatementBegin and StatementEnd
	noTx      bool
	line      int
}

// parseGoose cuts a file at its annotations. What runs outside of a
// transaction is marked as Lockstep marks it.
func parseGoose(text string) (up, down string, err error) {
	f := &gooseFile{}
	for i, line := range lines(text) {
		f.line = i + 1
		if err := f.read(line); err != nil {
			return "", "", fmt.Errorf("line %d: %w", f.line, err)
		}
	}
	switch {
	case f.into == nil:
		return "", "", errGooseUp
	case f.statement:
		return "", "", errors.New(`"-- +goose StatementBegin" without its StatementEnd`)
	}
	up, down = f.up.String(), f.down.String()
	if f.noTx {
		up = noTransaction + up
		if down != "" {
			down = noTransaction + down
		}
	}
	return up, down, nil
}

func (f *gooseFile) read(line string) error {
	if strings.HasPrefix(strings.TrimSpace(line), "--") && strings.Contains(line, "+goose") {
		return f.annotation(line)
	}
	if f.into == nil {
		if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "--") {
			return errors.New(`a statement before "-- +goose Up"`)
		}
		return nil
	}
	f.into.WriteString(line)
	return nil
}

// annotation is strict as goose is: the comment begins its line and holds
// nothing else.
func (f *gooseFile) annotation(line string) error {
	if line[0] == ' ' || line[0] == '\t' {
		return errors.New("white space before an annotation")
	}
	command := strings.TrimSpace(strings.Replace(strings.ReplaceAll(line, "--", ""), "+goose", "", 1))
	switch strings.ToUpper(command) {
	case "UP":
		if f.into != nil {
			return errors.New(`"-- +goose Up" twice`)
		}
		f.into = &f.up
	case "DOWN":
		if f.into != &f.up || f.statement {
			return errors.New(`"-- +goose Down" without "-- +goose Up" before it`)
		}
		f.into = &f.down
	case "STATEMENTBEGIN":
		if f.into == nil || f.statement {
			return errors.New(`"-- +goose StatementBegin" out of place`)
		}
		f.statement = true
	case "STATEMENTEND":
		if !f.statement {
			return errors.New(`"-- +goose StatementEnd" out of place`)
		}
		f.statement = false
		f.endStatement()
	case "NO TRANSACTION":
		f.noTx = true
	case "ENVSUB OFF":
	case "ENVSUB ON":
		return errors.New("ENVSUB takes values from the environment, which a reviewed file cannot; write the values into it")
	default:
		return fmt.Errorf("annotation %q is not known", command)
	}
	return nil
}

// endStatement closes a statement that goose took whole, semicolon or not.
func (f *gooseFile) endStatement() {
	text := strings.TrimRight(f.into.String(), " \t\r\n")
	if text == "" || strings.HasSuffix(text, ";") {
		return
	}
	f.into.Reset()
	f.into.WriteString(text + "\n;\n")
}
