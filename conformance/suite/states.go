package suite

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/signalroom/signalroom/conformance/cases"
)

// judgeStates compares the states that came out with those that went in: each is one of them, in their order, and after a run that ended well
// the last one that went in came out. When none went in, none may come out: a runner would save it in place of the state that it has.
func judgeStates(l loader, step cases.Step, e outcome) error {
	printed, err := l.printed(e.stdout)
	if err != nil {
		return err
	}
	want := l.sent(step.Input)
	if step.Given {
		want = nil
		for _, text := range step.States {
			state, err := canonical([]byte(text))
			if err != nil {
				return machineError{err}
			}
			want = append(want, state)
		}
	}
	at := 0
	for i, state := range printed {
		found := slices.Index(want[at:], state)
		if found < 0 {
			if slices.Contains(want, state) {
				return fmt.Errorf("state %d comes after a later one", i+1)
			}
			return fmt.Errorf("line %d of standard output is none of the states that were sent", i+1)
		}
		at += found
	}
	if step.Exit != "ok" && !step.Given || len(want) == 0 {
		return nil
	}
	if len(printed) == 0 {
		return errors.New("no state comes out")
	}
	if printed[len(printed)-1] != want[len(want)-1] {
		return errors.New("the last state is not the last that was sent")
	}
	return nil
}

// sentStates are the values of the STATE messages in an input.
func sentStates(input string) (states []string) {
	for line := range strings.Lines(input) {
		if m, ok := parseMessage(line); ok && m.kind == "STATE" {
			if state, err := canonical(m.members["value"]); err == nil {
				states = append(states, state)
			}
		}
	}
	return states
}

// printedStates are the lines of a target's output.
func printedStates(output string) (states []string, err error) {
	for line := range strings.Lines(output) {
		state, err := canonical([]byte(line))
		if err != nil {
			return nil, fmt.Errorf("line %d of standard output is no JSON: a runner would take it for a state", len(states)+1)
		}
		states = append(states, state)
	}
	return states, nil
}

// canonical is a JSON text without what does not count: blanks and the order of members.
func canonical(text []byte) (string, error) {
	var value any
	if err := decode(text, &value); err != nil {
		return "", err
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSpace(b.String()), err
}
