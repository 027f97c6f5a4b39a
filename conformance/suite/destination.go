package suite

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/signalroom/signalroom/conformance/cases"
)

// Destination are the checks of an Airbyte destination: first those of every connector, then the cases, by name.
func Destination() ([]Check, error) {
	all, err := cases.Destination()
	if err != nil {
		return nil, err
	}
	l := airbyteDestination()
	checks := append(specChecks(), Check{"spec/modes", Must, "supported_destination_sync_modes is what users may choose from.", onSpec(specModes)})
	checks = append(checks, checkChecks()...)
	checks = append(checks, fromCases(all, l)...)
	checks = append(checks, Check{"state/never-ahead", Must, "A state comes back after the commit of all that came before it. One that runs ahead loses rows with the next crash.", destinationNeverAhead})
	return inSchemas(l, append(checks, mistakeChecks()...)), nil
}

func airbyteDestination() loader {
	return loader{
		config: map[string]any{"host": "{{host}}", "port": "{{port}}", "database": "{{database}}", "schema": "{{schema}}", "username": "{{user}}",
			"password": "{{password}}", "ssl_mode": map[string]any{"mode": "disable"}},
		load: (*session).writeInto, sent: sentEnvelopes, printed: printedEnvelopes,
	}
}

func specModes(spec map[string]any) error {
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

// writeInto runs a destination for a step of a case.
func (s *session) writeInto(settings map[string]any, step cases.Step) (outcome, error) {
	args, err := s.writeArguments(settings, step.Streams)
	if err != nil {
		return outcome{}, err
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

// stateOf is a state without the statistics that the destination adds.
func stateOf(m *envelope) (string, error) {
	delete(m.payload, "destinationStats")
	text, err := json.Marshal(m.payload)
	if err != nil {
		return "", err
	}
	return canonical(text)
}

func sentEnvelopes(input string) (states []string) {
	for _, m := range transcribe(outcome{stdout: input}).of("STATE") {
		if state, err := stateOf(m); err == nil {
			states = append(states, state)
		}
	}
	return states
}

// printedEnvelopes are the states that came back. It is an error when their statistics do not account for all records of the source.
func printedEnvelopes(output string) (states []string, err error) {
	t := transcribe(outcome{stdout: output})
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

func destinationNeverAhead(s *session) error {
	args, err := s.writeArguments(nil, []string{`{"stream":{"name":"keyed","json_schema":{"type":"object","properties":{"n":{"type":["null","integer"]},"text":{"type":["null","string"]}}},` +
		`"supported_sync_modes":["incremental"]},"sync_mode":"incremental","destination_sync_mode":"append_dedup","primary_key":[["n"]]}`})
	if err != nil {
		return err
	}
	l, err := s.start(nil, args...)
	if err != nil {
		return err
	}
	var lines []string
	for n := 1; n <= lastRow; n++ {
		lines = append(lines, fmt.Sprintf(`{"type":"RECORD","record":{"stream":"keyed","emitted_at":1700000000000,"data":{"n":%d,"text":"%s"}}}`+"\n", n, strings.Repeat("row ", 12)))
		if n%stateEvery == 0 {
			lines = append(lines, fmt.Sprintf(`{"type":"STATE","state":{"type":"STREAM","id":%d,"stream":{"stream_descriptor":{"name":"keyed"},"stream_state":{"n":%d}},"sourceStats":{"recordCount":%d}}}`+"\n",
				n/stateEvery, n, stateEvery))
		}
	}
	l.closeInput(l.feed(lines))
	return s.statesHold(l, func(line string) (*position, error) {
		m, _ := parseEnvelope(line)
		if m.kind != "STATE" {
			return nil, nil
		}
		return &position{keyed: int(number(follow(m.payload, []string{"stream", "stream_state", "n"})))}, nil
	})
}
