package terraform_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// eachEngine runs a test with the engine that all tests use, and with OpenTofu
// if LOCKSTEP_TOFU names one ("make tofu" builds it).
func eachEngine(t *testing.T, test func(t *testing.T, binary string)) {
	t.Helper()
	chosen, err := usableBinary()
	if err != nil {
		t.Fatalf("these tests run the real program: %v", err)
	}
	t.Run("engine=chosen", func(t *testing.T) {
		t.Parallel()
		test(t, chosen)
	})
	t.Run("engine=tofu", func(t *testing.T) {
		t.Parallel()
		tofu := otherEngine(t, chosen)
		test(t, tofu)
	})
}

// otherEngine is OpenTofu, or skips with a reason.
func otherEngine(t *testing.T, chosen string) string {
	t.Helper()
	tofu := os.Getenv(terraform.TofuVariable)
	if tofu == "" {
		t.Skipf("%s is not set; \"make tofu\" finds or builds OpenTofu and sets it", terraform.TofuVariable)
	}
	tofu, err := exec.LookPath(tofu)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Clean(tofu) == filepath.Clean(chosen) {
		t.Skip("all tests use OpenTofu already")
	}
	return tofu
}

// TestEverythingWithOpenTofu runs the tests of this package once more, with
// the other engine: what holds for one has to hold for both.
func TestEverythingWithOpenTofu(t *testing.T) {
	t.Parallel()
	chosen, err := usableBinary()
	if err != nil {
		t.Fatalf("these tests run the real program: %v", err)
	}
	tofu := otherEngine(t, chosen)
	cmd := exec.CommandContext(t.Context(), executable(t), "-test.skip=^(TestFindBinary|TestEverythingWithOpenTofu)$", "-test.v")
	cmd.Env = append(os.Environ(), terraform.BinaryVariable+"="+tofu, terraform.TofuVariable+"=")
	out, err := cmd.CombinedOutput()
	passed, skipped := strings.Count(string(out), "\n--- PASS"), strings.Count(string(out), "\n--- SKIP")
	t.Logf("with %s: %d tests passed, %d were skipped", tofu, passed, skipped)
	if err != nil {
		t.Errorf("%v\n%s", err, withoutPassed(string(out)))
	}
	if passed == 0 {
		t.Error("no test ran")
	}
}

func withoutPassed(out string) string {
	var kept []string
	for line := range strings.Lines(out) {
		text := strings.TrimSpace(line)
		if !strings.HasPrefix(text, "=== ") && !strings.HasPrefix(text, "--- PASS") && !strings.HasPrefix(text, "--- SKIP") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}
