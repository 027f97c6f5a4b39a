package taptest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/signalroom/signalroom/protocol/airbyte"
	"github.com/signalroom/signalroom/taps/tap"
)

// An AirbyteMessage is one line of the standard output of a tap that was started by a verb of Airbyte's.
type AirbyteMessage struct {
	Type             string                    `json:"type"`
	Spec             *airbyte.Specification    `json:"spec"`
	ConnectionStatus *airbyte.ConnectionStatus `json:"connectionStatus"`
	Catalog          *airbyte.Catalog          `json:"catalog"`
	Record           *AirbyteRecord            `json:"record"`
	State            *airbyte.State            `json:"state"`
	Trace            *airbyte.Trace            `json:"trace"`
	Log              *airbyte.Log              `json:"log"`

	Line int `json:"-"` // from 1
}

// An AirbyteRecord is the payload of a RECORD.
type AirbyteRecord struct {
	Stream    string          `json:"stream"`
	Data      json.RawMessage `json:"data"`
	EmittedAt int64           `json:"emitted_at"`
	Meta      json.RawMessage `json:"meta"`
}

// ParseAirbyte reads whole output: every line is one message of the protocol, without a key that the protocol does not have.
func ParseAirbyte(output []byte) ([]AirbyteMessage, error) {
	var messages []AirbyteMessage
	for line := range bytes.Lines(output) {
		number := len(messages) + 1
		if line[len(line)-1] != '\n' {
			return messages, fmt.Errorf("line %d is cut off", number)
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(line, &members); err != nil {
			return messages, fmt.Errorf("line %d: %w", number, err)
		}
		if len(members) != 2 {
			return messages, fmt.Errorf("line %d has %d members, not a type and a payload", number, len(members))
		}
		var m AirbyteMessage
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&m); err != nil {
			return messages, fmt.Errorf("line %d: %w", number, err)
		}
		m.Line = number
		messages = append(messages, m)
	}
	return messages, nil
}

// Configure is the configured catalog that asks for these streams: by their bookmarks where they have any.
func Configure(streams []airbyte.Stream) *airbyte.ConfiguredCatalog {
	catalog := &airbyte.ConfiguredCatalog{}
	for _, s := range streams {
		c := airbyte.ConfiguredStream{Stream: s, SyncMode: airbyte.FullRefresh, DestinationSyncMode: airbyte.Overwrite}
		if slices.Contains(s.SupportedSyncModes, airbyte.Incremental) {
			c.SyncMode, c.DestinationSyncMode = airbyte.Incremental, airbyte.Append
		}
		catalog.Streams = append(catalog.Streams, c)
	}
	return catalog
}

// AirbyteRun is what came of a run.
type AirbyteRun struct {
	*Output
	All []AirbyteMessage
}

// Airbyte runs a verb. Its standard output must be messages, and standard error must be empty.
func Airbyte[C any](t testing.TB, program tap.Tap[C], verb string, in Input) *AirbyteRun {
	t.Helper()
	in.Args = append([]string{verb}, in.Args...)
	out := Run(t, program, in)
	all, err := ParseAirbyte(out.Stdout)
	if err != nil {
		t.Fatalf("%s: %v\n%s", verb, err, out.Stdout)
	}
	if out.Stderr != "" {
		t.Errorf("%s: standard error: %s", verb, out.Stderr)
	}
	return &AirbyteRun{out, all}
}

// Streams are those that a discover has listed.
func (r *AirbyteRun) Streams() []airbyte.Stream {
	for _, m := range r.All {
		if m.Catalog != nil {
			return m.Catalog.Streams
		}
	}
	return nil
}

// Rows are the records of a stream, in order.
func (r *AirbyteRun) Rows(stream string) []json.RawMessage {
	var rows []json.RawMessage
	for _, m := range r.All {
		if m.Record != nil && m.Record.Stream == stream {
			rows = append(rows, m.Record.Data)
		}
	}
	return rows
}

// Errors are the messages of the TRACEs that tell of failures, each with its type in front.
func (r *AirbyteRun) Errors() []string {
	var all []string
	for _, m := range r.All {
		if m.Trace != nil && m.Trace.Error != nil {
			all = append(all, m.Trace.Error.FailureType+": "+m.Trace.Error.Message)
		}
	}
	return all
}

// Phases are the statuses of a stream, in order.
func (r *AirbyteRun) Phases(stream string) []airbyte.StreamPhase {
	var phases []airbyte.StreamPhase
	for _, m := range r.All {
		if m.Trace != nil && m.Trace.StreamStatus != nil && m.Trace.StreamStatus.Stream.Name == stream && len(m.Trace.StreamStatus.Reasons) == 0 {
			phases = append(phases, m.Trace.StreamStatus.Status)
		}
	}
	return phases
}

// StateFile is what the platform gives to the next run: the newest state of each stream up to a line, 0 for all lines.
func (r *AirbyteRun) StateFile(line int) []byte {
	newest := map[string]*airbyte.State{}
	for _, m := range r.All {
		if m.State != nil && (line == 0 || m.Line <= line) {
			newest[m.State.Stream.Descriptor.Name] = m.State
		}
	}
	states := []*airbyte.State{}
	for _, s := range newest {
		states = append(states, s)
	}
	file, _ := json.Marshal(states) // they come from JSON
	return file
}

// Covered are the records of a stream before its last state up to a line, 0 for all lines: what a destination keeps of a run that was killed
// there.
func (r *AirbyteRun) Covered(stream string, line int) (rows []json.RawMessage) {
	var open []json.RawMessage
	for _, m := range r.All {
		switch {
		case line > 0 && m.Line > line:
			return rows
		case m.Record != nil && m.Record.Stream == stream:
			open = append(open, m.Record.Data)
		case m.State != nil && m.State.Stream.Descriptor.Name == stream:
			rows, open = append(rows, open...), nil
		}
	}
	return rows
}

// ResumeAirbyte cuts a read after every state, goes on from the states so far, and compares, stream by stream, what both have sent with the
// uncut read. A stream that is read whole comes again as a whole.
func ResumeAirbyte[C any](t testing.TB, program tap.Tap[C], catalog *airbyte.ConfiguredCatalog, fresh func(t testing.TB) Input, promise Promise) {
	t.Helper()
	read := func(state []byte) *AirbyteRun {
		in := fresh(t)
		in.Catalog, in.State, in.EveryCheckpoint = catalog, state, true
		out := Airbyte(t, program, "read", in)
		if err := out.ValidateRead(catalog); err != nil || out.Code != 0 {
			t.Fatalf("exit code %d: %v", out.Code, err)
		}
		return out
	}
	whole := read(nil)
	cuts := 0
	for _, cut := range whole.All {
		if cut.State == nil {
			continue
		}
		cuts++
		again := read(whole.StateFile(cut.Line))
		for _, s := range catalog.Streams {
			name := s.Stream.Name
			got := again.Rows(name)
			if s.SyncMode == airbyte.Incremental {
				got = slices.Concat(whole.Covered(name, cut.Line), got)
			}
			if err := SameRows(asMessages(name, whole.Rows(name)), asMessages(name, got), promise); err != nil {
				t.Errorf("resumed from line %d: %v", cut.Line, err)
			}
		}
	}
	if cuts < 3 {
		t.Errorf("%d states: nothing was cut in the middle", cuts)
	}
}

func asMessages(stream string, rows []json.RawMessage) []Message {
	var messages []Message
	for _, row := range rows {
		messages = append(messages, Message{Type: "RECORD", Stream: stream, Record: row})
	}
	return messages
}

// ValidateRead holds the output of a read against its configured catalog, as strictly as the platform and its tests do: records fit their
// schema and have their keys, states count the records since the last one and never repeat, statuses come in order, the last state before
// COMPLETE, nothing after it, and an exit code of 0 tells that every stream is complete.
func (r *AirbyteRun) ValidateRead(catalog *airbyte.ConfiguredCatalog) error {
	v := &airbyteValidator{streams: map[string]*airbyteStream{}}
	var problems []error
	for i := range catalog.Streams {
		if err := v.configure(&catalog.Streams[i]); err != nil {
			return err
		}
	}
	for _, m := range r.All {
		if err := v.message(m); err != nil {
			if problems = append(problems, fmt.Errorf("line %d, %s: %w", m.Line, m.Type, err)); len(problems) == 10 {
				return errors.Join(problems...)
			}
		}
	}
	for name, s := range v.streams {
		switch {
		case r.Code == 0 && s.phase != airbyte.Complete:
			problems = append(problems, fmt.Errorf("stream %q ends as %s, and the exit code is 0", name, s.phase))
		case s.phase == airbyte.Complete && (s.states == 0 || s.rows > 0):
			problems = append(problems, fmt.Errorf("stream %q: %d states, and %d records after the last", name, s.states, s.rows))
		}
	}
	if failures := r.Errors(); (r.Code == 0) != (len(failures) == 0) {
		problems = append(problems, fmt.Errorf("exit code %d with %d failures", r.Code, len(failures)))
	}
	return errors.Join(problems...)
}

type airbyteValidator struct {
	streams map[string]*airbyteStream
}

type airbyteStream struct {
	schema     *jsonschema.Schema
	properties []string
	key        [][]string
	phase      airbyte.StreamPhase
	rows       int64 // since the last state
	states     int
	last       string
}

func (v *airbyteValidator) configure(c *airbyte.ConfiguredStream) error {
	schema, err := CompileSchema(c.Stream.JSONSchema)
	if err != nil {
		return err
	}
	v.streams[c.Stream.Name] = &airbyteStream{schema: schema, properties: c.Properties(), key: c.Key()}
	return nil
}

func (v *airbyteValidator) message(m AirbyteMessage) error {
	switch {
	case m.Record != nil:
		return v.record(m.Record)
	case m.State != nil:
		return v.state(m.State)
	case m.Trace != nil && m.Trace.StreamStatus != nil:
		return v.status(m.Trace.StreamStatus)
	case m.Trace != nil || m.Log != nil:
		return nil
	}
	return errors.New("it has no place in a read")
}

func (v *airbyteValidator) record(r *AirbyteRecord) error {
	s := v.streams[r.Stream]
	switch {
	case s == nil:
		return fmt.Errorf("stream %q is not configured, which ends the sync", r.Stream)
	case s.phase != airbyte.Running && s.phase != airbyte.Started:
		return fmt.Errorf("stream %q is %s", r.Stream, s.phase)
	case r.EmittedAt < 1e11:
		return errors.New("emitted_at is not in milliseconds")
	}
	s.rows++
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(r.Data))
	if err != nil {
		return err
	}
	row, ok := value.(map[string]any)
	if !ok || len(row) == 0 {
		return errors.New("data is no object, or an empty one, which is dropped")
	}
	for name := range row {
		if !slices.Contains(s.properties, name) {
			return fmt.Errorf("%q is not in the catalog", name)
		}
	}
	for _, path := range s.key {
		if row[path[0]] == nil {
			return fmt.Errorf("key %q is null", path[0])
		}
	}
	return s.schema.Validate(value)
}

func (v *airbyteValidator) state(m *airbyte.State) error {
	if m.Type != airbyte.StreamStateType || m.Stream == nil || m.SourceStats == nil {
		return errors.New("it is no state of a stream with its sourceStats")
	}
	s := v.streams[m.Stream.Descriptor.Name]
	switch {
	case s == nil:
		return errors.New("the stream is not configured")
	case s.phase != airbyte.Running && s.phase != airbyte.Started:
		return fmt.Errorf("the stream is %s", s.phase)
	case m.SourceStats.RecordCount != s.rows:
		return fmt.Errorf("%d records are said, and %d came", m.SourceStats.RecordCount, s.rows)
	case string(m.Stream.State) == s.last:
		return errors.New("it repeats the last state")
	case len(m.Stream.State) == 0 || m.Stream.State[0] != '{':
		return errors.New("the state is no object")
	}
	s.rows, s.last = 0, string(m.Stream.State)
	s.states++
	return nil
}

func (v *airbyteValidator) status(m *airbyte.StreamStatus) error {
	s := v.streams[m.Stream.Name]
	if s == nil {
		return errors.New("the stream is not configured")
	}
	if len(m.Reasons) > 0 {
		if m.Status != airbyte.Running || len(m.Reasons) > 1 {
			return errors.New("a reason is of RUNNING, and there is one")
		}
		return nil
	}
	before := map[airbyte.StreamPhase][]airbyte.StreamPhase{
		airbyte.Started: {""}, airbyte.Running: {airbyte.Started}, airbyte.Complete: {airbyte.Running}, airbyte.Incomplete: {"", airbyte.Started, airbyte.Running},
	}
	if !slices.Contains(before[m.Status], s.phase) {
		return fmt.Errorf("%s follows %q", m.Status, s.phase)
	}
	s.phase = m.Status
	return nil
}
