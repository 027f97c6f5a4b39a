package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/signalroom/signalroom/conformance/cases"
)

// Destination are the checks of an Airbyte destination: first those of every connector, then the cases, by name.
func Destination() ([]Check, error) {
	all, err := cases.Destination()
	if err != nil {
		return nil, err
	}
	l := airbyteDestination()
	checks := specChecks()
	for i := range checks {
		checks[i].run = inSchema(l, checks[i].run)
	}
	checks = append(checks,
		Check{"spec/modes", Must, "supported_destination_sync_modes is what users may choose from.", inSchema(l, specModes)},
		Check{"check/succeeds", Must, "With a good config check prints one CONNECTION_STATUS, SUCCEEDED, and ends with 0.", inSchema(l, checkSucceeds)},
		Check{"check/fails", Must, "With an empty config check says what is missing: FAILED with a message, or a TRACE ERROR, never both.", inSchema(l, checkFails)},
	)
	checks = append(checks, fromCases(all, l)...)
	return append(checks,
		Check{"state/never-ahead", Must, "A state comes back after the commit of all that came before it. One that runs ahead loses rows with the next crash.", inSchema(l, destinationNeverAhead)},
		Check{"error/config-missing", Must, "A config file that is not there is an error.", inSchema(l, connectorConfigMissing)},
		Check{"error/config-broken", Must, "A config file that is no JSON is an error.", inSchema(l, connectorConfigBroken)},
		Check{"error/trace", Should, "What went wrong is a TRACE ERROR with a message, and no stack trace on standard error.", inSchema(l, errorsTraced)},
		Check{"secret/unsaid", Must, "No secret of the config is printed in any of the runs above. Logs are read by many.", inSchema(l, connectorSecretsUnsaid)},
	), nil
}

func airbyteDestination() loader {
	return loader{
		config: map[string]any{"host": "{{host}}", "port": "{{port}}", "database": "{{database}}", "schema": "{{schema}}", "username": "{{user}}",
			"password": "{{password}}", "ssl_mode": map[string]any{"mode": "disable"}},
		load: (*session).writeInto, sent: sentEnvelopes, printed: printedEnvelopes,
	}
}

func specModes(s *session) error {
	spec, err := s.spec()
	if err != nil {
		return err
	}
	var p problems
	modes := names(spec["supported_destination_sync_modes"])
	for _, mode := range modes {
		if !isOneOf("append", "overwrite", "append_dedup", "update", "soft_delete")(mode) {
			p.add("there is no mode %q", mode)
		}
	}
	if len(modes) == 0 {
		p.add("it offers none")
	}
	return p.err()
}

// writeInto is a run of a destination.
func (s *session) writeInto(settings map[string]any, step cases.Step) (ended, error) {
	args, err := s.writeArguments(settings, step.Streams)
	if err != nil {
		return ended{}, err
	}
	return s.run(step.Input, nil, args...)
}

func (s *session) writeArguments(settings map[string]any, streams []string) ([]string, error) {
	config, err := s.configFile(settings)
	if err != nil {
		return nil, err
	}
	catalog, err := s.file("catalog.json", `{"streams":[`+strings.Join(streams, ",")+`]}`)
	return []string{"write", "--config", config, "--catalog", catalog}, err
}

// stateOf is a state without what the destination adds.
func stateOf(m *envelope) (string, error) {
	delete(m.payload, "destinationStats")
	text, err := json.Marshal(m.payload)
	if err != nil {
		return "", err
	}
	return canonical(text)
}

func sentEnvelopes(input string) (states []string) {
	for _, m := range transcribe(ended{stdout: input}).of("STATE") {
		if state, err := stateOf(m); err == nil {
			states = append(states, state)
		}
	}
	return states
}

// printedEnvelopes are the states that came back. Where they say how many rows went in, it is all that the source sent.
func printedEnvelopes(output string) (states []string, err error) {
	t := transcribe(ended{stdout: output})
	if err := t.grammar(); err != nil {
		return nil, err
	}
	for _, m := range t.of("STATE") {
		if stats, ok := m.payload["destinationStats"].(map[string]any); ok {
			sent, _ := m.payload["sourceStats"].(map[string]any)
			if want := number(sent["recordCount"]); sent != nil && number(stats["recordCount"])+number(stats["rejectedRecordCount"]) != want {
				return nil, fmt.Errorf("line %d: destinationStats are not the %v records of the source", m.line, want)
			}
		}
		state, err := stateOf(m)
		if err != nil {
			return nil, err
		}
		states = append(states, state)
	}
	return states, nil
}

func number(v any) float64 {
	n, _ := v.(json.Number)
	f, _ := n.Float64() // none is 0
	return f
}

// destinationNeverAhead loads one stream in many steps, and looks into the table at each state that comes back.
func destinationNeverAhead(s *session) error {
	const rows, each = 6000, 200
	args, err := s.writeArguments(nil, []string{`{"stream":{"name":"keyed","json_schema":{"type":"object","properties":{"n":{"type":["null","integer"]},"text":{"type":["null","string"]}}},` +
		`"supported_sync_modes":["incremental"]},"sync_mode":"incremental","destination_sync_mode":"append_dedup","primary_key":[["n"]]}`})
	if err != nil {
		return err
	}
	l, err := s.start(nil, args...)
	if err != nil {
		return err
	}
	var fed sync.WaitGroup
	fed.Go(func() {
		defer l.stdin.Close()
		for n := 1; n <= rows; n++ {
			line := fmt.Sprintf(`{"type":"RECORD","record":{"stream":"keyed","emitted_at":1700000000000,"data":{"n":%d,"text":"%s"}}}`+"\n", n, strings.Repeat("row ", 12))
			if n%each == 0 {
				line += fmt.Sprintf(`{"type":"STATE","state":{"type":"STREAM","id":%d,"stream":{"stream_descriptor":{"name":"keyed"},"stream_state":{"n":%d}},"sourceStats":{"recordCount":%d}}}`+"\n", n/each, n, each)
			}
			if _, err := io.WriteString(l.stdin, line); err != nil {
				return
			}
		}
	})
	var p problems
	states := 0
	for {
		line, ok := l.line()
		if !ok {
			break
		}
		m, _ := parseEnvelope(line)
		if m.kind != "STATE" {
			continue
		}
		states++
		stream, _ := m.payload["stream"].(map[string]any)
		reached := number(follow(stream, []string{"stream_state", "n"}))
		got, err := s.answers(fmt.Sprintf("SELECT count(DISTINCT n) FROM keyed WHERE n <= %v", reached))
		if err != nil {
			p.add("state %d: looking into the tables: %v", states, err)
		} else if got != fmt.Sprintf("%v\n", reached) {
			p.add("state %d: %s of %v rows are in the table", states, strings.TrimSpace(got), reached)
		}
	}
	e := l.end()
	fed.Wait()
	p.addError(e.succeeded())
	if states == 0 {
		p.addError(errors.New("no state comes back"))
	}
	return p.err()
}
