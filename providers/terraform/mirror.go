package terraform

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// MirrorVariable names the environment variable that says where providers are
// installed from.
const MirrorVariable = "LOCKSTEP_PLUGIN_MIRROR"

// FindMirror returns the one place from which providers may be installed, and
// who named it: what LOCKSTEP_PLUGIN_MIRROR says, else configured, which is
// what the project says. Both are empty when nobody says anything; then
// providers come from their registries.
//
// A folder must be there and have the layout of a filesystem mirror, an
// address must be a network mirror's
// (https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation).
// A plan runs what lies there. So a project may not name a folder of its own,
// with which a change would bring its own programs; the operator may.
func FindMirror(root, configured string) (mirror, why string, err error) {
	if named := os.Getenv(MirrorVariable); named != "" {
		if err := usableMirror(named); err != nil {
			return "", "", fmt.Errorf("%s: %w", MirrorVariable, err)
		}
		return named, "named by " + MirrorVariable, nil
	}
	if configured == "" {
		return "", "", nil
	}
	if err := usableMirror(configured); err != nil {
		return "", "", fmt.Errorf("plugin_mirror of the lockstep block: %w", err)
	}
	if isMirrorAddress(configured) {
		return configured, "named by plugin_mirror of the lockstep block", nil
	}
	inside, err := liesIn(root, configured)
	if err != nil {
		return "", "", fmt.Errorf("plugin_mirror of the lockstep block: %w", err)
	}
	if inside {
		return "", "", fmt.Errorf("plugin_mirror of the lockstep block: %s lies in the project, so that a change could bring the programs that its own plan runs; move it, or let the operator name it in %s",
			configured, MirrorVariable)
	}
	return configured, "named by plugin_mirror of the lockstep block", nil
}

func isMirrorAddress(mirror string) bool { return strings.Contains(mirror, "://") }

func usableMirror(mirror string) error {
	if isMirrorAddress(mirror) {
		u, err := url.Parse(mirror)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			// The text may hold a password.
			return fmt.Errorf("the address is not usable; expected https://HOST/PATH/ without a user name (Terraform takes credentials from TF_TOKEN_HOST)")
		}
		return nil
	}
	if !filepath.IsAbs(mirror) {
		return fmt.Errorf("%q is neither an absolute path nor an https address", mirror)
	}
	info, err := os.Stat(mirror)
	if err != nil {
		return fmt.Errorf("the folder cannot be used: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no folder; expected one with providers in HOST/NAMESPACE/TYPE/VERSION/OS_ARCH, as \"terraform providers mirror\" makes it", mirror)
	}
	return nil
}

// liesIn looks through links: what is meant is where the programs are.
func liesIn(folder, name string) (bool, error) {
	folder, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return false, err
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return false, err
	}
	if name, err = filepath.EvalSymlinks(name); err != nil {
		return false, err
	}
	relative, err := filepath.Rel(folder, name)
	return err == nil && filepath.IsLocal(relative), nil
}

// writeCLIConfig writes Terraform's own configuration for this place and
// returns its path. With a mirror it names that and nothing else: neither
// registries nor folders of the machine are then looked at.
func (m *module) writeCLIConfig() (string, error) {
	mirror := m.provider.options.PluginMirror
	if mirror == "" {
		return os.DevNull, nil
	}
	method, argument := "filesystem_mirror", "path"
	if isMirrorAddress(mirror) {
		method, argument, mirror = "network_mirror", "url", strings.TrimSuffix(mirror, "/")+"/"
	}
	text := fmt.Sprintf("provider_installation {\n  %s {\n    %s = %s\n  }\n}\n", method, argument, strconv.Quote(mirror))
	path := filepath.Join(m.place.work, "mirror.tfrc")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("write Terraform's configuration: %w", err)
	}
	return path, nil
}
