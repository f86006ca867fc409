package terraform_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// stateOf returns the stored bytes, to show that nothing was changed.
func (p *project) stateOf() string {
	b, _ := os.ReadFile(p.statePath())
	return string(b)
}

func (p *project) mustRefuse(req providers.Request, want error) error {
	p.t.Helper()
	before := p.stateOf()
	_, err := p.provider.Apply(context.Background(), req)
	if !errors.Is(err, want) {
		p.t.Fatalf("apply returns %v, want %v", err, want)
	}
	if p.stateOf() != before {
		p.t.Error("a refused apply changed the state")
	}
	return err
}

func TestAStateThatMovedOnMakesThePlanStale(t *testing.T) {
	t.Parallel()
	p := newProject(t, sized)
	p.input("size", "small")
	old := p.request(p.observe())
	p.input("size", "medium")
	p.apply(p.request(p.observe()))
	p.recorded = nil
	err := p.mustRefuse(old, terraform.ErrStale)
	if !strings.Contains(err.Error(), "plan again") {
		t.Errorf("the error does not say what to do: %v", err)
	}
	if report := p.probe(old, providers.Unknown); !strings.Contains(report.Detail, "terraform_data.cache") {
		t.Errorf("the detail does not name the resource: %s", report.Detail)
	}
}

func TestAChangedContentOfTheBundleIsRefused(t *testing.T) {
	t.Parallel()
	for _, altered := range []string{"the plan", "a source"} {
		t.Run(altered, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, sized)
			p.input("size", "small")
			seen := p.observe()
			req := p.request(seen)
			target := seen.Terraform.Plan
			if altered == "a source" {
				target = seen.Terraform.Source[0].Digest
			}
			genuine := req.Blob
			req.Blob = func(d plans.Digest) ([]byte, error) {
				b, err := genuine(d)
				if d == target {
					b = append([]byte(nil), b...)
					b[len(b)/2] ^= 1
				}
				return b, err
			}
			_, err := p.provider.Apply(t.Context(), req)
			if err == nil || !strings.Contains(err.Error(), "altered") {
				t.Errorf("apply of an altered bundle returns %v", err)
			}
			if p.stateOf() != "" || len(p.recorded) > 0 {
				t.Error("apply of an altered bundle started")
			}
		})
	}
}

func TestAPathThatLeavesTheTreeIsRefused(t *testing.T) {
	t.Parallel()
	p := newProject(t, sized)
	p.input("size", "small")
	req := p.request(p.observe())
	req.Step.Inputs[0].Path = "../../escaped.tf"
	if _, err := p.provider.Apply(t.Context(), req); err == nil || !strings.Contains(err.Error(), "leaves its folder") {
		t.Errorf("apply returns %v", err)
	}
}

const replaceable = `
variable "size" { type = string }
resource "terraform_data" "cache" {
  input            = var.size
  triggers_replace = var.size
}
resource "terraform_data" "extra" { count = var.size == "small" ? 1 : 0 }
`

func TestAReplacementHasNoWayBack(t *testing.T) {
	t.Parallel()
	p := newProject(t, replaceable)
	p.input("size", "small")
	p.apply(p.request(p.observe()))
	p.recorded = nil

	p.input("size", "large")
	seen := p.observe()
	kinds := map[string]plans.ChangeKind{}
	for _, c := range seen.Terraform.Changes {
		kinds[c.Address] = c.Kind()
	}
	if kinds["terraform_data.cache"] != plans.ChangeReplace || kinds["terraform_data.extra[0]"] != plans.ChangeDelete {
		t.Errorf("kinds %v", kinds)
	}
	req := p.request(seen)
	p.apply(req)
	before := p.stateOf()
	if _, err := p.provider.Rollback(t.Context(), req); !errors.Is(err, providers.ErrIrreversible) {
		t.Errorf("rollback of a replacement returns %v, want ErrIrreversible", err)
	}
	if p.stateOf() != before {
		t.Error("a refused rollback changed the state")
	}
	p.probe(req, providers.Done)
}

func TestAnImportIsNotRolledBackByDestroying(t *testing.T) {
	t.Parallel()
	p := newProject(t, `
import {
  to = terraform_data.old
  id = "made-by-hand"
}
resource "terraform_data" "old" {}
`)
	seen := p.observe()
	if len(seen.Terraform.Changes) != 1 || seen.Terraform.Changes[0].Kind() != plans.ChangeImport || seen.Terraform.Changes[0].ImportID != "made-by-hand" {
		t.Fatalf("changes %+v, want one import", seen.Terraform.Changes)
	}
	req := p.request(seen)
	p.apply(req)
	before := p.stateOf()
	_, err := p.provider.Rollback(t.Context(), req)
	if !errors.Is(err, providers.ErrIrreversible) || !strings.Contains(err.Error(), "imported") {
		t.Errorf("rollback of an import returns %v, want ErrIrreversible", err)
	}
	if p.stateOf() != before {
		t.Error("a refused rollback changed the state")
	}
}

// late is a request whose inputs become known only when it is applied.
func (p *project) late(envelope *plans.Envelope) providers.Request {
	p.t.Helper()
	known := p.settings["inputs"]
	delete(p.settings, "inputs")
	seen, err := p.provider.Observe(context.Background(), providers.ObserveRequest{
		Environment: "staging", Address: "terraform.cache", Settings: p.raw(), Late: true,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	if !seen.Late || seen.Terraform.Plan != "" || len(seen.Terraform.Source) == 0 {
		p.t.Errorf("late observation %+v", seen.Observation)
	}
	p.settings["inputs"] = known
	req := p.request(seen)
	req.Step.Late, req.Step.Envelope = true, envelope
	return req
}

func TestALateStepIsPlannedInsideItsEnvelope(t *testing.T) {
	t.Parallel()
	p := newProject(t, sized)
	p.input("size", "small")
	req := p.late(&plans.Envelope{Actions: []string{"create", "update"}, NonDestructive: true, Reason: "the size is known later"})
	p.probe(req, providers.Absent)
	if back := p.rollback(req); back.Changed {
		t.Error("rolling back what never ran changed something")
	}
	result := p.apply(req)
	if got := p.output(result.Outputs, "size"); string(got.Value) != `"small"` {
		t.Errorf("output %+v", got)
	}
	req.Recorded = p.recorded
	p.probe(req, providers.Done)
	p.rollback(req)
	p.probe(req, providers.Absent)
	p.apply(req)
	p.probe(req, providers.Done)
}

func TestALateStepOutsideItsEnvelopeIsRefused(t *testing.T) {
	t.Parallel()
	p := newProject(t, replaceable)
	p.input("size", "small")
	_ = p.mustRefuse(p.late(&plans.Envelope{Actions: []string{"update"}}), providers.ErrOutsideEnvelope)
	p.apply(p.late(&plans.Envelope{Actions: []string{"create"}}))
	p.input("size", "large")
	for name, e := range map[string]*plans.Envelope{
		"none":            nil,
		"without delete":  {Actions: []string{"create", "update"}},
		"non-destructive": {NonDestructive: true},
		"unlimited":       {},
	} {
		req := p.late(e)
		req.Plan = plans.DigestOf([]byte(name))
		_ = p.mustRefuse(req, providers.ErrOutsideEnvelope)
	}
}

func TestSensitiveValuesStayInside(t *testing.T) {
	t.Parallel()
	p := newProject(t, `
variable "token" {
  type      = string
  sensitive = true
}
variable "plain" { type = string }
resource "terraform_data" "cache" {
  input = var.token
  provisioner "local-exec" { command = "exit $CODE && echo ${nonsensitive(var.token)} ${var.plain}" }
}
output "token" {
  value     = var.token
  sensitive = true
}
output "derived" { value = "x-${nonsensitive(var.token)}" }
`)
	p.input("token", canary)
	p.input("plain", "masked-by-the-plan-alone")
	seen := p.observe()
	shown, err := json.Marshal(seen.Observation)
	if err != nil {
		t.Fatal(err)
	}
	req := p.request(seen)
	req.Step.Settings = json.RawMessage(`{"inputs":{"token":"(sensitive value)","plain":"(sensitive value)"}}`)
	result := p.apply(req)
	if string(result.Secrets["token"]) != `"`+canary+`"` {
		t.Errorf("the real value of a sensitive output is %s", result.Secrets["token"])
	}
	spoken, err := json.Marshal([]any{string(shown), result.Summary, result.Outputs, p.progress, p.recorded})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{canary, "masked-by-the-plan-alone"} {
		if strings.Contains(string(spoken), secret) {
			t.Errorf("%s was spoken: %s", secret, spoken)
		}
	}
}

func TestErrorsOfTerraformAreScrubbed(t *testing.T) {
	t.Parallel()
	p := newProject(t, `
variable "token" {
  type      = string
  sensitive = true
}
resource "terraform_data" "cache" {
  provisioner "local-exec" { command = "echo 'no access with ${nonsensitive(var.token)}'; exit 7" }
}
`)
	p.input("token", canary)
	req := p.request(p.observe())
	_, err := p.provider.Apply(t.Context(), req)
	if err == nil || strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), "***") {
		t.Errorf("apply returns %v", err)
	}
	if !strings.Contains(err.Error(), "exit status 7") || strings.Contains(err.Error(), "│") {
		t.Errorf("the reason is not readable: %v", err)
	}
	if all := strings.Join(p.progress, "\n"); strings.Contains(all, canary) {
		t.Errorf("progress holds a secret: %s", all)
	}
}

func TestAnEmptyPlanHasNoDigestAndAnOutputAloneIsAChange(t *testing.T) {
	t.Parallel()
	p := newProject(t, sized)
	p.input("size", "small")
	p.apply(p.request(p.observe()))
	if again := p.observe(); again.Terraform.Plan != "" || len(again.Terraform.Changes) > 0 {
		t.Errorf("nothing changes, and the plan is %s with %+v", again.Terraform.Plan, again.Terraform.Changes)
	}
	p.write("infra/cache/more.tf", `output "more" { value = "of this" }`)
	seen := p.observe()
	if seen.Terraform.Plan == "" || len(seen.Terraform.Changes) > 0 {
		t.Errorf("an output is added, and the plan is %q with %+v", seen.Terraform.Plan, seen.Terraform.Changes)
	}
	if got := p.output(seen.Terraform.Outputs, "more"); string(got.Value) != `"of this"` {
		t.Errorf("output %+v", got)
	}
	p.recorded = nil
	req := p.request(seen)
	p.apply(req)
	p.probe(req, providers.Done)
	p.rollback(req)
	p.probe(req, providers.Absent)
}
