package settings

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// A Foreign setting is one of another program for the same job. Its users' config files hold it, so it is not an unknown key.
type Foreign struct {
	Key string
	// Instead says what to do where the setting asks for something that is not done here, and must not be skipped in silence.
	// Without it the setting has no effect, and is one of those that [Settings.WithoutEffect] lists.
	Instead string
}

// WithoutEffect are the foreign settings that were given, in order of declaration.
func (s *Settings) WithoutEffect() []string { return s.withoutEffect }

// meet looks for foreign settings in the environment and in config files.
func (s *Settings) meet(p *Program, files []configFile, problems *Problems) {
	for _, f := range p.Foreign {
		name := envName(p.Name, f.Key)
		from, raw := "environment "+name, json.RawMessage(nil)
		if text, ok := s.Env(name); ok && text != "" {
			if raw = []byte(text); !json.Valid(raw) {
				raw = quote(text)
			}
		} else {
			for _, file := range slices.Backward(files) {
				if value := file.foreign[f.Key]; value != nil && raw == nil {
					from, raw = "config file "+file.path, value
				}
			}
		}
		switch {
		case raw == nil || string(raw) == "null":
		case f.Instead == "":
			s.withoutEffect = append(s.withoutEffect, f.Key)
		case asksForNothing(raw):
		default:
			problems.line("%s: %s: %s", from, f.Key, f.Instead)
		}
	}
}

// asksForNothing tells whether a value is one that leaves things as they are.
func asksForNothing(raw json.RawMessage) bool {
	text := strings.ToLower(string(bytes.Trim(bytes.TrimSpace(raw), `"`)))
	var compact bytes.Buffer
	if json.Compact(&compact, raw) == nil && compact.Len() == 2 { // "", {}, []
		return true
	}
	return slices.Contains([]string{"", "false", "0", "no", "off", "null", "none"}, text)
}
