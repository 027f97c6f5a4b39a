package suite

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
)

// A Level is how much depends on a check.
type Level string

const (
	// Must is for what loses or alters data, or breaks the program at the other end of the pipe.
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

// A Status is the outcome of a check.
type Status string

// The outcomes.
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

// Matching are the checks whose names match the glob; an empty glob matches all.
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

// Run makes the checks one after another, and calls report with the result of each. Its error comes from this machine or from the files
// given, never from the program under test.
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

// Failures counts the checks of a level that failed.
func Failures(results []Result, level Level) int {
	n := 0
	for _, r := range results {
		if r.Level == level && r.Status == Failed {
			n++
		}
	}
	return n
}

// notApplicable is the error of a check that has nothing to look at: the reason.
type notApplicable string

func (n notApplicable) Error() string { return string(n) }

// A machineError comes from this machine, and says nothing about the program under test. It ends the checks.
type machineError struct{ error }

func (e machineError) Unwrap() error { return e.error }

// problems gathers what a check finds. The first few are reported, the others counted.
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

// err is nil when there is no problem.
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
