package terraform_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-version"

	"github.com/lockstep-dev/lockstep/internal/trialprovider"
	"github.com/lockstep-dev/lockstep/plans"
	"github.com/lockstep-dev/lockstep/providers"
	"github.com/lockstep-dev/lockstep/providers/terraform"
)

// recorderName is what the test binary is called when it stands before an
// engine and notes each command.
const recorderName = "recorded-engine"

// recorder is an engine that notes what it is asked for.
type recorder struct {
	t      testing.TB
	folder string
}

func newRecorder(t testing.TB, engine string) recorder {
	t.Helper()
	r := recorder{t, t.TempDir()}
	r.file("real", engine)
	if err := os.Symlink(executable(t), r.path()); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r recorder) path() string { return filepath.Join(r.folder, recorderName) }

func (r recorder) file(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.folder, name), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// record is the recorder's own main function.
func record() int {
	folder := filepath.Dir(os.Args[0])
	working, err := os.Getwd()
	if err != nil {
		return fail(err)
	}
	log, err := os.OpenFile(filepath.Join(folder, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fail(err)
	}
	defer log.Close()
	if _, err := fmt.Fprintln(log, os.Args[1], working); err != nil {
		return fail(err)
	}
	if answer, err := os.ReadFile(filepath.Join(folder, "answer")); err == nil && os.Args[1] == "version" {
		fmt.Println(string(answer))
		return 0
	}
	real, err := os.ReadFile(filepath.Join(folder, "real"))
	if err != nil {
		return fail(err)
	}
	return fail(syscall.Exec(string(real), append([]string{string(real)}, os.Args[1:]...), os.Environ()))
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// take returns the commands since the last time, without those that plan a way
// back in a folder of their own.
func (r recorder) take() string {
	r.t.Helper()
	forward, _ := r.takeBoth()
	return forward
}

// takeBoth returns the commands since the last time, and by themselves those
// that plan a way back in a folder of their own.
func (r recorder) takeBoth() (forward, back string) {
	r.t.Helper()
	path := filepath.Join(r.folder, "log")
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		r.t.Fatal(err)
	}
	if err := os.RemoveAll(path); err != nil {
		r.t.Fatal(err)
	}
	var names, behind []string
	for line := range strings.Lines(string(b)) {
		name, working, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.Contains(working, "/back/work/") {
			behind = append(behind, name)
		} else {
			names = append(names, name)
		}
	}
	return strings.Join(names, " "), strings.Join(behind, " ")
}

// recorded has the project work with a recorder.
func (p *project) recordedBy(r recorder, o terraform.Options) {
	p.t.Helper()
	o.Binary = r.path()
	p.provider = openWith(p.t, p.root, o)
}

// stillBinds asks for what binds, as an apply does.
func (p *project) stillBinds(seen providers.Observed) {
	p.t.Helper()
	found, err := p.provider.Observe(p.t.Context(), providers.ObserveRequest{
		Environment: "staging", Address: seen.Address, Settings: p.raw(), BindingOnly: true,
		Planned: &seen.Observation, Blob: p.request(seen).Blob,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	if found.Identity != seen.Identity || found.Terraform.Lineage != seen.Terraform.Lineage || found.Terraform.Serial != seen.Terraform.Serial {
		p.t.Errorf("%+v binds, the plan saw %+v", found, seen)
	}
}

const named = `
variable "size" { default = "small" }
resource "trial_object" "cache" {
  name = "cache"
  size = var.size
}
`

// TestAsFewCommandsAsByHand counts what a plan and its apply start: init, plan,
// show and apply, and where there are objects the look whether they are as the
// plan saw them.
func TestAsFewCommandsAsByHand(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, binary string) {
		p := newMirroredProject(t, trialprovider.NewCloud(t).Provider()+named)
		r := newRecorder(t, binary)
		p.recordedBy(r, terraform.Options{PluginMirror: trialprovider.Mirror(t)})
		outputs := ""
		for _, round := range []struct{ size, plan, apply string }{
			{"small", "version init plan show", "apply"},
			{"large", "init plan show", "plan apply"},
		} {
			p.input("size", round.size)
			seen := p.observe()
			if got := r.take(); got != round.plan {
				t.Errorf("a plan ran: %s; want %s", got, round.plan)
			}
			if old(seen) {
				outputs = " show"
			}
			p.stillBinds(seen)
			p.apply(p.request(seen))
			// Terraform may say that states differ where objects do not: then its plan is shown.
			if got := strings.Replace(r.take(), "plan show apply", "plan apply", 1); got != round.apply+outputs {
				t.Errorf("an apply ran: %s; want %s", got, round.apply+outputs)
			}
		}
	})
}

// old engines do not write into a state which attributes are secret.
func old(seen providers.Observed) bool {
	v := version.Must(version.NewVersion(seen.Terraform.Version))
	return seen.Terraform.Engine == "terraform" && v.LessThan(version.Must(version.NewVersion("1.11.0")))
}

// TestAsFewCommandsWithASharedState counts those of the pg backend, which
// Lockstep cannot read itself.
func TestAsFewCommandsWithASharedState(t *testing.T) {
	t.Parallel()
	binary, err := usableBinary()
	if err != nil {
		t.Fatal(err)
	}
	p, _ := newSharedProject(t, "")
	r := newRecorder(t, binary)
	p.recordedBy(r, terraform.Options{})
	seen := p.observe()
	if got, want := r.take(), "version init workspace workspace state plan show"; got != want {
		t.Errorf("a plan ran: %s; want %s", got, want)
	}
	p.stillBinds(seen)
	p.apply(p.request(seen))
	// The settings of a backend may hold passwords: what an init noted of them
	// is not kept, so that the next command begins with an init of its own.
	want := "init workspace state init workspace state apply state"
	if old(seen) {
		want += " show"
	}
	if got := r.take(); got != want {
		t.Errorf("an apply ran: %s; want %s", got, want)
	}
}

// TestAnInitIsLeftOutWhereNothingIsOpen changes, one by one, what an init reads
// and what it leaves.
func TestAnInitIsLeftOutWhereNothingIsOpen(t *testing.T) {
	t.Parallel()
	binary, err := usableBinary()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change  func(p *project, r recorder)
		repeats bool
	}{
		"nothing":                    {func(*project, recorder) {}, false},
		"another input":              {func(p *project, _ recorder) { p.input("size", "large") }, false},
		"an applied plan":            {func(p *project, _ recorder) { p.apply(p.request(p.observe())) }, false},
		"the sources":                {func(p *project, _ recorder) { p.write("infra/cache/more.tf", `locals { more = 1 }`) }, true},
		"the data folder is gone":    {func(p *project, _ recorder) { p.remove(dataFolder) }, true},
		"the backend's note is gone": {func(p *project, _ recorder) { p.remove(dataFolder + "/terraform.tfstate") }, true},
		"the backend's note differs": {func(p *project, _ recorder) { p.write(dataFolder+"/terraform.tfstate", "{}") }, true},
		"a file too many":            {func(p *project, _ recorder) { p.write(dataFolder+"/plugin_path", "[]") }, true},
		"half a memory":              {func(p *project, _ recorder) { p.write(workFolder+"/init.json", `{"given"`) }, true},
		"no memory":                  {func(p *project, _ recorder) { p.remove(workFolder + "/init.json") }, true},
		"another mirror":             {func(p *project, r recorder) { p.recordedBy(r, terraform.Options{PluginMirror: p.root}) }, true},
		"another environment":        {func(p *project, r recorder) { p.recordedBy(r, terraform.Options{Environment: []string{"HOME"}}) }, true},
		"an init that was cut off":   {func(p *project, _ recorder) { p.cutOff() }, true},
		"the tree was being laid":    {func(p *project, _ recorder) { p.move(dataFolder, workFolder+"/aside") }, false},
		"another workspace came by":  {func(p *project, _ recorder) { p.otherWorkspace() }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, sized)
			r := newRecorder(t, binary)
			p.recordedBy(r, terraform.Options{})
			p.input("size", "small")
			p.observe()
			test.change(p, r)
			r.take()
			p.apply(p.request(p.observe()))
			if got := r.take(); strings.Contains(got, "init") != test.repeats {
				t.Errorf("%s ran", got)
			}
		})
	}
}

const (
	workFolder = ".lockstep/work/staging/infra%2Fcache"
	dataFolder = workFolder + "/tree/infra/cache/.terraform"
)

func (p *project) remove(name string) {
	p.t.Helper()
	if _, err := os.Lstat(filepath.Join(p.root, name)); err != nil {
		p.t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(p.root, name)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) move(from, to string) {
	p.t.Helper()
	if err := os.Rename(filepath.Join(p.root, from), filepath.Join(p.root, to)); err != nil {
		p.t.Fatal(err)
	}
}

// cutOff has an init fail, and takes back what it failed on.
func (p *project) cutOff() {
	p.t.Helper()
	p.write("infra/cache/more.tf", `terraform { required_version = "< 0.1" }`)
	if _, err := p.tryObserve(); err == nil {
		p.t.Fatal("an impossible version was accepted")
	}
	p.remove("infra/cache/more.tf")
}

func (p *project) otherWorkspace() {
	p.settings["workspace"] = "blue"
	p.observe()
	delete(p.settings, "workspace")
}

// TestAnOpenChoiceOfProvidersIsMadeAgain: without a lock file the mirror may
// have a newer version tomorrow; what a plan has chosen is not open any more.
func TestAnOpenChoiceOfProvidersIsMadeAgain(t *testing.T) {
	t.Parallel()
	binary, err := usableBinary()
	if err != nil {
		t.Fatal(err)
	}
	p := newMirroredProject(t, trialprovider.NewCloud(t).Provider()+named)
	r := newRecorder(t, binary)
	p.recordedBy(r, terraform.Options{PluginMirror: trialprovider.Mirror(t)})
	p.observe()
	r.take()
	seen := p.observe()
	if got := r.take(); !strings.HasPrefix(got, "init") {
		t.Errorf("without a lock file %s ran", got)
	}
	for _, in := range seen.Terraform.Source {
		if strings.HasSuffix(in.Path, ".terraform.lock.hcl") {
			p.write(in.Path, string(seen.Blobs[in.Digest]))
		}
	}
	p.observe()
	if got := r.take(); strings.Contains(got, "init") {
		t.Errorf("with the lock file that was chosen before %s ran", got)
	}
	links, err := filepath.Glob(filepath.Join(p.root, dataFolder, "providers/*/*/*/*/*"))
	if err != nil || len(links) != 1 {
		t.Fatalf("installed providers %v, %v", links, err)
	}
	if err := os.Remove(links[0]); err != nil {
		t.Fatal(err)
	}
	p.apply(p.request(p.observe()))
	if got := r.take(); !strings.HasPrefix(got, "init") {
		t.Errorf("without the provider's program %s ran", got)
	}
}

// TestABinaryIsAskedOnce until it is another one.
func TestABinaryIsAskedOnce(t *testing.T) {
	t.Parallel()
	r := newRecorder(t, "")
	if err := os.Remove(r.path()); err != nil {
		t.Fatal(err)
	}
	copyFile(t, executable(t), r.path())
	r.file("answer", "Terraform v1.9.0")
	p := newProject(t, sized)
	versionOf := func() string {
		p.recordedBy(r, terraform.Options{})
		seen, err := p.provider.Observe(t.Context(), providers.ObserveRequest{
			Environment: "staging", Address: "terraform.cache", Settings: p.raw(), Late: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		return seen.Terraform.Version
	}
	for range 2 {
		if v := versionOf(); v != "1.9.0" {
			t.Errorf("version %s", v)
		}
	}
	if got := r.take(); got != "version" {
		t.Errorf("%s ran", got)
	}
	r.file("answer", "Terraform v1.10.0")
	now := time.Now()
	if err := os.Chtimes(r.path(), now, now); err != nil {
		t.Fatal(err)
	}
	if v := versionOf(); v != "1.10.0" {
		t.Errorf("version %s of a newer file", v)
	}
	if err := os.Remove(r.path()); err != nil {
		t.Fatal(err)
	}
	script := fakeBinary(t, r.folder, recorderName, "Terraform v1.11.0")
	if v := versionOf(); v != "1.11.0" {
		t.Errorf("version %s of a script", v)
	}
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho 'Terraform v1.12.0'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if v := versionOf(); v != "1.12.0" {
		t.Errorf("version %s: a script was believed", v)
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestABinaryThatAnswersForAnotherOneIsFoundOut: its plan says who made it.
func TestABinaryThatAnswersForAnotherOneIsFoundOut(t *testing.T) {
	t.Parallel()
	binary, err := usableBinary()
	if err != nil {
		t.Fatal(err)
	}
	p := newProject(t, sized)
	r := newRecorder(t, binary)
	r.file("answer", "Terraform v1.4.0")
	p.recordedBy(r, terraform.Options{})
	p.input("size", "small")
	_, err = p.tryObserve()
	if err == nil || !strings.Contains(err.Error(), "terraform 1.4.0") || !strings.Contains(err.Error(), terraform.BinaryVariable) {
		t.Fatalf("observe returns %v", err)
	}
	if err := os.Remove(filepath.Join(r.folder, "answer")); err != nil {
		t.Fatal(err)
	}
	p.recordedBy(r, terraform.Options{})
	p.observe()
}

// TestWhatBindsComesFromTheBundle: the working tree may be another one by now.
func TestWhatBindsComesFromTheBundle(t *testing.T) {
	t.Parallel()
	shared, _ := newSharedProject(t, "")
	local := newProject(t, sized)
	local.input("size", "small")
	for name, p := range map[string]*project{"pg": shared, "local": local} {
		t.Run(name, func(t *testing.T) {
			p.t = t
			seen := p.observe()
			p.write("infra/cache/main.tf", "no configuration")
			p.stillBinds(seen)
			if name == "pg" && seen.Terraform.Lineage == "" {
				t.Error("the state has no lineage")
			}
		})
	}
	var none plans.Observation
	local.write("infra/cache/main.tf", sized)
	if _, err := local.provider.Observe(t.Context(), providers.ObserveRequest{
		Environment: "staging", Address: "terraform.cache", Settings: local.raw(), BindingOnly: true, Planned: &none,
	}); err != nil {
		t.Errorf("without a plan: %v", err)
	}
}
