package adopt

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// flyway converts versioned and undo files. Source: Flyway's documentation,
// Reference/Migrations and Reference/Flyway Schema History Table.
func (a *assessment) flyway() {
	a.out.Afterwards = "Flyway is not told: its table stays as it is, and flyway migrate would apply again what Lockstep applies from now on. Take Flyway out of the pipeline."
	f := &flywayFolder{assessment: a, files: map[string]script{}, undo: map[string]string{}, config: map[string]string{}}
	for _, source := range a.Sources {
		f.sort(source)
	}
	records, ok := a.flywayRecords()
	if !ok {
		return
	}
	scripts := f.scripts(records)
	a.take(scripts, records)
	a.belowBaseline(scripts, records)
}

// flywayFolder tells Flyway's kinds of files apart.
type flywayFolder struct {
	*assessment
	files  map[string]script // by version as Flyway prints it
	undo   map[string]string // down files by version
	config map[string]string // NAME.sql.conf by path
}

var flywayName = regexp.MustCompile(`^([VURB])([0-9][0-9._]*)?__(.*)\.(sql|java|class)$`)

func (f *flywayFolder) sort(source Source) {
	base := path.Base(source.Path)
	if strings.HasSuffix(base, ".sql.conf") {
		f.config[strings.TrimSuffix(source.Path, ".conf")] = string(source.Bytes)
		return
	}
	m := flywayName.FindStringSubmatch(base)
	switch {
	case m == nil:
		if strings.HasSuffix(base, ".sql") {
			f.leaveOut("run it as a check or write it into a migration", "%s is a callback or no migration", source.Path)
		}
	case m[4] != "sql":
		f.refuse("write what it does as SQL into a versioned file", "%s is a migration in Java, which cannot be converted", source.Path)
	case m[1] == "R":
		f.leaveOut("when it changes, write the change into a new versioned migration", "%s is repeatable, which golang-migrate's layout does not have", source.Path)
	case m[1] == "B":
		f.leaveOut("a new database gets the versioned files", "%s is a baseline migration", source.Path)
	case bytes.Contains(source.Bytes, []byte("${")):
		f.refuse("write the values into the file", "%s has placeholders (${...}), whose values Flyway's configuration holds", source.Path)
	case m[1] == "U":
		f.undo[flywayVersion(m[2])] = string(source.Bytes)
	default:
		f.keep(flywayVersion(m[2]), script{digits: m[2], name: slug(m[3]), up: string(source.Bytes), path: source.Path, sum: flywayChecksum(source.Bytes)})
	}
}

func (f *flywayFolder) keep(version string, s script) {
	if twin, ok := f.files[version]; ok {
		f.refuse("give one of them another version", "%s and %s both have version %s", twin.path, s.path, version)
	}
	f.files[version] = s
}

// flywayVersion is a version as Flyway compares it: parts without leading
// zeros, underscores as dots.
func flywayVersion(text string) string {
	parts := strings.Split(strings.Trim(strings.ReplaceAll(text, "_", "."), "."), ".")
	for i, p := range parts {
		if p = strings.TrimLeft(p, "0"); p == "" {
			p = "0"
		}
		parts[i] = p
	}
	for len(parts) > 1 && parts[len(parts)-1] == "0" {
		parts = parts[:len(parts)-1]
	}
	return strings.Join(parts, ".")
}

// flywayChecksum is CRC-32 over the lines without their ends and without a
// byte order mark, as a signed number. Source: Flyway's ChecksumCalculator.
func flywayChecksum(text []byte) string {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	sum := crc32.NewIEEE()
	for _, line := range bytes.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		_, _ = sum.Write(line) // a hash never fails
	}
	return strconv.FormatInt(int64(int32(sum.Sum32())), 10)
}

func (a *assessment) flywayRecords() ([]record, bool) {
	rows := slices.Clone(a.Sighting.Table.Rows)
	slices.SortStableFunc(rows, func(x, y Row) int { return cmp.Compare(integer(x["installed_rank"]), integer(y["installed_rank"])) })
	var records []record
	for _, row := range rows {
		if row["success"] != "true" && row["success"] != "1" {
			a.refuse("mend what it left, run flyway repair, and import again", "Flyway says that version %s (%s) failed", row["version"], row["script"])
			return nil, false
		}
		if row["version"] == "" {
			continue // a repeatable, or the row for a schema that Flyway made
		}
		key := flywayVersion(row["version"])
		switch kind := row["type"]; {
		case strings.HasPrefix(kind, "UNDO") || kind == "DELETE":
			records = slices.DeleteFunc(records, func(r record) bool { return r.key == key })
		case kind == "SQL":
			records = append(records, record{key: key, at: row["installed_on"], by: row["installed_by"], sum: row["checksum"]})
		case kind == "BASELINE" || kind == "SQL_BASELINE":
			records = append(records, record{key: key, at: row["installed_on"], by: row["installed_by"], baseline: true})
		default:
			a.refuse("write what it does as SQL into a file of the same version", "Flyway applied version %s as %s, which is not SQL", row["version"], kind)
		}
	}
	return records, true
}

// scripts gives each version a number that sorts as Flyway sorts.
func (f *flywayFolder) scripts(records []record) []script {
	versions := map[string]bool{}
	for v := range f.files {
		versions[v] = true
	}
	for _, r := range records {
		versions[r.key] = true
	}
	numbers, err := numberVersions(versions)
	if err != nil {
		f.refuse("renumber the files with shorter versions", "%v", err)
		return nil
	}
	var all []script
	for key, s := range f.files {
		s.key = key
		if strings.TrimLeft(s.digits, "0") != numbers[key] { // else as the file spells it
			s.digits = numbers[key]
		}
		up := s.up
		if f.config[s.path] != "" && strings.Contains(strings.ReplaceAll(f.config[s.path], " ", ""), "executeInTransaction=false") {
			up = noTransaction + up
		}
		if err := f.finishScript(&s, up, f.undo[key]); err != nil {
			f.refuse("correct the file", "%s: %v", s.path, err)
			continue
		}
		all = append(all, s)
	}
	for i := range records {
		if f.files[records[i].key].path == "" && numbers[records[i].key] != "" {
			records[i].key = numbers[records[i].key]
		}
	}
	slices.SortFunc(all, func(x, y script) int { return compare(x.version, y.version) })
	return all
}

var errLongVersions = errors.New("the versions are too long for one number of 19 digits")

// numberVersions maps dotted versions to integers that sort alike: each part
// but the first gets as many digits as the longest in its place, three at
// least so that there is room. Plain integers stay as they are.
func numberVersions(versions map[string]bool) (map[string]string, error) {
	width := map[int]int{}
	places := 0
	for v := range versions {
		for i, part := range strings.Split(v, ".") {
			places = max(places, i+1)
			width[i] = max(width[i], len(part), 3)
		}
	}
	numbers := map[string]string{}
	for v := range versions {
		parts := strings.Split(v, ".")
		text := parts[0]
		for i := 1; i < places; i++ {
			part := ""
			if i < len(parts) {
				part = parts[i]
			}
			text += fmt.Sprintf("%0*s", width[i], part)
		}
		if _, err := versionOf(text); err != nil {
			return nil, fmt.Errorf("version %s: %w", v, errLongVersions)
		}
		numbers[v] = text
	}
	return numbers, nil
}

// belowBaseline: Flyway takes the files up to a baseline as applied.
func (a *assessment) belowBaseline(scripts []script, records []record) {
	for _, r := range records {
		if !r.baseline {
			continue
		}
		base, err := versionOf(r.key)
		for _, s := range scripts {
			if s.key == r.key {
				base, err = s.version, nil
			}
		}
		for _, s := range scripts {
			if err == nil && s.version < base && !a.entered(s.version) {
				e := entryOf(s, record{at: r.at, by: r.by}, a.out.Tool)
				e.Reason = "below Flyway's baseline: taken as applied"
				a.enter(e)
			}
		}
	}
}

func (a *assessment) entered(version uint64) bool {
	return slices.ContainsFunc(a.out.Entries, func(e Entry) bool { return e.Version == version })
}
