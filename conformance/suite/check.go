package suite

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
)

// A Level is how much a check weighs.
type Level string

const (
	// Must is for what loses rows, or breaks the program at the other end of the pipe.
	Must Level = "MUST"
	// Should is for what makes a program good to live with.
	Should Level = "SHOULD"
)

// A Check is one thing that a program must or should do.
type Check struct {
	Name  string
	Level Level
	Why   string // why it matters, for a person
	run   func(*session) error
}

// A Status is what came of a check.
type Status string

// The three outcomes of a check.
const (
	Passed        Status = "pass"
	Failed        Status = "FAIL"
	NotApplicable Status = "n/a"
)

// A Result is a check with its outcome.
type Result struct {
	Check
	Status Status
	Detail string // what is wrong, or why the check is not applicable; one line a problem
	Took   time.Duration
}

// A Subject is the program under test, and what it is given.
type Subject struct {
	Command []string      // the program, and the arguments that each run of it begins with
	Configs []string      // JSON files of settings; a later one overrides an earlier one
	State   string        // a file; empty for none
	Catalog string        // a file; empty: the one that the program discovers, with everything selected
	DSN     string        // of the PostgreSQL that targets and destinations load into
	Timeout time.Duration // of one run; 0 for two minutes
	Env     []string      // NAME=value; nil for the environment of this process
}

// Matching are the checks whose name matches the glob; all of them for an empty one.
func Matching(checks []Check, glob string) ([]Check, error) {
	if glob == "" {
		return checks, nil
	}
	var found []Check
	for _, c := range checks {
		matched, err := path.Match(glob, c.Name)
		if err != nil {
			return nil, fmt.Errorf("--only %s: %w", glob, err)
		}
		if matched {
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no check is named %s; --list shows them", glob)
	}
	return found, nil
}

// Run makes the checks one after another and tells report of each. The error is of this machine or of the files given, not of
// the program under test.
func Run(ctx context.Context, subject Subject, checks []Check, report func(Result)) ([]Result, error) {
	s, err := newSession(ctx, subject)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var results []Result
	for _, c := range checks {
		began := time.Now()
		err := c.run(s)
		if ctx.Err() != nil {
			return results, context.Cause(ctx)
		}
		r := Result{Check: c, Status: Passed, Took: time.Since(began)}
		var skipped notApplicable
		var broken machineError
		switch {
		case errors.As(err, &broken):
			return results, fmt.Errorf("%s: %w", c.Name, err)
		case errors.As(err, &skipped):
			r.Status, r.Detail = NotApplicable, string(skipped)
		case err != nil:
			r.Status, r.Detail = Failed, err.Error()
		}
		report(r)
		results = append(results, r)
	}
	return results, nil
}

// Failures are how many checks of that level failed.
func Failures(results []Result, level Level) int {
	n := 0
	for _, r := range results {
		if r.Level == level && r.Status == Failed {
			n++
		}
	}
	return n
}

// notApplicable is why a check has nothing to look at.
type notApplicable string

func (n notApplicable) Error() string { return string(n) }

// A machineError is one of this machine, and says nothing about the program under test.
type machineError struct{ error }

func (e machineError) Unwrap() error { return e.error }

// problems are what a check found. The first few are told.
type problems struct {
	told []string
	more int
}

const toldProblems = 3

func (p *problems) add(format string, args ...any) {
	if len(p.told) == toldProblems {
		p.more++
		return
	}
	p.told = append(p.told, fmt.Sprintf(format, args...))
}

func (p *problems) addError(err error) {
	if err != nil {
		p.add("%v", err)
	}
}

// err is nil where nothing was found.
func (p *problems) err() error {
	if len(p.told) == 0 {
		return nil
	}
	text := strings.Join(p.told, "\n")
	if p.more > 0 {
		text += fmt.Sprintf("\nand %d more", p.more)
	}
	return errors.New(text)
}
