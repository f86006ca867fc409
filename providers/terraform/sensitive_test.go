package terraform

import (
	"slices"
	"testing"
)

func TestWhatTerraformMarksIsLearned(t *testing.T) {
	t.Parallel()
	document := `{
		"resource_changes":[{"change":{"before":{"password":"before-1","name":"plain-1"},"after":{"password":"after-1","tags":["plain-2","tag-2"]},
			"before_sensitive":{"password":true},"after_sensitive":{"password":true,"tags":[false,true]}}}],
		"resource_drift":[{"change":{"before":{"key":"drift-1"},"after":null,"before_sensitive":{"key":true},"after_sensitive":false}}],
		"output_changes":{"o":{"before":"plain-3","after":{"deep":["output-1"]},"before_sensitive":false,"after_sensitive":true}},
		"prior_state":{"values":{"outputs":{"old":{"sensitive":true,"value":"prior-1"},"shown":{"sensitive":false,"value":"plain-4"}},
			"root_module":{"child_modules":[{"resources":[{"values":{"token":"prior-2","id":"plain-5"},"sensitive_values":{"token":true}}]}]}}},
		"planned_values":{"root_module":{"resources":[{"values":{"token":"planned-1"},"sensitive_values":{"token":true}}]}},
		"variables":{"secret":{"value":"input-1"},"open":{"value":"plain-6"}},
		"configuration":{"root_module":{"variables":{"secret":{"sensitive":true},"open":{"default":"plain-7"}},
			"module_calls":{"m":{"module":{"variables":{"inner":{"sensitive":true,"default":"default-1"}}}}}}}
	}`
	var told []string
	s := &secrets{tell: func(texts ...string) { told = append(told, texts...) }}
	if err := s.addPlan([]byte(document)); err != nil {
		t.Fatal(err)
	}
	want := []string{"after-1", "before-1", "default-1", "drift-1", "input-1", "output-1", "planned-1", "prior-1", "prior-2", "tag-2"}
	slices.Sort(told)
	if !slices.Equal(told, want) {
		t.Errorf("told of %q, want %q", told, want)
	}
	for _, text := range want {
		if s.scrub("x "+text) != "x ***" {
			t.Errorf("%s is shown", text)
		}
	}
}

func TestWhatAStateMarksIsLearned(t *testing.T) {
	t.Parallel()
	const state = `{"version":4,
		"outputs":{"o":{"value":{"a":["output-1"]},"sensitive":true},"p":{"value":"plain-1"}},
		"resources":[{"instances":[{"attributes":{
			"password":"attribute-1","name":"plain-2","port":54321,
			"list":[{"key":"plain-3"},{"key":"element-1"}],
			"map":{"a.b":"entry-1","c":"plain-4"},
			"open":{"value":["plain-5","dynamic-1"],"type":["tuple",["string","string"]]},
			"set":["set-1","set-2"]},
			"sensitive_attributes":[
				[{"type":"get_attr","value":"password"}],
				[{"type":"get_attr","value":"port"}],
				[{"type":"get_attr","value":"absent"},{"type":"get_attr","value":"inner"}],
				[{"type":"get_attr","value":"list"},{"type":"index","value":{"value":1,"type":"number"}},{"type":"get_attr","value":"key"}],
				[{"type":"get_attr","value":"map"},{"type":"index","value":{"value":"a.b","type":"string"}}],
				[{"type":"get_attr","value":"open"},{"type":"index","value":{"value":1,"type":"number"}}],
				[{"type":"get_attr","value":"set"},{"type":"index","value":{"value":{"k":"v"},"type":"object"}}]]}]}]}`
	var told []string
	s := &secrets{tell: func(texts ...string) { told = append(told, texts...) }}
	s.addState([]byte(state))
	want := []string{"attribute-1", "dynamic-1", "element-1", "entry-1", "output-1", "set-1", "set-2"}
	slices.Sort(told)
	if !slices.Equal(told, want) {
		t.Errorf("told of %q, want %q", told, want)
	}
	if got := s.scrub("port 54321"); got != "port ***" {
		t.Errorf("a number is shown: %s", got)
	}
}

func FuzzWhatIsMarkedIsLearned(f *testing.F) {
	f.Add([]byte(`{"resource_changes":[{"change":{"after":{"a":[1]},"after_sensitive":{"a":[true,true]}}}]}`))
	f.Add([]byte(`{"resources":[{"instances":[{"attributes":[1],"sensitive_attributes":[[{"value":-1}]]}]}]}`))
	f.Fuzz(func(_ *testing.T, document []byte) {
		s := &secrets{}
		_ = s.addPlan(document) // whatever it is, it ends
		s.addState(document)
	})
}
