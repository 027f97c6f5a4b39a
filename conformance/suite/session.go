package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A session is what the checks of one subject share: its settings, files of its own, and what several checks look at.
type session struct {
	Subject
	ctx    context.Context
	dir    string
	files  int
	config map[string]any // merged from all config files; nil without any
	leaks  []string       // where a secret was printed

	about   *about
	catalog *catalog
	flag    string // --catalog or --properties
	whole   *reading
	again   *reading
	base    *database // of targets and destinations
	source  *source
}

const usualTimeout = 2 * time.Minute

func newSession(ctx context.Context, subject Subject) (*session, error) {
	s := &session{Subject: subject, ctx: ctx}
	if s.Timeout == 0 {
		s.Timeout = usualTimeout
	}
	if s.Env == nil {
		s.Env = os.Environ()
	}
	for _, path := range s.Configs {
		if err := s.merge(path); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp("", "conformance-")
	s.dir = dir
	return s, err
}

// close removes all that the session made.
func (s *session) close() {
	if s.base != nil {
		s.base.conn.Close(context.WithoutCancel(s.ctx))
	}
	os.RemoveAll(s.dir)
}

func (s *session) merge(path string) error {
	config, err := readJSON(path)
	if err != nil {
		return err
	}
	if s.config == nil {
		s.config = map[string]any{}
	}
	maps.Copy(s.config, config)
	return nil
}

// readJSON is the JSON object in a file that was given.
func readJSON(path string) (members map[string]any, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, machineError{err}
	}
	if err := decode(text, &members); err != nil {
		return nil, machineError{fmt.Errorf("%s: %w", path, err)}
	}
	return members, nil
}

// decode reads one JSON text, with nothing after it. Numbers stay as they are written.
func decode(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("something follows the JSON text")
	}
	return nil
}

// file writes a file of the session and returns its path. Content that is no string is written as JSON.
func (s *session) file(name string, content any) (string, error) {
	text, ok := content.(string)
	if !ok {
		encoded, err := json.Marshal(content)
		if err != nil {
			return "", machineError{err}
		}
		text = string(encoded)
	}
	s.files++
	path := filepath.Join(s.dir, fmt.Sprintf("%d-%s", s.files, name))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", machineError{err}
	}
	return path, nil
}

// with are the arguments that pass the settings, followed by args. changes are settings that replace others or are added.
func (s *session) with(changes map[string]any, args ...string) ([]string, error) {
	if s.config == nil && changes == nil {
		return args, nil
	}
	path, err := s.configFile(changes)
	return append([]string{"--config", path}, args...), err
}

func (s *session) configFile(changes map[string]any) (string, error) {
	config := map[string]any{}
	if s.base != nil {
		var err error
		if config, err = s.filled(changes); err != nil {
			return "", err
		}
	} else {
		maps.Copy(config, s.config)
		maps.Copy(config, changes)
	}
	return s.file("config.json", config)
}

// sensitive matches names of settings that hold secrets.
var sensitive = regexp.MustCompile(`(?i)(^|_)(password|passwd|secret|token|api_?key|private_?key|credentials?|access_?key|client_secret|service_account|dsn|sqlalchemy_url)(_|$)`)

// secrets are the values that must never be printed: those of settings that the program declares secret or that are named like one, and
// passwords in URLs. Short ones are left out, as they may be printed by chance.
func (s *session) secrets() []string {
	var found []string
	var walk func(name string, value any)
	walk = func(name string, value any) {
		switch value := value.(type) {
		case map[string]any:
			for inner, v := range value {
				if !sensitive.MatchString(inner) && sensitive.MatchString(name) {
					inner = name // everything in a block of credentials is secret
				}
				walk(inner, v)
			}
		case []any:
			for _, v := range value {
				walk(name, v)
			}
		case string:
			if u, err := url.Parse(value); err == nil && u.User != nil {
				value, _ = u.User.Password()
			} else if !sensitive.MatchString(name) && !s.about.secret(name) || strings.HasPrefix(value, "http") || isPath(value) {
				return
			}
			if len(value) >= 6 {
				found = append(found, value)
			}
		}
	}
	walk("", s.config)
	if s.base != nil {
		walk("password", s.base.conn.Config().Password)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func isPath(text string) bool {
	_, err := os.Stat(text)
	return err == nil
}

// watch looks for secrets in what a run printed. Airbyte's CONTROL messages may hold them: they carry a changed config.
func (s *session) watch(e outcome) {
	for _, secret := range s.secrets() {
		quoted, _ := json.Marshal(secret)
		for _, form := range slices.Compact([]string{secret, strings.Trim(string(quoted), `"`), url.QueryEscape(secret)}) {
			if strings.Contains(e.stderr, form) {
				s.leaked("standard error", e)
				break
			}
			if slices.ContainsFunc(slices.Collect(strings.Lines(e.stdout)), func(line string) bool {
				return strings.Contains(line, form) && !strings.Contains(line, `"CONTROL"`)
			}) {
				s.leaked("standard output", e)
				break
			}
		}
	}
}

func (s *session) leaked(where string, e outcome) {
	s.leaks = append(s.leaks, fmt.Sprintf("%s: a secret of the config is on %s", e.title(), where))
}
