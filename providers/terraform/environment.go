package terraform

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// passed names the variables that Terraform may see. A name that ends in an
// underscore stands for all that begin with it. What is not here stays out: a
// plan runs code of the configuration's choosing.
func passed() []string {
	return []string{
		"PATH", "USER", "LOGNAME", "TMPDIR", "LANG", "LC_ALL", "TZ",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
		"SSL_CERT_FILE", "SSL_CERT_DIR", "SSH_AUTH_SOCK",
		"TF_PLUGIN_CACHE_DIR", "TF_TOKEN_", "TF_HTTP_",
		"AWS_", "ARM_", "AZURE_", "GOOGLE_", "CLOUDSDK_", "KUBE_", "KUBECONFIG", "VAULT_",
	}
}

// HomeVariable names the environment variable by which the operator gives
// Terraform a home folder: for providers that read their credentials there,
// and for Git.
const HomeVariable = "LOCKSTEP_TERRAFORM_HOME"

// home returns the home folder that Terraform gets: the one that is named, or
// one without any file.
func (m *module) home() (string, error) {
	if named := m.provider.options.Home; named != "" {
		return named, nil
	}
	empty := filepath.Join(m.place.work, "home")
	if err := os.RemoveAll(empty); err != nil {
		return "", fmt.Errorf("empty home for terraform: %w", err)
	}
	if err := os.MkdirAll(empty, 0o700); err != nil {
		return "", fmt.Errorf("empty home for terraform: %w", err)
	}
	return empty, nil
}

// environment returns what of all Terraform gets, with its home, its
// configuration file and its manners set.
func environment(all, extra []string, home, cliConfig string) []string {
	names := slices.Concat(passed(), extra)
	var kept []string
	for _, entry := range all {
		name, _, _ := strings.Cut(entry, "=")
		if slices.ContainsFunc(names, func(pattern string) bool {
			return name == pattern || strings.HasSuffix(pattern, "_") && strings.HasPrefix(name, pattern)
		}) {
			kept = append(kept, entry)
		}
	}
	return append(kept,
		"HOME="+home,
		"TF_CLI_CONFIG_FILE="+cliConfig,
		"TF_IN_AUTOMATION=1",
		"TF_INPUT=0",
		"CHECKPOINT_DISABLE=1",
	)
}
