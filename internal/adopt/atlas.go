package adopt

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// atlas converts Atlas's own directory format. Source: atlasgo.io,
// concepts/migration-directory and concepts/revisions; ariga.io/atlas
// sql/migrate/dir.go for the sums.
func (a *assessment) atlas() {
	a.out.Afterwards = "Atlas is not told: its table stays as it is, and atlas migrate apply would apply again what Lockstep applies from now on. Take Atlas out of the pipeline."
	sources := slices.Clone(a.Sources)
	slices.SortFunc(sources, func(x, y Source) int { return strings.Compare(x.Path, y.Path) })
	sums := atlasSums(sources)
	name := regexp.MustCompile(`^([0-9]+)(?:_(.*))?\.sql$`)
	var scripts []script
	for _, source := range sources {
		m := name.FindStringSubmatch(source.Path)
		if m == nil {
			continue
		}
		s := script{key: m[1], digits: m[1], name: slug(m[2]), path: source.Path, sum: sums[source.Path]}
		up, err := parseAtlas(string(source.Bytes))
		if err == nil {
			err = a.finishScript(&s, up, "")
		}
		if err != nil {
			a.refuse("rewrite it as plain SQL in golang-migrate's layout, and import again", "%s: %v", source.Path, err)
			continue
		}
		scripts = append(scripts, s)
	}
	a.chained = true
	a.take(scripts, a.atlasRecords())
	a.note("Atlas computes its way down and keeps no down files: write the .down.sql of what may have to be taken back")
	a.compareAtlasSum(sources, sums)
}

// atlasDirective is a comment that Atlas obeys.
var atlasDirective = regexp.MustCompile(`(?m)^--\s*atlas:(\w+)(?:[ \t]+(\S+))?`)

func parseAtlas(text string) (string, error) {
	for _, m := range atlasDirective.FindAllStringSubmatch(text, -1) {
		switch {
		case m[1] == "nolint" || m[1] == "sum" || m[1] == "txmode" && m[2] != "none":
		case m[1] == "txmode":
			text = noTransaction + text
		default:
			return "", fmt.Errorf("the directive atlas:%s cannot be converted", m[1])
		}
	}
	return text, nil
}

// atlasSums are what Atlas's revisions keep of each file: one SHA-256 goes on
// through all files in order of name, and each entry is its value so far.
func atlasSums(sources []Source) map[string]string {
	sums := map[string]string{}
	sum := sha256.New()
	for _, s := range sources {
		if !strings.HasSuffix(s.Path, ".sql") || strings.Contains(s.Path, "/") {
			continue
		}
		_, _ = sum.Write([]byte(s.Path)) // a hash never fails
		if !strings.HasPrefix(string(s.Bytes), "-- atlas:sum ignore") {
			_, _ = sum.Write(s.Bytes)
		}
		sums[s.Path] = base64.StdEncoding.EncodeToString(sum.Sum(nil))
	}
	return sums
}

func (a *assessment) atlasRecords() []record {
	var records []record
	for _, row := range a.Sighting.Table.Rows {
		version := row["version"]
		switch {
		case strings.HasPrefix(version, "."):
			continue // Atlas's own identifier
		case row["error"] != "" || row["applied"] != row["total"]:
			a.refuse("let Atlas finish it (atlas migrate apply resumes at the failed statement), and import again",
				"Atlas says that version %s failed: %s of %s statements are applied", version, row["applied"], row["total"])
			continue
		}
		r := record{key: version, at: row["executed_at"], sum: strings.TrimPrefix(row["hash"], "h1:")}
		r.baseline = row["type"] == "1"
		records = append(records, r)
	}
	return records
}

// compareAtlasSum checks the folder against its own atlas.sum.
func (a *assessment) compareAtlasSum(sources []Source, sums map[string]string) {
	i := slices.IndexFunc(sources, func(s Source) bool { return s.Path == "atlas.sum" })
	if i < 0 {
		return
	}
	for _, line := range strings.Split(string(sources[i].Bytes), "\n")[1:] {
		file, sum, ok := strings.Cut(strings.TrimSpace(line), " h1:")
		if ok && sums[file] != sum {
			a.refuse("bring the files back as they were, or, if the change is meant, run atlas migrate hash", "%s is not as atlas.sum says", file)
			return
		}
	}
}
