package process

import (
	"errors"
	"io"
	"os"

	"github.com/lockstep-dev/lockstep/internal/redact"
)

// coverAtOnce is how much of a file is looked at in one go.
const coverAtOnce = 1 << 20

// Cover overwrites secrets in an output file with stars of the same length, in
// place: a process that the command has left running goes on writing to it. A
// file that cannot be covered is removed.
func Cover(path string, secrets []string) error {
	err := cover(path, redact.NewValues(secrets...))
	if err == nil || errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if os.Remove(path) == nil {
		return nil
	}
	return err
}

func cover(path string, mask *redact.Values) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	overlap := max(mask.Longest()-1, 0) // of a secret that two reads share
	b := make([]byte, coverAtOnce+overlap)
	for at := int64(0); ; at += coverAtOnce {
		n, err := f.ReadAt(b, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if mask.Cover(b[:n]) {
			if _, err := f.WriteAt(b[:n], at); err != nil {
				return err
			}
		}
		if err != nil {
			return f.Close()
		}
	}
}
