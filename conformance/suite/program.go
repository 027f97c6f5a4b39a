package suite

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
)

// verboseEnv asks a program of the SDK's kind for all that it can say.
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

func sigterm(s *session) error { return interrupted(s, syscall.SIGTERM) }

func sigint(s *session) error { return interrupted(s, syscall.SIGINT) }

// buffered is how much a program may have read and kept back before its reader reads.
const buffered = 512 << 10

// begun starts a run and waits for its first line.
func (s *session) begun(args []string) (*live, error) {
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

// interrupted sends a signal while the tap waits for a reader, which then reads on.
func interrupted(s *session, signal syscall.Signal) error {
	args, err := s.arguments(nil)
	if err != nil {
		return err
	}
	l, err := s.begun(args)
	if err != nil {
		return err
	}
	l.signal(signal)
	r := parse(l.end())
	var p problems
	whole, err := s.complete()
	switch {
	case err != nil:
		return err
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

func closedPipe(s *session) error {
	args, err := s.arguments(nil)
	if err != nil {
		return err
	}
	l, err := s.begun(args)
	if err != nil {
		return err
	}
	return abandoned(l)
}

// abandoned leaves a program without its reader: it ends, and quietly.
func abandoned(l *live) error {
	l.deaf()
	e := l.end()
	switch {
	case e.timedOut:
		return errors.New("it goes on")
	case stackTrace.MatchString(e.stderr):
		return errors.New("a stack trace")
	}
	return nil
}

// misled are the runs that a person can start by mistake. Nothing but their ends counts.
func (s *session) misled(change func() ([]string, error)) (ended, error) {
	args, err := change()
	if err != nil {
		return ended{}, err
	}
	return s.run("", nil, args...)
}

func (s *session) missingConfig() ([]string, error) {
	return []string{"--config", filepath.Join(s.dir, "missing.json")}, nil
}

func (s *session) brokenConfig() ([]string, error) {
	path, err := s.file("config.json", "{\"a\": 1,,\n")
	return []string{"--config", path}, err
}

func (s *session) unknownKey() ([]string, error) {
	return s.with(map[string]any{"no_such_setting": "1"})
}

func (s *session) unknownFlag() ([]string, error) { return s.with(nil, "--no-such-flag") }

func refuses(s *session, change func() ([]string, error)) error {
	e, err := s.misled(change)
	if err != nil {
		return err
	}
	return e.refused()
}

func configMissing(s *session) error    { return refuses(s, s.missingConfig) }
func configBroken(s *session) error     { return refuses(s, s.brokenConfig) }
func configUnknownKey(s *session) error { return refuses(s, s.unknownKey) }
func flagUnknown(s *session) error      { return refuses(s, s.unknownFlag) }

func errorsReadable(s *session) error {
	var p problems
	for _, change := range []func() ([]string, error){s.missingConfig, s.brokenConfig, s.unknownFlag} {
		e, err := s.misled(change)
		if err != nil {
			return err
		}
		p.addError(e.readable())
	}
	return p.err()
}

func version(s *session) error { return says(s, "--version") }

func help(s *session) error { return says(s, "--help") }

func says(s *session, flag string) error {
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

// secretsUnsaid looks at all runs so far, and at one more that goes wrong.
func secretsUnsaid(s *session) error {
	if _, err := s.misled(s.unknownKey); err != nil {
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
