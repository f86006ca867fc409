package doctor

import (
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// Tool is a program that the project needs.
type Tool struct {
	Name string
	// Path is empty when none was found; Reason then says why.
	Path, Reason string
	Found        string // which version, and why this one
	Required     string // the constraint of required_tools
}

// JudgeTool says whether a program is there in a version that will do.
func JudgeTool(t Tool) Sign {
	if t.Path == "" && t.Required == "" {
		return Sign{t.Name, Note, t.Reason, "change sets with a terraform block cannot be planned here", ""}
	}
	if t.Path == "" {
		return Sign{
			t.Name, Problem, "not usable: " + t.Reason, "steps that need it cannot be planned",
			"install it, or correct required_tools in the lockstep block",
		}
	}
	seen := t.Found + ", " + t.Path
	if t.Required != "" {
		seen += " (required: " + t.Required + ")"
	}
	return well(t.Name, seen)
}

// Mirror is the place from which Terraform's providers are installed.
type Mirror struct {
	Place, Named string // empty for the registries
	Reason       string // why the named one cannot be used; empty if it can
}

// JudgeMirror says whether providers can be installed; registries are the
// usual place and give no sign.
func JudgeMirror(m Mirror) []Sign {
	const subject = "mirror" // of providers
	switch {
	case m.Reason != "":
		return []Sign{{
			subject, Problem, "not usable: " + m.Reason, "steps that need Terraform cannot be planned",
			"correct LOCKSTEP_PLUGIN_MIRROR, or plugin_mirror in the lockstep block",
		}}
	case m.Place != "":
		return []Sign{well(subject, m.Place+", "+m.Named)}
	}
	return nil
}

// Journal is what was seen of the folder in which runs are recorded.
type Journal struct {
	Path string
	// Missing is true before the first run.
	Missing  bool
	Writable error
	Mode     fs.FileMode
	Owner    string // whose it is
	Foreign  bool   // not the user who runs this
	Runs     int
	Broken   error // a record that is not as it was written
	Free     int64 // bytes; below 0 when it cannot be told
}

// lowDisk is where a full disk is near: a run's records and its bundle are
// small, a Terraform state or an artifact is not.
const lowDisk = 256 << 20

// JudgeJournal says whether runs can be recorded.
func JudgeJournal(j Journal) []Sign {
	signs := []Sign{journalFolder(j)}
	if !j.Missing {
		signs = append(signs, journalChain(j))
	}
	switch {
	case j.Free < 0:
		signs = append(signs, well("disk", "free space cannot be told on this system"))
	case j.Free < lowDisk:
		signs = append(signs, Sign{
			"disk", Problem, Bytes(j.Free) + " free where the journal is",
			"a run stops half-way when a record cannot be written", "make room on the disk of " + j.Path,
		})
	default:
		signs = append(signs, well("disk", Bytes(j.Free)+" free where the journal is"))
	}
	return signs
}

func journalFolder(j Journal) Sign {
	seen := fmt.Sprintf("%s, mode %04o, owner %s", j.Path, j.Mode.Perm(), j.Owner)
	switch {
	case j.Writable != nil:
		return Sign{
			"journal", Problem, fmt.Sprintf("%s cannot be written: %v", j.Path, j.Writable),
			"no run begins without its record", "give it to the user who runs lockstep: sudo chown -R $(id -un) " + j.Path,
		}
	case j.Missing:
		return well("journal", j.Path+" is not there yet; the first run makes it")
	case j.Mode.Perm()&0o022 != 0:
		return Sign{
			"journal", Problem, seen, "others can change what happened, and bundles that apply trusts",
			"chmod -R go-w " + j.Path,
		}
	case j.Foreign:
		return Sign{"journal", Note, seen, "runs of two users leave files that the other cannot write", "run lockstep as one user"}
	default:
		return well("journal", seen)
	}
}

func journalChain(j Journal) Sign {
	if j.Broken != nil {
		return Sign{
			"records", Problem, j.Broken.Error(), "what happened cannot be relied on, and no run begins",
			"bring the file back from a backup, or move the damaged run's folder away and look at its targets",
		}
	}
	return well("records", fmt.Sprintf("%d runs, every record's checksum and chain hold", j.Runs))
}

// JudgeVariables says whether an environment's values are complete; mistakes
// say which are missing or wrong. Where nobody asked for that environment its
// values may be elsewhere.
func JudgeVariables(mistakes []string, asked bool) Sign {
	switch {
	case len(mistakes) == 0:
		return well("variables", "all have a value")
	case asked:
		return Sign{
			"variables", Problem, strings.Join(mistakes, "; "), "nothing can be planned without them",
			"export LOCKSTEP_VAR_NAME=..., or give --var or --var-file",
		}
	default:
		return Sign{
			"variables", Note, strings.Join(mistakes, "; "), "the databases of this environment were not looked at",
			"where its values are: lockstep doctor --env NAME",
		}
	}
}

// Bytes is a size for people.
func Bytes(n int64) string {
	const k = 1024
	switch {
	case n >= 10*k*k*k:
		return fmt.Sprintf("%d GiB", n/(k*k*k))
	case n >= 10*k*k:
		return fmt.Sprintf("%d MiB", n/(k*k))
	default:
		return fmt.Sprintf("%d KiB", n/k)
	}
}

// span is a time for people.
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 2*time.Hour:
		return d.Round(time.Second).String()
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
}
