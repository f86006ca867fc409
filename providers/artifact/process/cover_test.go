package process

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCover(t *testing.T) {
	t.Parallel()
	const secret = "canary-4711"
	path := filepath.Join(t.TempDir(), "log")
	// One secret at the beginning, one across two reads, one at the end.
	text := secret + strings.Repeat("x", coverAtOnce-len(secret)-3) + secret + "\nabc\n" + secret
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer daemon.Close()
	if err := Cover(path, []string{secret, "abc"}); err != nil {
		t.Fatal(err)
	}
	if _, err := daemon.WriteString("!"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.ReplaceAll(text, secret, strings.Repeat("*", len(secret))) + "!"; !bytes.Equal(got, []byte(want)) {
		t.Errorf("%d bytes, expected %d; %d secrets are left", len(got), len(want), strings.Count(string(got), secret))
	}
}

func TestCoverWithoutAFile(t *testing.T) {
	t.Parallel()
	if err := Cover(filepath.Join(t.TempDir(), "none"), []string{"canary"}); err != nil {
		t.Error(err)
	}
}

func TestCoverRemovesWhatItCannotCover(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "folder")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Cover(path, []string{"canary"}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
}
