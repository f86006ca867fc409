package terraform

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"github.com/lockstep-dev/lockstep/internal/seal"
	"github.com/lockstep-dev/lockstep/providers/terraform/shim"
)

func TestWhatIsKeptIsSealed(t *testing.T) {
	t.Parallel()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil { //nolint:gosec // as Terraform writes it
			t.Fatal(err)
		}
		return path
	}
	keys, err := seal.New(seal.Settings{Recipients: []string{identity.Recipient().String()}, IdentityFile: put("identity", []byte(identity.String()))})
	if err != nil {
		t.Fatal(err)
	}
	self, err := json.Marshal(shim.Identify(os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	state := []byte(`{"version":4,"lineage":"l","serial":3,"resources":[]}`)
	dump := []byte(`{"@level":"error","type":"state_dump","state":` + string(state) + "}\n")
	put("attempts/000001/exit.json", []byte(`{"code":0}`))
	put("attempts/000002/process.json", self)
	put("attempts/000003/exit.json", []byte(`{"code":1}`))
	sealed := []string{
		put("backups/l-3.tfstate", state), put("releases/3/infra/main.tf", []byte("song")), put("releases/3/"+releaseFile, []byte("{}")),
		put("attempts/000001/stdout", []byte("song")), put("attempts/000001/stderr", []byte("song")), put("attempts/000003/stdout", dump),
	}
	running, kept := put("attempts/000002/stdout", []byte("song")), put("terraform.tfstate", state)
	m := &module{provider: &Provider{options: Options{Keys: keys}}, place: &place{state: dir, module: dir, work: filepath.Join(dir, "work")}}
	for range 2 { // the second time there is nothing to do
		if err := m.rest(); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range append(sealed, m.rescued()) {
		b, err := os.ReadFile(path)
		if err != nil || !seal.Sealed(b) || mode(t, path) != 0o600 {
			t.Errorf("%s: %q, %v, %v", path, b, mode(t, path), err)
		}
	}
	if b, err := os.ReadFile(running); err != nil || string(b) != "song" {
		t.Errorf("an output that is still written: %q, %v", b, err)
	}
	if b, err := os.ReadFile(kept); err != nil || !bytes.Equal(b, state) || mode(t, kept) != 0o600 {
		t.Errorf("Terraform's own state: %q, %v, %v", b, mode(t, kept), err)
	}
	if was, err := m.stateAt(mark{Lineage: "l", Serial: "3"}); err != nil || was == nil || was.Serial != 3 {
		t.Errorf("the copy of the state: %+v, %v", was, err)
	}
	if a, err := replay(keys, filepath.Join(dir, "attempts", "000003")); err != nil || !bytes.Equal(a.dumped, state) {
		t.Errorf("the output of an apply: %+v, %v", a, err)
	}
	if err := os.MkdirAll(m.place.work, 0o700); err != nil {
		t.Fatal(err)
	}
	err = m.inClear(m.rescued(), func(path string) error {
		if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, state) || mode(t, path) != 0o600 {
			t.Errorf("the rescued state: %q, %v", b, err)
		}
		return nil
	})
	if left, globErr := filepath.Glob(filepath.Join(m.place.work, "*")); err != nil || globErr != nil || len(left) > 0 {
		t.Errorf("left in clear: %v, %v", left, err)
	}
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}
