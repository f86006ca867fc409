package terraform_test

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/lockstep-dev/lockstep/providers"
)

// TestAnApplyDoesNotBeginWithoutRoomForItsState works on a file system of its
// own, which only root can make.
func TestAnApplyDoesNotBeginWithoutRoomForItsState(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("making a small file system needs root")
	}
	root := t.TempDir()
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("a small file system cannot be made here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(root, 0); err != nil {
			t.Error(err)
		}
	})
	p := &project{t: t, root: root, settings: map[string]any{"source": "./infra/cache"}, provider: openProvider(t, root)}
	p.write("infra/cache/main.tf", sized)
	p.input("size", "small")
	req := p.request(p.observe())
	_, err := p.provider.Apply(t.Context(), req)
	if !errors.Is(err, providers.ErrBlocked) || !strings.Contains(err.Error(), "MiB left, and an apply needs 16") {
		t.Fatalf("an apply without room returns %v", err)
	}
	req.Recorded = p.recorded
	p.probe(req, providers.Absent)
	if err := syscall.Mount("tmpfs", root, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	p.apply(req)
	p.probe(req, providers.Done)
}
