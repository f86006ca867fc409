package planner

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/lockstep-dev/lockstep/plans"
)

// contents is what makes a change set the same in every environment. Its
// canonical JSON is digested, so field names and order are a format.
type contents struct {
	Source     plans.Digest      `json:"source"`
	Migrations []contentFile     `json:"migrations"`
	Terraform  []contentSource   `json:"terraform"`
	Artifacts  []contentArtifact `json:"artifacts"`
}

type contentFile struct {
	Database string       `json:"database"`
	Version  string       `json:"version"`
	Name     string       `json:"name"`
	Up       plans.Digest `json:"up"`
	Down     plans.Digest `json:"down"`
}

type contentSource struct {
	Path   string       `json:"path"`
	Digest plans.Digest `json:"digest"`
}

type contentArtifact struct {
	Address string       `json:"address"`
	Digest  plans.Digest `json:"digest"`
}

// content computes the content digest. It covers every file up to the
// version, not only the files that the change set owns, so that the digest
// does not move when an older change set leaves the project.
func (d *draft) content() {
	c := contents{Source: plans.DigestOf(d.set.Source), Terraform: d.terraformSources()}
	for _, b := range d.kind("migration") {
		database := databaseOf(b)
		for _, f := range coveredFiles(d.in.Folders[database], versionOf(b)) {
			c.Migrations = append(c.Migrations, contentFile{
				Database: database, Version: strconv.FormatUint(f.Version, 10), Name: f.Name, Up: f.Up.Digest, Down: f.Down.Digest,
			})
		}
	}
	for _, b := range d.kind("artifact") {
		c.Artifacts = append(c.Artifacts, contentArtifact{b.Address, d.artifactDigest(b)})
	}
	text, err := json.Marshal(c)
	if err != nil {
		panic("planner: texts and lists always have a JSON form: " + err.Error())
	}
	d.digest = plans.DigestOf(text)
}

// terraformSources are the sources as they are in the project; what an engine
// adds to them on one machine counts only when nothing else is known.
func (d *draft) terraformSources() []contentSource {
	var files []plans.Input
	for _, in := range d.in.Inputs {
		if in.Role == "terraform-source" {
			files = append(files, in)
		}
	}
	if len(files) == 0 {
		for _, o := range d.in.Observations {
			if o.Terraform != nil {
				files = append(files, o.Terraform.Source...)
			}
		}
	}
	out := make([]contentSource, 0, len(files))
	for _, f := range sortedInputs(files) {
		out = append(out, contentSource{f.Path, f.Digest})
	}
	return slices.Compact(out)
}
