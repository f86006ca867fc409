package bundle

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
)

func sample(t testing.TB) *Bundle {
	t.Helper()
	up, down := []byte("create table t(id int);\n"), []byte("drop table t;\n")
	p := &plans.Plan{
		FormatVersion: plans.FormatVersion, ChangeSet: "a", Environment: "dev",
		Steps: []plans.Step{{
			Address: `migration.db["1_a"]`, Phase: plans.Expand, Action: plans.ActionMigrate,
			Inputs: []plans.Input{
				{Role: "up", Path: "m/1_a.up.sql", Digest: plans.DigestOf(up), Size: int64(len(up))},
				{Role: "down", Path: "m/1_a.down.sql", Digest: plans.DigestOf(down), Size: int64(len(down))},
			},
		}},
	}
	b, err := New(p, map[plans.Digest][]byte{
		plans.DigestOf(up): up, plans.DigestOf(down): down, plans.DigestOf([]byte("x")): []byte("x"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.plan")
	b := sample(t)
	if err := b.Save(path); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode().Perm())
	}
	got, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.Digest != b.Digest {
		t.Errorf("digest %s, want %s", got.Digest, b.Digest)
	}
	content, err := got.Blob(got.Plan.Steps[0].Inputs[0].Digest)
	if err != nil || !bytes.Equal(content, []byte("create table t(id int);\n")) {
		t.Errorf("blob %q, %v", content, err)
	}
	first, _ := b.Encode()
	second, _ := got.Encode()
	if !bytes.Equal(first, second) {
		t.Error("the same bundle encodes to other bytes")
	}
}

// Every single changed or missing byte must be noticed: a plan file is what
// was reviewed.
func TestEveryByteCounts(t *testing.T) {
	t.Parallel()
	good, err := sample(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x20
		if _, err := Decode(bad); !errors.Is(err, ErrRefused) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if _, err := Decode(good[:i]); !errors.Is(err, ErrRefused) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	t.Logf("%d bytes flipped, %d cuts: all refused", len(good), len(good))
}

func TestForeignContentIsRefused(t *testing.T) {
	t.Parallel()
	b := sample(t)
	delete(b.blobs, b.Plan.Steps[0].Inputs[1].Digest)
	if _, err := New(b.Plan, b.blobs); err == nil {
		t.Error("New took a plan whose input is missing")
	}
	swapped := map[plans.Digest][]byte{}
	for _, in := range b.Plan.Steps[0].Inputs {
		swapped[in.Digest] = []byte("drop database prod;")
	}
	if _, err := New(b.Plan, swapped); err == nil {
		t.Error("New took content that is not what its digest says")
	}
}

func FuzzDecode(f *testing.F) {
	good, err := sample(f).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	_, closed := sealedSample(f, keys(f))
	f.Add(closed)
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, content []byte) {
		b, err := Decode(content)
		if err != nil {
			return
		}
		if again, err := b.Encode(); err != nil || !bytes.Equal(again, content) {
			t.Fatalf("accepted bytes that Encode does not write: %v", err)
		}
	})
}
