package sqlite_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/doctor"
	"github.com/lockstep-dev/lockstep/providers/database/sqlite"
)

func TestCheckUp(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	look := func() map[string]doctor.Sign {
		signs := map[string]doctor.Sign{}
		settings := json.RawMessage(`{"name":"cache","driver":"sqlite","url":"sqlite://a.db","migrations":"m"}`)
		for _, s := range sqlite.New(folder).CheckUp(t.Context(), settings) {
			signs[s.Subject] = s
		}
		return signs
	}
	if s := look(); s["file"].Verdict != doctor.OK || s["disk"].Seen == "" {
		t.Errorf("a new file: %+v", s)
	}
	if err := os.WriteFile(filepath.Join(folder, "a.db"), []byte("this is not what SQLite writes, and long enough to be noticed as such by it........................"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s := look(); s["server"].Verdict != doctor.Unreachable {
		t.Errorf("no database: %+v", s)
	}
	if err := os.Remove(filepath.Join(folder, "a.db")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "a.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s := look(); s["file"].Verdict != doctor.OK || s["schema"].Verdict != doctor.OK {
		t.Errorf("an empty database: %+v", s)
	}
}
