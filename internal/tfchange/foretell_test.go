package tfchange_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/tfchange"
)

// foretold is a plan with one change of each kind, and the state before it.
const foretoldPlan = `{"format_version":"1.2","terraform_version":"1.11.4","complete":true,"applyable":true,
"planned_values":{"root_module":{"resources":[
  {"address":"t_a.kept","mode":"managed","type":"t_a","name":"kept","schema_version":2,"values":{}},
  {"address":"t_a.made[\"x.y\"]","mode":"managed","type":"t_a","name":"made","index":"x.y","schema_version":2,"values":{}},
  {"address":"t_a.new","mode":"managed","type":"t_a","name":"new","schema_version":2,"values":{}}],
 "child_modules":[{"address":"module.m[0]","resources":[
  {"address":"module.m[0].t_b.deep","mode":"managed","type":"t_b","name":"deep","schema_version":0,"values":{}}]}]}},
"resource_changes":[
 {"address":"t_a.same","mode":"managed","type":"t_a","name":"same","provider_name":"r/n/t","change":{"actions":["no-op"],"before":{"id":"s"},"after":{"id":"s"},"after_unknown":{}}},
 {"address":"t_a.kept","mode":"managed","type":"t_a","name":"kept","provider_name":"r/n/t","change":{"actions":["update"],
   "before":{"id":"k","size":1,"made":"old","from":"was"},"after":{"id":"k","size":2,"blocks":[{"a":1}]},"after_unknown":{"made":true,"from":true,"blocks":[{"b":true}]}}},
 {"address":"t_a.made[\"x.y\"]","mode":"managed","type":"t_a","name":"made","index":"x.y","provider_name":"r/n/t","change":{"actions":["create"],"before":null,"after":{"size":12345678901234567890},"after_unknown":{"id":true}}},
 {"address":"t_a.gone","mode":"managed","type":"t_a","name":"gone","provider_name":"r/n/t","change":{"actions":["delete"],"before":{"id":"g"},"after":null,"after_unknown":{}}},
 {"address":"t_a.same","deposed":"ab12cd34","mode":"managed","type":"t_a","name":"same","provider_name":"r/n/t","change":{"actions":["delete"],"before":{"id":"d"},"after":null,"after_unknown":{}}},
 {"address":"t_a.new","previous_address":"t_a.old","mode":"managed","type":"t_a","name":"new","provider_name":"r/n/t","change":{"actions":["no-op"],"before":{"id":"o"},"after":{"id":"o"},"after_unknown":{}}},
 {"address":"module.m[0].t_b.deep","module_address":"module.m[0]","mode":"managed","type":"t_b","name":"deep","provider_name":"r/n/t","change":{"actions":["create"],"before":null,"after":{},"after_unknown":{"id":true}}}],
"configuration":{"provider_config":{"t":{"name":"t","full_name":"r/n/t"},"module.m:t.far":{"name":"t","full_name":"r/n/t","alias":"far","module_address":"module.m"}},
 "root_module":{"resources":[
  {"address":"t_a.kept","mode":"managed","type":"t_a","name":"kept","provider_config_key":"t","expressions":{"size":{"constant_value":2},"from":{"references":["t_a.made"]}}},
  {"address":"t_a.made","mode":"managed","type":"t_a","name":"made","provider_config_key":"t","expressions":{}},
  {"address":"t_a.new","mode":"managed","type":"t_a","name":"new","provider_config_key":"t","expressions":{}}],
  "module_calls":{"m":{"module":{"resources":[{"address":"t_b.deep","mode":"managed","type":"t_b","name":"deep","provider_config_key":"module.m:t.far","expressions":{}}]}}}}}}`

const foretoldState = `{"version":4,"serial":7,"lineage":"l","check_results":[],"outputs":{},"resources":[
 {"mode":"data","type":"t_a","name":"gone","provider":"p","instances":[{"attributes":{"id":"data"}}]},
 {"mode":"managed","type":"t_a","name":"same","provider":"p","instances":[{"attributes":{"id":"s"},"private":"cHI="},{"deposed":"ab12cd34","attributes":{"id":"d"}}]},
 {"mode":"managed","type":"t_a","name":"kept","provider":"p","instances":[{"schema_version":1,"attributes":{"id":"k","size":1},"private":"cHI=","dependencies":["t_a.same"]}]},
 {"mode":"managed","type":"t_a","name":"gone","provider":"p","instances":[{"attributes":{"id":"g"}}]},
 {"mode":"managed","type":"t_a","name":"old","provider":"p","instances":[{"attributes":{"id":"o"},"private":"b2xk"}]}]}`

const foretoldAfter = `{"version":4,"serial":7,"lineage":"l","outputs":{},"resources":[
 {"mode":"data","type":"t_a","name":"gone","provider":"p","instances":[{"attributes":{"id":"data"}}]},
 {"mode":"managed","type":"t_a","name":"same","provider":"p","instances":[{"attributes":{"id":"s"},"private":"cHI="}]},
 {"mode":"managed","type":"t_a","name":"kept","provider":"p","instances":[{"schema_version":2,"attributes":{"id":"k","size":2,"made":"old","from":null,"blocks":[{"a":1,"b":null}]},"private":"cHI=","dependencies":["t_a.same"]}]},
 {"mode":"managed","type":"t_a","name":"made","provider":"provider[\"r/n/t\"]","instances":[{"index_key":"x.y","schema_version":2,"attributes":{"size":12345678901234567890,"id":null},"sensitive_attributes":[]}]},
 {"mode":"managed","type":"t_a","name":"new","provider":"provider[\"r/n/t\"]","instances":[{"schema_version":2,"attributes":{"id":"o"},"private":"b2xk"}]},
 {"mode":"managed","module":"module.m[0]","type":"t_b","name":"deep","provider":"module.m.provider[\"r/n/t\"].far","instances":[{"schema_version":0,"attributes":{"id":null},"sensitive_attributes":[]}]}]}`

func TestTheStateAfterAPlanIsForetold(t *testing.T) {
	t.Parallel()
	p, err := tfchange.Decode([]byte(foretoldPlan))
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Foretell([]byte(foretoldState))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(numbers(t, got), numbers(t, []byte(foretoldAfter))) {
		t.Errorf("it is foretold as\n%s\nwant\n%s", got, foretoldAfter)
	}
	without, err := tfchange.Without(got, []string{`t_a.made["x.y"]`, "module.m[0].t_b.deep"})
	if err != nil || strings.Contains(string(without), "x.y") || strings.Contains(string(without), "deep") || !strings.Contains(string(without), "kept") {
		t.Errorf("without two of them it is %s, %v", without, err)
	}
}

func TestWhatCannotBeForetoldIsSaid(t *testing.T) {
	t.Parallel()
	p, err := tfchange.Decode([]byte(strings.Replace(foretoldPlan, `"actions":["delete"]`, `"actions":["transmogrify"]`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Foretell(nil); err == nil || !strings.Contains(err.Error(), "t_a.gone: the plan holds an action") {
		t.Errorf("an unknown action: %v", err)
	}
	if _, err := new(tfchange.Plan).Foretell([]byte("no state")); err == nil {
		t.Error("what is no state is taken for one")
	}
}

// What is of dynamic type is stored with its type, also in objects whose type
// of resource shows only by others that are stored.
func TestValuesOfDynamicTypeAreForetoldWithTheirType(t *testing.T) {
	t.Parallel()
	const plan = `{"format_version":"1.2","planned_values":{"root_module":{"resources":[
  {"address":"terraform_data.a","mode":"managed","type":"terraform_data","name":"a","schema_version":0,"values":{}},
  {"address":"k_m.a","mode":"managed","type":"k_m","name":"a","schema_version":0,"values":{}},
  {"address":"k_m.b","mode":"managed","type":"k_m","name":"b","schema_version":0,"values":{}}]}},
"resource_changes":[
 {"address":"terraform_data.a","mode":"managed","type":"terraform_data","name":"a","provider_name":"terraform.io/builtin/terraform","change":{"actions":["create"],"before":null,
   "after":{"input":{"n":[1,"x",null]},"triggers_replace":null},"after_unknown":{"id":true,"output":true}}},
 {"address":"k_m.a","mode":"managed","type":"k_m","name":"a","provider_name":"r/n/k","change":{"actions":["update"],
   "before":{"manifest":["x"],"plain":{"value":"v","type":"string"},"same":["s"],"big":12345678901234567890},
   "after":{"manifest":{"y":true},"plain":{"value":"w","type":"string"},"same":["s"],"big":12345678901234567891},"after_unknown":{}}},
 {"address":"k_m.b","mode":"managed","type":"k_m","name":"b","provider_name":"r/n/k","change":{"actions":["create"],"before":null,"after":{"manifest":"text","plain":{"value":"v","type":"string"}},"after_unknown":{}}}],
"configuration":{"root_module":{"resources":[
  {"address":"terraform_data.a","mode":"managed","type":"terraform_data","name":"a","provider_config_key":"terraform","expressions":{}},
  {"address":"k_m.a","mode":"managed","type":"k_m","name":"a","provider_config_key":"k","expressions":{}},
  {"address":"k_m.b","mode":"managed","type":"k_m","name":"b","provider_config_key":"k","expressions":{}}]}}}`
	const state = `{"version":4,"resources":[{"mode":"managed","type":"k_m","name":"a","provider":"p","instances":[{"attributes":{
  "manifest":{"value":["x"],"type":["list","string"]},"plain":{"value":"v","type":"string"},"same":{"value":["s"],"type":["set","string"]},
  "big":{"value":12345678901234567890,"type":"number"}}}]}]}`
	p, err := tfchange.Decode([]byte(plan))
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Foretell([]byte(state))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"input":{"type":["object",{"n":["tuple",["number","string","dynamic"]]}],"value":{"n":[1,"x",null]}}`,
		`"output":null`, `"triggers_replace":null`,
		`"manifest":{"type":["object",{"y":"bool"}],"value":{"y":true}},"plain":{"type":"string","value":"w"}`,
		`"same":{"type":["set","string"],"value":["s"]}`,
		`"big":{"type":"number","value":12345678901234567891}`,
		`"manifest":{"type":"string","value":"text"},"plain":{"type":"string","value":"v"}`,
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
}

func numbers(t *testing.T, document []byte) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(string(document)))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func FuzzForetell(f *testing.F) {
	f.Add([]byte(foretoldPlan), []byte(foretoldState))
	f.Fuzz(func(t *testing.T, document, state []byte) {
		p, err := tfchange.Decode(document)
		if err != nil {
			return
		}
		if after, err := p.Foretell(state); err == nil && !json.Valid(after) {
			t.Errorf("no JSON: %s", after)
		}
	})
}
