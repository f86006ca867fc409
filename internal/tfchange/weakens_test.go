package tfchange

import (
	"path"
	"slices"
	"strings"
	"testing"
)

func TestTablesHaveTheirForm(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]struct {
		text  string
		width int
	}{"stateful.tsv": {statefulTable, 3}, "weakens.tsv": {weakensTable, 4}} {
		lines := strings.Split(strings.TrimSuffix(table.text, "\n"), "\n")
		lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "#") })
		if !slices.IsSorted(lines) || len(slices.Compact(slices.Clone(lines))) != len(lines) {
			t.Errorf("%s is not sorted, or has a row twice", name)
		}
		for i, fields := range rows(table.text) {
			if len(fields) != table.width || slices.Contains(fields, "") {
				t.Errorf("%s: row %d has %d fields, want %d: %q", name, i+1, len(fields), table.width, fields)
				continue
			}
			if _, err := path.Match(fields[0], "x"); err != nil || strings.ContainsAny(fields[0], " ?[") {
				t.Errorf("%s: %q is not a type", name, fields[0])
			}
			if strings.HasSuffix(fields[table.width-1], ".") {
				t.Errorf("%s: %q ends with a full stop", name, fields[table.width-1])
			}
		}
	}
	for _, d := range dangers() {
		if !slices.Contains(ruleNames(), d.rule) {
			t.Errorf("%s %s: there is no rule %q", d.kind, d.attribute, d.rule)
		}
	}
	for _, h := range holders() {
		if h.attribute == "" != (len(h.patterns) == 0) {
			t.Errorf("%s: half a condition", h.kind)
		}
	}
}

// TestEveryRuleTellsWhatItTakes has, for each rule, changes that it must name
// and changes that it must leave alone.
func TestEveryRuleTellsWhatItTakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rule, before, after string
		want                verdict
	}{
		{becomesFalse, `true`, `false`, yes},
		{becomesFalse, `true`, `null`, yes},
		{becomesFalse, `"Enabled"`, `"Suspended"`, yes},
		{becomesFalse, `false`, `true`, no},
		{becomesFalse, `null`, `false`, no},
		{becomesTrue, `false`, `true`, yes},
		{becomesTrue, `null`, `true`, yes},
		{becomesTrue, `true`, `false`, no},
		{decreases, `7`, `1`, yes},
		{decreases, `1`, `7`, no},
		{decreases, `"10Gi"`, `"9Gi"`, yes},
		{decreases, `"9Gi"`, `"10Gi"`, no},
		{decreases, `"1h"`, `"59m"`, perhaps},
		{decreases, `7`, `null`, perhaps},
		{decreases, `null`, `7`, no},
		{decreases, `"9"`, `10`, no},
		{shortens, `0`, `30`, yes},
		{shortens, `30`, `0`, no},
		{shortens, `30`, `7`, yes},
		{shrinks, `["a","b"]`, `["b","a","c"]`, no},
		{shrinks, `["a","b"]`, `["a"]`, yes},
		{shrinks, `["a"]`, `null`, yes},
		{shrinks, `[{"port":80,"cidr":["a"],"description":"x"}]`, `[{"port":80,"cidr":["a","b"],"description":"y"}]`, no},
		{shrinks, `[{"port":80,"cidr":["a","b"]}]`, `[{"port":80,"cidr":["a"]}]`, yes},
		{shrinks, `[{"port":80},{"port":443}]`, `[{"port":443},{"port":8080}]`, yes},
		{shrinks, `"{\"Statement\":[{\"Action\":\"s3:Get\"}]}"`, `"{\"Statement\":[{\"Action\":[\"s3:Get\",\"s3:Put\"]}]}"`, no},
		{shrinks, `"{\"Statement\":[{\"Action\":[\"s3:Get\",\"s3:Put\"]}]}"`, `"{\"Statement\":[{\"Action\":\"s3:Get\"}]}"`, yes},
		{shrinks, `"{\"Statement\":[{\"Action\":\"s3:Get\"}]}"`, `"{\"Statement\":[{\"Action\":\"s3:Get\",\"Condition\":{\"Bool\":{}}}]}"`, yes},
		{changes, `"14"`, `"15"`, yes},
		{changes, `"14"`, `"14"`, no},
		{changes, `null`, `"15"`, no},
		{removed, `"key"`, `null`, yes},
		{removed, `"key"`, `"other"`, no},
	} {
		c := only(t, "t", `{"actions":["update"],"before":{"x":`+test.before+`},"after":{"x":`+test.after+`},"after_unknown":{}}`)
		d := danger{rule: test.rule}
		before := field(decodedValue(t, test.before), "v")
		if got := d.leaf(values{before: before, after: field(c.after, "x")}); got != test.want {
			t.Errorf("%s: %s to %s is %d, want %d", test.rule, test.before, test.after, got, test.want)
		}
	}
}

func decodedValue(t *testing.T, text string) any {
	t.Helper()
	return only(t, "t", `{"actions":["update"],"after":{"v":`+text+`},"after_unknown":{}}`).after
}

func TestWhatIsUnknownOrSensitiveMayWeaken(t *testing.T) {
	t.Parallel()
	const kind = "trial_database"
	for name, test := range map[string]struct{ change, want string }{
		"sure":                   {`"before":{"deletion_protection":true},"after":{"deletion_protection":false},"after_unknown":{}`, "protection against deletion is switched off"},
		"known after apply":      {`"before":{"deletion_protection":true},"after":{},"after_unknown":{"deletion_protection":true}`, "perhaps protection against deletion is switched off: the value is known only after apply"},
		"off already":            {`"before":{"deletion_protection":false},"after":{},"after_unknown":{"deletion_protection":true}`, ""},
		"sensitive":              {`"before":{"backup_retention_days":7},"after":{"backup_retention_days":1},"after_unknown":{},"after_sensitive":{"backup_retention_days":true}`, "perhaps backups are kept for a shorter time: the value is sensitive, and it changes"},
		"sensitive and the same": {`"before":{"backup_retention_days":7},"after":{"backup_retention_days":7},"after_unknown":{},"after_sensitive":{"backup_retention_days":true}`, ""},
		"the default from now":   {`"before":{"backup_retention_days":7},"after":{"backup_retention_days":null},"after_unknown":{}`, "perhaps backups are kept for a shorter time: the value changes, to one that cannot be compared"},
		"more":                   {`"before":{"backup_retention_days":7},"after":{"backup_retention_days":14},"after_unknown":{}`, ""},
		"another attribute":      {`"before":{"password":"a"},"after":{"password":"b"},"after_unknown":{},"after_sensitive":{"password":true}`, ""},
		"a number in quotes":     {`"before":{"storage_gb":"50"},"after":{"storage_gb":"40"},"after_unknown":{}`, "storage gets smaller"},
		"a block":                {`"before":{"at":[{"x":1}],"backup_retention_days":1},"after":{"at":[],"backup_retention_days":1},"after_unknown":{}`, ""},
	} {
		var reasons []string
		for _, w := range only(t, kind, `{"actions":["update"],`+test.change+`}`).Weakens {
			reasons = append(reasons, w.Reason)
		}
		if got := strings.Join(reasons, "; "); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestPathsLeadThroughBlocks(t *testing.T) {
	t.Parallel()
	c := only(t, "google_sql_database_instance", `{"actions":["update"],
		"before":{"settings":[{"backup_configuration":[{"enabled":true,"transaction_log_retention_days":7}]}]},
		"after":{"settings":[{"backup_configuration":[{"enabled":false,"transaction_log_retention_days":3}]}]},"after_unknown":{"settings":[{"backup_configuration":[{}]}]}}`)
	if len(c.Weakens) != 2 {
		t.Errorf("weakens %+v", c.Weakens)
	}
	gone := only(t, "google_sql_database_instance", `{"actions":["update"],"before":{"settings":[{"backup_configuration":[{"enabled":true}]}]},"after":{"settings":[{"backup_configuration":[]}]},"after_unknown":{}}`)
	if len(gone.Weakens) != 1 {
		t.Errorf("a block that went away: %+v", gone.Weakens)
	}
	rule := only(t, "trial_network_rule", `{"actions":["update"],"before":{"allowed":["a","b"]},"after":{"allowed":["a"]},"after_unknown":{}}`)
	if len(rule.Weakens) != 1 || rule.Weakens[0].Attribute != "allowed" {
		t.Errorf("weakens %+v", rule.Weakens)
	}
	wider := only(t, "trial_network_rule", `{"actions":["update"],"before":{"allowed":["a"]},"after":{"allowed":["a",null]},"after_unknown":{"allowed":[false,true]}}`)
	if len(wider.Weakens) != 0 {
		t.Errorf("a wider list, one entry of it unknown: %+v", wider.Weakens)
	}
}
