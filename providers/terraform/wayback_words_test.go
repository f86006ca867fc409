package terraform

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
)

func foretold(m *module, err error) *plans.TerraformWayBack {
	return m.told(plans.TerraformWayBack{}, inPlainWords(err), plans.WayBackPredicted)
}

func TestWhatCannotBeForeseenIsSaidInPlainWords(t *testing.T) {
	t.Parallel()
	m := &module{secrets: &secrets{}}
	for text, want := range map[string]string{
		"terraform plan failed (exit 1): Error: .input: missing expected {":               "attribute of dynamic type",
		"Error: .manifest: invalid key \"kind\" in dynamically-typed value":               "attribute of dynamic type",
		"terraform init failed (exit 1): Error: could not connect to the module registry": "could not connect",
	} {
		w := foretold(m, untold{fmt.Errorf("the configuration of serial 7: %w", errors.New(text))})
		if w.Exists() || !w.Untold || !strings.Contains(w.Why, want) || strings.Contains(w.Why, "missing expected") {
			t.Errorf("%s is told as %+v", text, w)
		}
	}
	if w := foretold(m, fmt.Errorf("%w: rolling back would delete it", providers.ErrIrreversible)); w.Exists() || w.Untold {
		t.Errorf("what there is no way back from is told as %+v", w)
	}
}
