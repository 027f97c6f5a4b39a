package suite

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/signalroom/signalroom/conformance/cases"
)

// Target are the checks of a Singer target: first the cases, by name, then those that no file can say.
func Target() ([]Check, error) {
	all, err := cases.Target()
	if err != nil {
		return nil, err
	}
	l := singerTarget()
	return append(fromCases(all, l),
		Check{"state/never-ahead", Must, "A state is printed after the commit of all that came before it. One that runs ahead loses rows with the next crash.", inSchema(l, neverAhead)},
		Check{"state/kill", Must, "Killed at any instant and started again from its last state, a target holds every row.", killed},
		Check{"state/sigterm", Should, "SIGTERM: what came so far is loaded, the state is printed, soon, and without a stack trace.", inSchema(l, drained)},
		Check{"size/long-record", Should, "A record of 20 MB is loaded; Meltano passes lines of up to 50 MB.", inSchema(l, longRecord)},
		Check{"size/many-streams", Should, "Two hundred streams in one run: a target must not hold one of everything for each.", inSchema(l, manyStreams)},
		Check{"error/config-missing", Must, "A config file that is not there is an error, not an empty config.", inSchema(l, configMissing)},
		Check{"error/config-broken", Must, "A config file that is no JSON is an error.", inSchema(l, configBroken)},
		Check{"error/config-unknown-key", Should, "A misspelt setting is an error: otherwise it is without effect, and nobody knows.", inSchema(l, configUnknownKey)},
		Check{"error/flag-unknown", Must, "An unknown flag is an error.", inSchema(l, flagUnknown)},
		Check{"error/readable", Should, "What went wrong is said on standard error, without a stack trace.", inSchema(l, errorsReadable)},
		Check{"cli/version", Should, "--version says name and version and ends with 0.", version},
		Check{"cli/help", Should, "--help says how it is used and ends with 0.", help},
		Check{"cli/about", Should, "--about --format=json tells runners the settings and capabilities.", aboutSays},
		Check{"secret/unsaid", Must, "No secret of the config is printed in any of the runs above. Logs are read by many.", inSchema(l, secretsUnsaid)},
	), nil
}

// A loader is one of the two kinds of program that load.
type loader struct {
	config  map[string]any // where no config file is given: the names that most programs have
	load    func(*session, map[string]any, cases.Step) (ended, error)
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
		checks = append(checks, Check{"case/" + c.Name, level, c.Why, inSchema(l, func(s *session) error { return s.runCase(c, l) })})
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

// settings are those of a case. One that the program does not know makes the case not applicable.
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

// loadInto is a run of a target.
func (s *session) loadInto(settings map[string]any, step cases.Step) (ended, error) {
	args, err := s.with(settings)
	if err != nil {
		return ended{}, err
	}
	return s.run(step.Input, nil, args...)
}

// judge compares what a step left with what it should.
func (s *session) judge(l loader, step cases.Step, e ended) error {
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
	got, err := s.answers(step.Query)
	if err != nil {
		return fmt.Errorf("looking into the tables: %w", err)
	}
	if got != step.Rows {
		return fmt.Errorf("the tables hold\n%s\ninstead of\n%s", indent(got), indent(step.Rows))
	}
	return nil
}

func indent(text string) string {
	if text == "" {
		return "  nothing"
	}
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ")
}
