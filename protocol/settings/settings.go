package settings

import (
	"encoding/json"
	"log/slog"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Settings are what a program was started with, once parsed: its command, and for each setting where its value came from.
type Settings struct {
	program string
	done    bool
	command string
	table   *table
	sources []source
	secrets []string
	exposed []string // settings whose secrets stand on the command line
	env     func(string) (string, bool)
	dotEnv  map[string]string

	withoutEffect []string
	unknown       []string
	filesAlone    bool
}

// Done tells that the answer was printed and nothing is left to do.
func (s *Settings) Done() bool { return s.done }

// Unknown are the keys of config files that no setting has. Only a command of Airbyte's protocol leaves them aside.
func (s *Settings) Unknown() []string { return s.unknown }

// Command is the command that was chosen, its words joined by a space: "rejects list". It is empty where the grammar has none.
func (s *Settings) Command() string { return s.command }

// Origin says where a setting's value came from, in words for a message: "flag --page-size", "environment
// TAP_X_PAGE_SIZE", "TAP_X_PAGE_SIZE in /home/me/.env", "config file config.json", "default", and "not given".
func (s *Settings) Origin(key string) string {
	if i, ok := s.lookup(key); ok {
		return s.sources[i].name
	}
	return "not given"
}

// Given tells whether the user gave the setting: its value is neither the default nor missing.
func (s *Settings) Given(key string) bool {
	i, ok := s.lookup(key)
	return ok && s.sources[i].given
}

// lookup finds the setting that a key, or a place inside its value as in streams[0].name, belongs to.
func (s *Settings) lookup(key string) (int, bool) {
	if s.sources == nil {
		return 0, false
	}
	for {
		if i, ok := s.table.byKey[key]; ok {
			return i, true
		}
		end := strings.LastIndexAny(key, ".[")
		if end < 0 {
			return 0, false
		}
		key = key[:end]
	}
}

// Env looks up a variable as the settings did: in the environment, then in .env.
func (s *Settings) Env(name string) (string, bool) {
	if s.env != nil {
		if text, ok := s.env(name); ok {
			return text, true
		}
	}
	text, ok := s.dotEnv[name]
	return text, ok
}

// Problems begins a list of what is wrong with the settings as a whole, for checks that a tag cannot say.
func (s *Settings) Problems() *Problems { return &Problems{settings: s} }

// WarnOfExposed says which secrets stand on the command line.
func (s *Settings) WarnOfExposed(log *slog.Logger) {
	if len(s.exposed) > 0 {
		log.Warn("every user of this machine can read the command line: give secrets in the environment or a config file", "settings", strings.Join(s.exposed, ", "))
	}
}

// ambient are variables in which libraries find secrets by themselves: whole, or within the address of a proxy.
var ambient = [...]string{"PGPASSWORD", "PGSSLPASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
var proxies = [...]string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"}

// Secrets are the texts that must never be printed: the values of secret settings, the passwords and keys inside
// those that are URLs, libpq strings or JSON documents, and what libraries read from the environment beside the settings.
func (s *Settings) Secrets() []string {
	var all []string
	for _, name := range ambient {
		secret, _ := s.Env(name)
		all = append(all, secret)
	}
	for _, name := range proxies {
		address, _ := s.Env(name)
		all = append(all, within(address)...)
	}
	for _, secret := range s.secrets {
		all = append(all, secret)
		all = append(all, within(secret)...)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(text string) bool { return strings.TrimSpace(text) == "" })
}

var (
	libpqPassword = regexp.MustCompile(`(?i)password\s*=\s*('(?:[^'\\]|\\.)*'|[^\s&]+)`)
	urlPassword   = regexp.MustCompile(`://[^:/?#]*:([^/?#]*)@`)
	oddPassword   = regexp.MustCompile(`://[^:]*:(.*)@`) // of what is no valid URL
	// tellingName leaves out names such as private_key_id: that of a key is no secret, while a secret_id is what some vaults call one.
	tellingName = regexp.MustCompile(`(?i)(key|secret|token|password)$|(secret|token|password)_id$`)
)

// within finds the secrets inside a secret.
func within(secret string) []string {
	var out []string
	for _, match := range append(urlPassword.FindAllStringSubmatch(secret, -1), oddPassword.FindAllStringSubmatch(secret, -1)...) {
		out = append(out, match[1])
		if plain, err := url.PathUnescape(match[1]); err == nil {
			out = append(out, plain)
		}
	}
	for _, match := range libpqPassword.FindAllStringSubmatch(secret, -1) {
		out = append(out, strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace(strings.Trim(match[1], "'")))
	}
	if looksLikeJSON(secret) {
		var document any
		if json.Unmarshal([]byte(secret), &document) == nil {
			out = telling(out, "", document)
		}
	}
	return out
}

// exposes tells whether a secret setting's value says a secret by itself: it is neither a file nor an address without password.
func exposes(value string) bool {
	if strings.Contains(value, "://") || strings.Contains(value, "=") && !looksLikeJSON(value) {
		return len(within(value)) > 0
	}
	_, err := os.Stat(value)
	return err != nil
}

// telling adds the texts of a JSON document that stand under names such as private_key.
func telling(out []string, name string, value any) []string {
	switch value := value.(type) {
	case string:
		if tellingName.MatchString(name) {
			out = append(out, value)
		}
	case []any:
		for _, element := range value {
			out = telling(out, name, element)
		}
	case map[string]any:
		for name, member := range value {
			out = telling(out, name, member)
		}
	}
	return out
}
