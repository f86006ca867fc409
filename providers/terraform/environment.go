package terraform

import (
	"slices"
	"strings"
)

// passed names the variables that Terraform may see. A name that ends in an
// underscore stands for all that begin with it. What is not here stays out: a
// plan runs code of the configuration's choosing.
func passed() []string {
	return []string{
		"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LANG", "LC_ALL", "TZ",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
		"SSL_CERT_FILE", "SSL_CERT_DIR", "SSH_AUTH_SOCK",
		"TF_PLUGIN_CACHE_DIR", "TF_TOKEN_", "TF_HTTP_",
		"AWS_", "ARM_", "AZURE_", "GOOGLE_", "CLOUDSDK_", "KUBE_", "KUBECONFIG", "VAULT_",
	}
}

// environment returns what of all Terraform gets, with its configuration file
// and its manners set.
func environment(all, extra []string, cliConfig string) []string {
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
		"TF_CLI_CONFIG_FILE="+cliConfig,
		"TF_IN_AUTOMATION=1",
		"TF_INPUT=0",
		"CHECKPOINT_DISABLE=1",
	)
}
