package suite

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/signalroom/signalroom/conformance/cases"
)

// Target are the checks of a Singer target: first the cases, by name, then those that no file can describe.
func Target() ([]Check, error) {
	all, err := cases.Target()
	if err != nil {
		return nil, err
	}
	l := singerTarget()
	checks := append(fromCases(all, l), []Check{
		{"state/never-ahead", Must, "A state is printed after the commit of all that came before it. One that runs ahead loses rows with the next crash.", neverAhead},
		{"state/kill", Must, "Killed at any instant and started again from its last state, a target holds every row.", killed},
		{"state/sigterm", Should, "SIGTERM: what came so far is loaded, the state is printed, soon, and without a stack trace.", drained},
		{"size/long-record", Should, "A record of 20 MB is loaded; Meltano passes lines of up to 50 MB.", longRecord},
		{"size/many-streams", Should, "Two hundred streams in one run: a target must not hold one of everything for each.", manyStreams},
	}...)
	return inSchemas(l, append(checks, programChecks()...)), nil
}

// A loader is a kind of program that loads: a Singer target or an Airbyte destination.
type loader struct {
	config  map[string]any // when no config file is given, with the names that most programs have
	load    func(*session, map[string]any, cases.Step) (outcome, error)
	sent    func(input string) (states []string)
	printed func(output string) (states []string, err error)
}

func singerTarget() loader {
	return loader{
		config: map[string]any{"host": "{{host}}", "port": "{{port}}", "user": "{{user}}", "password": "{{password}}", "database": "{{database}}", "default_target_schema": "{{schema}}"},
		load:   (*session).loadInto, sent: sentStates, printed: printedStates,
	}
}

func fromCases(all []cases.Case, l loader) []Check {
	var checks []Check
	for _, c := range all {
		level := Should
		if c.Must {
			level = Must
		}
		checks = append(checks, Check{"case/" + c.Name, level, c.Why, func(s *session) error { return s.runCase(c, l) }})
	}
	return checks
}

func (s *session) runCase(c cases.Case, l loader) error {
	settings, err := s.settings(c.Settings)
	if err != nil {
		return err
	}
	for i, step := range c.Steps {
		e, err := l.load(s, settings, step)
		if err != nil {
			return err
		}
		if err := s.judge(l, step, e); err != nil {
			if len(c.Steps) > 1 {
				return fmt.Errorf("step %d: %w", i+1, err)
			}
			return err
		}
	}
	return nil
}

// settings are those of a case, which is not applicable to a program that lacks one of them.
func (s *session) settings(text string) (map[string]any, error) {
	if text == "" {
		return nil, nil
	}
	var settings map[string]any
	if err := decode([]byte(text), &settings); err != nil {
		return nil, machineError{err}
	}
	a, err := s.describe()
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if !holds(s.config, name) && !s.has(a, name) {
			return nil, notApplicable("it has no setting " + name)
		}
	}
	return settings, nil
}

// loadInto runs a target for a step of a case.
func (s *session) loadInto(settings map[string]any, step cases.Step) (outcome, error) {
	args, err := s.with(settings)
	if err != nil {
		return outcome{}, err
	}
	return s.run(step.Input, nil, args...)
}

// judge compares the outcome of a step, and the tables, with what the case expects.
func (s *session) judge(l loader, step cases.Step, e outcome) error {
	switch step.Exit {
	case "ok":
		if err := e.succeeded(); err != nil {
			return err
		}
	case "fail":
		if err := e.refused(); err != nil {
			return err
		}
	}
	if stackTrace.MatchString(e.stderr) && step.Exit == "ok" {
		return fmt.Errorf("a stack trace on standard error")
	}
	if err := judgeStates(l, step, e); err != nil {
		return err
	}
	for _, text := range step.Said {
		if !strings.Contains(e.stdout+e.stderr, text) {
			return fmt.Errorf("%q is not said", text)
		}
	}
	for _, text := range step.Unsaid {
		if strings.Contains(e.stdout+e.stderr, text) {
			return fmt.Errorf("a row's value is printed")
		}
	}
	if step.Query == "" {
		return nil
	}
	return s.expect(step.Query, step.Rows)
}

// expect is an error unless the queries return what is wanted.
func (s *session) expect(queries, want string) error {
	got, err := s.answers(queries)
	if err != nil {
		return fmt.Errorf("looking into the tables: %w", err)
	}
	if got != want {
		return fmt.Errorf("the tables hold\n%s\ninstead of\n%s", indent(got), indent(want))
	}
	return nil
}

func indent(text string) string {
	if text == "" {
		return "  nothing"
	}
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ")
}
