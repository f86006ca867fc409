package config

import (
	"testing"

	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"
)

func TestNumbersAreWrittenInFull(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0": "0", "-5": "-5", "20261109090000": "20261109090000", "9223372036854775808": "9223372036854775808",
		"0.1": "0.1", "1.50": "1.5", "1e21": "1000000000000000000000", "-2.5e-3": "-0.0025",
	} {
		if got := numberOf(cty.MustParseNumberVal(text).AsBigFloat()); string(got) != want {
			t.Errorf("%s is written as %s, expected %s", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		f := cty.NumberIntVal(rapid.Int64().Draw(t, "whole")).AsBigFloat()
		if got, want := string(numberOf(f)), f.Text('f', -1); got != want {
			t.Fatalf("%s, expected %s", got, want)
		}
	})
}
