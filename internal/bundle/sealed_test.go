package bundle

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"github.com/lockstep-dev/lockstep/internal/seal"
)

// keys makes a recipient who is here.
func keys(t testing.TB) *seal.Keys {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(file, []byte(identity.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := seal.New(seal.Settings{Recipients: []string{identity.Recipient().String()}, IdentityFile: file})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sealedSample(t testing.TB, k *seal.Keys) (*Bundle, []byte) {
	t.Helper()
	b, err := sample(t).Sealed(k)
	if err != nil {
		t.Fatal(err)
	}
	content, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b, content
}

func TestSealedInputsAreForTheirRecipients(t *testing.T) {
	t.Parallel()
	k := keys(t)
	before, content := sealedSample(t, k)
	if bytes.Contains(content, []byte("create table")) {
		t.Error("an input lies open in the file")
	}
	got, err := Decode(content)
	if err != nil {
		t.Fatal(err)
	}
	if plain := sample(t); got.Digest != plain.Digest || before.Digest != plain.Digest {
		t.Errorf("sealing changes what is approved: %s, %s, plain %s", before.Digest, got.Digest, plain.Digest)
	}
	if names := got.SealedFor(); len(names) != 1 || names[0] != k.Recipients()[0] {
		t.Errorf("sealed for %v", names)
	}
	input := got.Plan.Steps[0].Inputs[0].Digest
	if _, err := got.Blob(input); !errors.Is(err, seal.ErrClosed) {
		t.Errorf("a closed input: %v", err)
	}
	for name, stranger := range map[string]*seal.Keys{"nobody": nil, "a stranger": keys(t)} {
		if _, err := got.Opened(stranger); !errors.Is(err, seal.ErrClosed) || errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	opened, err := got.Opened(k)
	if err != nil {
		t.Fatal(err)
	}
	if blob, err := opened.Blob(input); err != nil || string(blob) != "create table t(id int);\n" {
		t.Errorf("%q, %v", blob, err)
	}
	again, err := opened.Encode()
	if err != nil || !bytes.Equal(again, content) {
		t.Errorf("what was opened is written otherwise, %v", err)
	}
}

func TestWithoutRecipientsTheFileStaysAsItWas(t *testing.T) {
	t.Parallel()
	plain, err := sample(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]*seal.Keys{"nil": nil, "none": {}} {
		b, err := sample(t).Sealed(k)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := b.Encode(); err != nil || !bytes.Equal(got, plain) || b.SealedFor() != nil {
			t.Errorf("%s: other bytes, %v", name, err)
		}
	}
}

func TestEverySealedByteCounts(t *testing.T) {
	t.Parallel()
	_, good := sealedSample(t, keys(t))
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
}

// Whoever can write the file can also make its header fit, and seal anything
// for the recipients; the plan's digests find it.
func TestOtherSealedInputsAreRefused(t *testing.T) {
	t.Parallel()
	k := keys(t)
	b, good := sealedSample(t, k)
	archive := func(names ...string) []byte {
		var other bytes.Buffer
		tw := tar.NewWriter(&other)
		for _, name := range names {
			if err := addFile(tw, name, []byte("drop database prod;")); err != nil {
				t.Fatal(err)
			}
		}
		if err := tw.Close(); err != nil {
			t.Fatal(err)
		}
		sealed, err := k.Seal(other.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	altered := bytes.Clone(b.sealed.inputs)
	altered[len(altered)-1] ^= 1
	first := blobDir + b.Plan.Steps[0].Inputs[0].Digest.Hex()
	for name, inputs := range map[string][]byte{
		"altered": altered, "other": archive(first), "none": archive(), "foreign": archive("plan.json"),
	} {
		forged, err := Decode(forge(t, b, inputs))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := forged.Opened(k); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Decode(forge(t, b, []byte("open"))); !errors.Is(err, ErrRefused) {
		t.Errorf("inputs that are not sealed: %v", err)
	}
	if again := forge(t, b, b.sealed.inputs); !bytes.Equal(again, good) {
		t.Error("the forger does not write the same form")
	}
}

// forge writes a whole file around other sealed inputs.
func forge(t *testing.T, b *Bundle, inputs []byte) []byte {
	t.Helper()
	content, err := b.with(nil, &sealed{recipients: b.sealed.recipients, inputs: inputs}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content[headSize:])
	copy(content[len(sealedMagic):], hex.EncodeToString(sum[:]))
	return content
}

func TestSaveTakesTheFileFromOthers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.plan")
	if err := os.WriteFile(path, nil, 0o644); err != nil { //nolint:gosec // that others can read it is the point
		t.Fatal(err)
	}
	if err := sample(t).Save(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode().Perm(), err)
	}
}
