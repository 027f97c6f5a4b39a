package suite

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
)

// checkChecks are those of the command check, of sources and destinations alike.
func checkChecks() []Check {
	return []Check{
		{"check/succeeds", Must, "With a good config check prints one CONNECTION_STATUS, SUCCEEDED, and ends with 0.", checkSucceeds},
		{"check/fails", Must, "With an empty config check says what is missing: FAILED with a message, or a TRACE ERROR, never both.", checkFails},
	}
}

// mistakeChecks are those of a person's mistakes, of sources and destinations alike. They come last: secret/unsaid looks at the output of all
// runs before it.
func mistakeChecks() []Check {
	return []Check{
		{"error/config-missing", Must, "A config file that is not there is an error.", rejects((*session).checkMissing)},
		{"error/config-broken", Must, "A config file that is no JSON is an error.", rejects((*session).checkBroken)},
		{"error/trace", Should, "What went wrong is a TRACE ERROR with a message, and no stack trace on standard error.", errorsTraced},
		{"secret/unsaid", Must, "No secret of the config is printed in any of the runs above. Logs are read by many.", connectorSecretsUnsaid},
	}
}

func checkSucceeds(s *session) error {
	t, err := s.configured("check")
	if err != nil {
		return err
	}
	if err := errors.Join(t.succeeded(), t.grammar()); err != nil {
		return err
	}
	status, err := t.one("CONNECTION_STATUS")
	if err != nil {
		return err
	}
	if text(status, "status") != "SUCCEEDED" {
		return errors.New("the status is FAILED: " + text(status, "message"))
	}
	return nil
}

func checkFails(s *session) error {
	path, err := s.file("config.json", "{}")
	if err != nil {
		return err
	}
	t, err := s.verb(nil, "check", "--config", path)
	if err != nil {
		return err
	}
	if err := t.grammar(); err != nil {
		return err
	}
	found, traces := t.of("CONNECTION_STATUS"), t.traces("ERROR")
	switch {
	case len(found) == 0:
		return t.failed()
	case len(found) > 1 || len(traces) > 0:
		return errors.New("more than one answer")
	case text(found[0].payload, "status") == "SUCCEEDED":
		return notApplicable("it needs no setting")
	case text(found[0].payload, "message") == "":
		return errors.New("no message says what is wrong")
	}
	return nil
}

// checkMissing and checkBroken run check with a config file that is missing, and one that is broken.
func (s *session) checkMissing() (*transcript, error) {
	return s.verb(nil, "check", "--config", filepath.Join(s.dir, "missing.json"))
}

func (s *session) checkBroken() (*transcript, error) {
	broken, err := s.file("config.json", "{\"a\": 1,,\n")
	if err != nil {
		return nil, err
	}
	return s.verb(nil, "check", "--config", broken)
}

// rejects is the check that such a run prints FAILED, or ends with another exit code than 0.
func rejects(mistake func(*session) (*transcript, error)) func(*session) error {
	return func(s *session) error {
		t, err := mistake(s)
		if err != nil {
			return err
		}
		for _, m := range t.of("CONNECTION_STATUS") {
			if text(m.payload, "status") == "FAILED" {
				return nil
			}
		}
		return t.refused()
	}
}

func errorsTraced(s *session) error {
	var p problems
	for _, mistake := range []func(*session) (*transcript, error){(*session).checkMissing, (*session).checkBroken} {
		t, err := mistake(s)
		if err != nil {
			return err
		}
		if stackTrace.MatchString(t.stderr) {
			p.add("%s: a stack trace on standard error", t.title())
		}
		if !slices.ContainsFunc(t.of("CONNECTION_STATUS"), func(m *envelope) bool { return strings.TrimSpace(text(m.payload, "message")) != "" }) {
			p.addError(t.failed())
		}
	}
	return p.err()
}

// connectorSecretsUnsaid looks at the output of all runs so far, and of one more.
func connectorSecretsUnsaid(s *session) error {
	if _, err := s.configured("check"); err != nil {
		return err
	}
	return s.unsaid()
}
