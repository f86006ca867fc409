package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// backend is a shared backend as init has configured it.
type backend struct {
	Type   string         `json:"type"`
	Config map[string]any `json:"config"`
}

func (b backend) text(argument string) string {
	text, _ := b.Config[argument].(string)
	return text
}

// initialised reads what init noted of the backend. It holds secrets.
func (m *module) initialised() (backend, error) {
	b, err := os.ReadFile(filepath.Join(m.root(), ".terraform", "terraform.tfstate"))
	if err != nil {
		return backend{}, fmt.Errorf("read the backend's configuration: %w", err)
	}
	var noted struct {
		Backend backend `json:"backend"`
	}
	if err := json.Unmarshal(b, &noted); err != nil {
		return backend{}, errors.New("the backend's configuration is not the expected JSON")
	}
	return noted.Backend, nil
}

// pgBackend keeps states in a database and locks them by advisory locks
// (https://developer.hashicorp.com/terraform/language/backend/pg).
const pgBackend = "pg"

// identity names the state by kind, address and workspace, without secrets.
func (m *module) identity() (string, error) {
	if m.config.local() {
		return m.provider.localIdentity(m.place, m.workspace), nil
	}
	b, err := m.initialised()
	if err != nil {
		return "", err
	}
	parts := []string{b.Type}
	if b.Type == pgBackend {
		parts = append(parts, databaseOf(b.text("conn_str"))...)
	}
	for _, name := range addressing() {
		if v := b.text(name); v != "" && !strings.Contains(v, "@") {
			parts = append(parts, name+"="+v)
		}
	}
	return strings.Join(append(parts, "workspace "+m.workspace), " "), nil
}

// databaseOf names the host, port and database of a connection text, which may
// be a URL or words (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING),
// and nothing else of it.
func databaseOf(text string) []string {
	told := map[string]string{}
	if u, err := url.Parse(text); err == nil && u.Scheme != "" {
		told["host"], told["port"], told["dbname"] = u.Hostname(), u.Port(), strings.TrimPrefix(u.Path, "/")
		for _, name := range []string{"host", "port", "dbname"} {
			if v := u.Query().Get(name); v != "" {
				told[name] = v
			}
		}
	} else {
		told = wordsOf(text)
	}
	var parts []string
	for _, name := range []string{"host", "port", "dbname"} {
		if told[name] != "" {
			parts = append(parts, name+"="+told[name])
		}
	}
	return parts
}

// wordsOf reads "name = value" pairs; a value may stand in single quotes, in
// which a backslash takes the next character as it is.
func wordsOf(text string) map[string]string {
	told := map[string]string{}
	for {
		name, rest, found := strings.Cut(text, "=")
		if !found {
			return told
		}
		value, after := wordOf(strings.TrimLeft(rest, " \t\n"))
		told[strings.TrimSpace(name)], text = value, after
	}
}

func wordOf(text string) (value, rest string) {
	quoted := strings.HasPrefix(text, "'")
	text = strings.TrimPrefix(text, "'")
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			out.WriteByte(text[i])
		case quoted && c == '\'', !quoted && strings.IndexByte(" \t\n", c) >= 0:
			return out.String(), text[i+1:]
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), ""
}

// addressing names the backend arguments that say where state lies and are
// never secret.
func addressing() []string {
	return []string{
		"address", "bucket", "container_name", "endpoint", "hostname", "key", "namespace", "organization",
		"path", "prefix", "region", "schema_name", "secret_suffix", "storage_account_name", "workspace_dir",
	}
}

func (p *Provider) localIdentity(pl *place, workspace string) string {
	file := pl.localState(workspace)
	if relative, err := filepath.Rel(p.options.Root, file); err == nil && filepath.IsLocal(relative) {
		file = filepath.ToSlash(relative)
	}
	return fmt.Sprintf("local %s workspace %s", file, workspace)
}
