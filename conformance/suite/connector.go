package suite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

func readJSON(path string) (value any, err error) {
	text, err := os.ReadFile(path)
	if err == nil {
		err = decode(text, &value)
	}
	if err != nil {
		return nil, machineError{err}
	}
	return value, nil
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

// connectorMisled are the arguments of check without a config, and with a broken one.
func (s *session) connectorMisled() ([][]string, error) {
	broken, err := s.file("config.json", "{\"a\": 1,,\n")
	return [][]string{{"check", "--config", filepath.Join(s.dir, "missing.json")}, {"check", "--config", broken}}, err
}

// rejected is a check that did not succeed, in one of the two ways.
func (t *transcript) rejected() error {
	for _, m := range t.of("CONNECTION_STATUS") {
		if text(m.payload, "status") == "FAILED" {
			return nil
		}
	}
	return t.refused()
}

func connectorConfigMissing(s *session) error { return s.connectorRejects(0) }
func connectorConfigBroken(s *session) error  { return s.connectorRejects(1) }

func (s *session) connectorRejects(which int) error {
	all, err := s.connectorMisled()
	if err != nil {
		return err
	}
	t, err := s.verb(nil, all[which]...)
	if err != nil {
		return err
	}
	return t.rejected()
}

func errorsTraced(s *session) error {
	all, err := s.connectorMisled()
	if err != nil {
		return err
	}
	var p problems
	for _, args := range all {
		t, err := s.verb(nil, args...)
		if err != nil {
			return err
		}
		if stackTrace.MatchString(t.stderr) {
			p.add("%s: a stack trace on standard error", t.title())
		}
		told := false
		for _, m := range t.of("CONNECTION_STATUS") {
			told = told || strings.TrimSpace(text(m.payload, "message")) != ""
		}
		if !told {
			p.addError(t.failed())
		}
	}
	return p.err()
}

// connectorSecretsUnsaid looks at all runs so far, and at one more.
func connectorSecretsUnsaid(s *session) error {
	if _, err := s.configured("check"); err != nil {
		return err
	}
	return s.unsaid()
}
