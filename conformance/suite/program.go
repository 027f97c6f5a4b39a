package suite

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
)

// programChecks are those of taps and targets alike.
func programChecks() []Check {
	return []Check{
		{"error/config-missing", Must, "A config file that is not there is an error, not an empty config.", refuses((*session).configMissing)},
		{"error/config-broken", Must, "A config file that is not JSON is an error.", refuses((*session).configBroken)},
		{"error/config-unknown-key", Should, "A misspelt setting is an error: otherwise it has no effect, and nobody notices.", refuses((*session).keyUnknown)},
		{"error/flag-unknown", Must, "An unknown flag is an error.", refuses((*session).flagUnknown)},
		{"error/readable", Should, "What went wrong is said on standard error, without a stack trace.", errorsReadable},
		{"cli/version", Should, "--version prints name and version and exits with 0.", prints("--version")},
		{"cli/help", Should, "--help explains the usage and exits with 0.", prints("--help")},
		{"cli/about", Should, "--about --format=json tells runners the settings and capabilities.", aboutSays},
		{"secret/unsaid", Must, "No secret of the config is printed in any of the runs above. Logs are read by many.", secretsUnsaid},
	}
}

// verboseEnv has a program log as much as it can, by the variables of Meltano's SDK.
func (s *session) verboseEnv() []string {
	own := strings.ToUpper(strings.ReplaceAll(filepath.Base(s.Command[0]), "-", "_"))
	return []string{"LOGLEVEL=DEBUG", own + "_LOGLEVEL=DEBUG"}
}

func verbose(s *session) error {
	r, err := s.readAll(nil, s.verboseEnv()...)
	if err != nil {
		return err
	}
	return errors.Join(r.succeeded(), r.grammar())
}

// buffered is how many bytes of output may be under way when the signal comes. A smaller output may have been complete by then.
const buffered = 512 << 10

// begun is a run that has printed its first line.
func (s *session) begun(args []string) (*running, error) {
	l, err := s.start(nil, args...)
	if err != nil {
		return nil, err
	}
	l.stdin.Close()
	if _, ok := l.line(); !ok {
		l.end()
		return nil, notApplicable("it prints nothing")
	}
	return l, nil
}

// interrupted sends a signal while the tap waits for its output to be read, and then reads it.
func (s *session) interrupted(signal syscall.Signal) error {
	whole, err := s.complete()
	if err != nil {
		return err
	}
	l, err := s.startedRun()
	if err != nil {
		return err
	}
	l.signal(signal)
	r := parse(l.end())
	var p problems
	switch {
	case r.code == 0 && len(r.messages) >= len(whole.messages) && len(r.stdout) < buffered:
		return notApplicable("the run is over before the signal comes; give it more to read")
	case r.code == 0 && len(r.messages) >= len(whole.messages) || r.timedOut:
		p.add("it goes on to the end")
	case r.signal == signal:
		p.add("the signal kills it where it stands")
	case r.code != 0 && r.code != 128+int(signal):
		p.add("exit code %d", r.code)
	}
	p.addError(r.grammar())
	if stackTrace.MatchString(r.stderr) {
		p.add("a stack trace")
	}
	return p.err()
}

// startedRun is a run of a tap that has printed its first line.
func (s *session) startedRun() (*running, error) {
	args, err := s.arguments(nil)
	if err != nil {
		return nil, err
	}
	return s.begun(args)
}

// abandoned is the check that a program ends, without a stack trace, when nobody reads its output any more.
func abandoned(start func(*session) (*running, error)) func(*session) error {
	return func(s *session) error {
		l, err := start(s)
		if err != nil {
			return err
		}
		l.closeOutput()
		e := l.end()
		switch {
		case e.timedOut:
			return errors.New("it goes on")
		case stackTrace.MatchString(e.stderr):
			return errors.New("a stack trace")
		}
		return nil
	}
}

// The arguments of runs that a person can start by mistake.

func (s *session) configMissing() ([]string, error) {
	return []string{"--config", filepath.Join(s.dir, "missing.json")}, nil
}

func (s *session) configBroken() ([]string, error) {
	path, err := s.file("config.json", "{\"a\": 1,,\n")
	return []string{"--config", path}, err
}

func (s *session) keyUnknown() ([]string, error) {
	return s.with(map[string]any{"no_such_setting": "1"})
}

func (s *session) flagUnknown() ([]string, error) { return s.with(nil, "--no-such-flag") }

// runWith is a run with such arguments.
func (s *session) runWith(mistake func(*session) ([]string, error)) (outcome, error) {
	args, err := mistake(s)
	if err != nil {
		return outcome{}, err
	}
	return s.run("", nil, args...)
}

// refuses is the check that such a run fails.
func refuses(mistake func(*session) ([]string, error)) func(*session) error {
	return func(s *session) error {
		e, err := s.runWith(mistake)
		if err != nil {
			return err
		}
		return e.refused()
	}
}

func errorsReadable(s *session) error {
	var p problems
	for _, mistake := range []func(*session) ([]string, error){(*session).configMissing, (*session).configBroken, (*session).flagUnknown} {
		e, err := s.runWith(mistake)
		if err != nil {
			return err
		}
		p.addError(e.readable())
	}
	return p.err()
}

// prints is the check that a flag makes the program print something and end well.
func prints(flag string) func(*session) error {
	return func(s *session) error {
		e, err := s.run("", nil, flag)
		if err != nil {
			return err
		}
		if err := e.succeeded(); err != nil {
			return err
		}
		if strings.TrimSpace(e.stdout) == "" {
			return errors.New("nothing on standard output")
		}
		return nil
	}
}

func aboutSays(s *session) error {
	e, err := s.run("", nil, "--about", "--format=json")
	if err != nil {
		return err
	}
	if err := e.succeeded(); err != nil {
		return err
	}
	var a about
	if err := decode([]byte(e.stdout), &a); err != nil {
		return errors.New("it is no JSON object of the SDK's form")
	}
	var p problems
	if a.Name == "" {
		p.add("no name")
	}
	if len(a.Capabilities) == 0 {
		p.add("no capabilities")
	}
	if a.Settings.Properties == nil {
		p.add("no settings.properties")
	}
	return p.err()
}

// secretsUnsaid looks at the output of all runs so far, and of one more that fails.
func secretsUnsaid(s *session) error {
	if _, err := s.runWith((*session).keyUnknown); err != nil {
		return err
	}
	return s.unsaid()
}

func (s *session) unsaid() error {
	if len(s.secrets()) == 0 {
		return notApplicable("the config holds no secret")
	}
	var p problems
	for _, leak := range s.leaks {
		p.add("%s", leak)
	}
	return p.err()
}
