package terraform

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/plans"
)

// RoleSource and RolePlan are the roles of this provider's bundle inputs.
const (
	RoleSource = "terraform-source"
	RolePlan   = "terraform-plan"
)

// Sources reads a module and the modules of the project that it calls. The
// paths are relative to root; the contents are keyed by digest. It refuses,
// by name, files through which a folder could bring its own providers,
// settings or state, and links that leave the project.
func Sources(root, source string) ([]plans.Input, map[plans.Digest][]byte, error) {
	files, err := readSources(root, source)
	if err != nil {
		return nil, nil, err
	}
	inputs, blobs := asInputs(files)
	return inputs, blobs, nil
}

func asInputs(files map[string][]byte) ([]plans.Input, map[plans.Digest][]byte) {
	var inputs []plans.Input
	blobs := map[plans.Digest][]byte{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		d := plans.DigestOf(files[name])
		blobs[d] = files[name]
		inputs = append(inputs, plans.Input{Role: RoleSource, Path: name, Digest: d, Size: int64(len(files[name]))})
	}
	return inputs, blobs
}

func readSources(root, source string) (map[string][]byte, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("project folder: %w", err)
	}
	defer r.Close()
	s := &sourceReader{project: r.FS(), files: map[string][]byte{}}
	return s.files, s.follow(source)
}

// sourceReader reads modules of a project that no link leads out of.
type sourceReader struct {
	project fs.FS
	files   map[string][]byte
	// instead, where it is set, gets what would end the reading: a file that
	// must not be there, or a module that cannot be read.
	instead func(name, reason string)
}

// follow reads a module and those that it calls.
func (s *sourceReader) follow(source string) error {
	pending := []string{path.Clean(filepath.ToSlash(source))}
	seen := map[string]bool{}
	for len(pending) > 0 {
		folder := pending[0]
		pending = pending[1:]
		if seen[folder] {
			continue
		}
		seen[folder] = true
		called, err := s.module(folder)
		if err != nil {
			if s.instead == nil {
				return err
			}
			s.instead(folder, err.Error())
		}
		pending = append(pending, called...)
	}
	return nil
}

// module reads one module's folder and returns the folders that it calls.
func (s *sourceReader) module(folder string) ([]string, error) {
	if !filepath.IsLocal(filepath.FromSlash(folder)) {
		return nil, fmt.Errorf("terraform source %s lies outside of the project; move the module into it", folder)
	}
	if err := fs.WalkDir(s.project, folder, s.visit); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("terraform source %s: there is no such folder in the project", folder)
		}
		return nil, err
	}
	holding := map[string]map[string][]byte{} // by folder: its files of configuration
	for name, content := range s.files {
		if dir := path.Dir(name); isConfiguration(name) && under(folder, name) {
			if holding[dir] == nil {
				holding[dir] = map[string][]byte{}
			}
			holding[dir][name] = content
		}
	}
	var called []string
	for _, dir := range slices.Sorted(maps.Keys(holding)) {
		c, err := readConfiguration(dir, holding[dir])
		if err != nil {
			return nil, err
		}
		for _, source := range c.modules {
			called = append(called, path.Join(dir, source))
		}
	}
	slices.Sort(called)
	return slices.Compact(called), nil
}

func (s *sourceReader) visit(name string, entry fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	if entry.IsDir() && skipped(entry.Name()) {
		return fs.SkipDir
	}
	if reason := refused(entry.Name()); reason != "" {
		if s.instead == nil {
			return fmt.Errorf("%s: %s", name, reason)
		}
		s.instead(name, reason)
		if entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if entry.IsDir() {
		return nil
	}
	b, err := s.content(name)
	if err != nil && s.instead != nil {
		s.instead(name, err.Error())
		return nil
	}
	s.files[name] = b
	return err
}

func (s *sourceReader) content(name string) ([]byte, error) {
	info, err := fs.Stat(s.project, name)
	if err != nil {
		return nil, fmt.Errorf("%s: a link must stay inside of the project and lead to a file: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: expected a regular file, found %s; Terraform sources are copied file by file", name, info.Mode().Type())
	}
	b, err := fs.ReadFile(s.project, name)
	if err != nil {
		return nil, fmt.Errorf("terraform source: %w", err)
	}
	return b, nil
}

// skipped folders hold what Terraform, Git and Lockstep make for themselves;
// they are no sources and are not copied.
func skipped(name string) bool {
	return name == ".terraform" || name == ".git" || name == ".lockstep"
}

// refused says why a file or folder must not be in a module; empty if it may.
// Some file systems do not tell upper from lower case, so names are compared
// without it.
func refused(name string) string {
	name = strings.ToLower(name)
	switch {
	case name == "terraform.d":
		return "this folder brings its own provider programs, which a plan would run; remove it and use a provider mirror"
	case name == ".terraformrc", name == "terraform.rc", name == ".tofurc", name == "tofu.rc", strings.HasSuffix(name, ".tfrc"):
		return "this is a Terraform CLI configuration, which can replace providers; remove it from the module"
	case strings.HasSuffix(name, ".tfstate"), strings.Contains(name, ".tfstate."):
		return "this is Terraform state, which Lockstep would not use; move it to a backend, or into Lockstep's state folder, and remove it from the module"
	case name == overrideFile:
		return "this name is reserved for the file in which Lockstep sets the backend; rename it"
	}
	return ""
}

func isConfiguration(name string) bool {
	return strings.HasSuffix(name, ".tf") || strings.HasSuffix(name, ".tf.json") ||
		strings.HasSuffix(name, ".tofu") || strings.HasSuffix(name, ".tofu.json")
}

func under(folder, name string) bool {
	return folder == "." || strings.HasPrefix(name, folder+"/")
}

// restore writes sources into an empty tree. Every content is checked against
// its digest, so that what was reviewed is what runs.
func restore(tree string, sources []plans.Input, blob func(plans.Digest) ([]byte, error)) error {
	for _, in := range sources {
		local := filepath.FromSlash(in.Path)
		if !filepath.IsLocal(local) {
			return fmt.Errorf("terraform source %q in the plan leaves its folder; the plan was altered", in.Path)
		}
		b, err := verified(in.Digest, blob)
		if err != nil {
			return fmt.Errorf("terraform source %s: %w", in.Path, err)
		}
		target := filepath.Join(tree, local)
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return fmt.Errorf("restore terraform sources: %w", err)
		}
		if err := os.WriteFile(target, b, 0o600); err != nil {
			return fmt.Errorf("restore terraform sources: %w", err)
		}
	}
	return nil
}

// verified returns a content of the bundle after computing its digest again.
func verified(d plans.Digest, blob func(plans.Digest) ([]byte, error)) ([]byte, error) {
	b, err := blob(d)
	if err != nil {
		return nil, err
	}
	if found := plans.DigestOf(b); found != d {
		return nil, fmt.Errorf("the bundle holds %s where the plan names %s; it was altered, so make a new plan", found.Short(), d.Short())
	}
	return b, nil
}
