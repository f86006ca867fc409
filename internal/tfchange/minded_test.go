package tfchange

import (
	"fmt"
	"strings"
	"testing"
)

// TestMinded: what a provider alone fills in moves by itself, and what the
// configuration sets does not.
func TestMinded(t *testing.T) {
	t.Parallel()
	const document = `{
	"format_version": "1.2", "terraform_version": "1.11.4", "complete": true, "applyable": true,
	"resource_drift": [{"address": %q, "module_address": "", "type": "aws_db_instance", "name": "a", "mode": "managed", "provider_name": "p",
		"change": {"actions": [%q], "before": {"size": "small", "ingress": [{"port": 1}], "latest_restorable_time": "1"}, "after": %s,
			"after_unknown": {}, "before_sensitive": {}, "after_sensitive": {}}}],
	"configuration": {"root_module": {
		"resources": [{"address": "aws_db_instance.a", "mode": "managed", "type": "aws_db_instance", "name": "a", "expressions": {"size": {"constant_value": "small"}}}],
		"module_calls": {"m": {"module": {"resources": [{"address": "aws_db_instance.a", "mode": "managed", "type": "aws_db_instance", "name": "a", "expressions": {}}]}}}
	}}}`
	const (
		noise = `{"size": "small", "ingress": [{"port": 1}], "latest_restorable_time": "2"}`
		hand  = `{"size": "large", "ingress": [{"port": 1}], "latest_restorable_time": "2"}`
		block = `{"size": "small", "ingress": [{"port": 2}], "latest_restorable_time": "1"}`
	)
	for _, test := range []struct {
		name, address, action, after string
		want                         int
	}{
		{"a time that moves", "aws_db_instance.a", "update", noise, 0},
		{"an argument", "aws_db_instance.a", "update", hand, 1},
		{"an argument of one of many", `aws_db_instance.a["x"]`, "update", hand, 1},
		{"a time of one of many", `aws_db_instance.a[0]`, "update", noise, 0},
		{"a block that may be dynamic", "aws_db_instance.a", "update", block, 1},
		{"in a module that leaves it to the provider", `module.m["k.l"].aws_db_instance.a`, "update", hand, 0},
		{"a resource of which the configuration has nothing", "aws_db_instance.b", "update", noise, 1},
		{"in a module that is gone", "module.n.aws_db_instance.a", "update", noise, 1},
		{"an object that is gone", "aws_db_instance.a", "delete", "null", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := Decode([]byte(strings.TrimSpace(fmt.Sprintf(document, test.address, test.action, test.after))))
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Minded(plain{}); len(got) != test.want {
				t.Errorf("got %+v", got)
			}
		})
	}
}
