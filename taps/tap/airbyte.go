package tap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/airbyte"
	"github.com/signalroom/signalroom/protocol/logs"
	"github.com/signalroom/signalroom/protocol/settings"
)

// verbs are the commands of Airbyte's protocol. They come first on the command line.
// https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol#source
var verbs = []string{"spec", "check", "discover", "read"}

// isAirbyte tells whether a command line is one of Airbyte's.
func isAirbyte(args []string) bool { return len(args) > 0 && slices.Contains(verbs, args[0]) }

// airbyteNotes end the documentation page of every tap.
func airbyteNotes(name string) string {
	return "\n\n" + strings.ReplaceAll(`## As an Airbyte source

    NAME spec
    NAME check --config config.json
    NAME discover --config config.json > catalog.json
    NAME read --config config.json --catalog configured.json --state state.json

The same program speaks [Airbyte's protocol](https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol). Its settings are then
those of the file alone, and one that is an object above is a text with the object's JSON, as the platform's form has it; lists of objects are
lists there too. Streams that are merged or appended are read by full refresh or incrementally, and need no cursor chosen; streams that are
replaced are read by full refresh alone. The catalog has no column that is not selected by default; one that the configured catalog lists comes
all the same. A value that does not fit its column is null there, and the record's meta says so. That rows were deleted in the source is not
said where a stream is read incrementally: refresh it for that.
`, "NAME", name)
}

// verbFlags are what a verb takes beside the files.
type verbFlags struct {
	Debug bool `help:"Log what is done, request by request."`
}

// A connector is a tap that was started by a verb.
type connector struct {
	verb   string
	writer *airbyte.Writer
	output *logs.Output
}

func newConnector(name string, p Program) *connector {
	writer := airbyte.NewWriter(p.Stdout)
	output := logs.NewAirbyte(name, writer, p.Env)
	if slices.Contains(p.Args[1:], "--debug") {
		output.Verbose()
	}
	return &connector{p.Args[0], writer, output}
}

// result is what the process ends with. Whoever closed standard output has asked for the end, as SIGTERM does.
func (c *connector) result(code int) int {
	if errors.Is(c.writer.Flush(), syscall.EPIPE) {
		return protocol.SignalExitCode(syscall.SIGTERM)
	}
	return code
}

// supported refuses what the platform may ask for and is not done here.
func supported(p Program) error {
	if medium, _ := p.Env("DATA_CHANNEL_MEDIUM"); medium != "" && medium != "STDIO" {
		return protocol.ConfigFault("set it to STDIO, or leave it out", "DATA_CHANNEL_MEDIUM is %s, and records go through standard output alone", medium)
	}
	return nil
}

// docsFolder is where each program has its page.
const docsFolder = "https://github.com/signalroom/signalroom/blob/main/docs/"

// spec needs neither a configuration nor an environment.
func (c *connector) spec(config any, name string) error {
	specification, err := settings.ConnectionSpecification(config)
	if err != nil {
		return err
	}
	return c.send(&airbyte.Specification{DocumentationURL: docsFolder + name + ".md", ConnectionSpecification: specification, ProtocolVersion: airbyte.Version})
}

// check is one answer that the configuration works; see failed for the other one.
func (c *connector) check(ctx context.Context, source *Source) error {
	if source.Check != nil {
		if err := source.Check(ctx); err != nil {
			return err
		}
	}
	return c.send(&airbyte.ConnectionStatus{Status: airbyte.Succeeded})
}

// failed makes an answer of why a check has failed. What nobody expected stays an error.
func (c *connector) failed(err error) error {
	if err == nil || protocol.KindOf(err) == protocol.System {
		return err
	}
	return c.send(&airbyte.ConnectionStatus{Status: airbyte.Failed, Message: c.output.Masked(err.Error())})
}

func (c *connector) send(p airbyte.Payload) error {
	if err := c.writer.Send(p); err != nil {
		return brokenOutput(err)
	}
	return nil
}

// run does what a verb says of a source.
func (c *connector) run(ctx context.Context, j *job) error {
	if unknown := j.run.settings.Unknown(); len(unknown) > 0 {
		j.run.Log.Warn("the configuration has keys that no setting has", "keys", strings.Join(unknown, ", "))
	}
	switch c.verb {
	case "check":
		return c.check(ctx, j.source)
	case "discover":
		return c.discover(ctx, j)
	}
	return c.read(ctx, j)
}

func (c *connector) discover(ctx context.Context, j *job) error {
	j.run.state = new(protocol.State)
	plans, err := j.plan(ctx, j.run.state.Bookmark)
	if err != nil {
		return err
	}
	if err := restrict(plans, j.settings.Select); err != nil {
		return err
	}
	catalog := &airbyte.Catalog{Streams: []airbyte.Stream{}}
	for _, p := range plans {
		if !p.selected {
			continue
		}
		stream, err := p.airbyteStream()
		if err != nil {
			return protocol.InStream(p.Name, err)
		}
		catalog.Streams = append(catalog.Streams, stream)
	}
	return c.send(catalog)
}

// airbyteStream is the stream as a catalog lists it. A column that is not selected by default is not in it, as the platform selects all;
// a configured catalog that lists it gets it.
func (p *plan) airbyteStream() (airbyte.Stream, error) {
	columns := slices.DeleteFunc(slices.Clone(p.Columns), func(c Column) bool { return c.Unselected })
	stream, err := p.schema(columns)
	if err != nil {
		return airbyte.Stream{}, err
	}
	schema, err := airbyteSchema(stream.Raw)
	if err != nil {
		return airbyte.Stream{}, err
	}
	out := airbyte.Stream{Name: p.Name, JSONSchema: schema, SupportedSyncModes: []airbyte.SyncMode{airbyte.FullRefresh}}
	for _, key := range stream.KeyProperties {
		out.SourceDefinedPrimaryKey = append(out.SourceDefinedPrimaryKey, []string{key})
	}
	if p.Disposition != protocol.Replace {
		out.SupportedSyncModes = append(out.SupportedSyncModes, airbyte.Incremental)
		out.SourceDefinedCursor, out.IsResumable = true, true
		out.DefaultCursorField = stream.BookmarkProperties
	}
	return out, nil
}

// airbyteSchema is a stream's schema in Airbyte's words: what is said to Singer targets at its root is left out, and an instant has its
// airbyte_type. https://docs.airbyte.com/platform/understanding-airbyte/supported-data-types
func airbyteSchema(schema []byte) (json.RawMessage, error) {
	members, err := protocol.Members(schema)
	if err != nil {
		return nil, err
	}
	var properties, description json.RawMessage
	for _, m := range members {
		switch m.Name {
		case "properties":
			properties = m.Value
		case "description":
			description = m.Value
		}
	}
	columns, err := protocol.Members(properties)
	if err != nil {
		return nil, err
	}
	for i := range columns {
		var node any
		if err := json.Unmarshal(columns[i].Value, &node); err != nil {
			return nil, err
		}
		airbyteTypes(node)
		if columns[i].Value, err = json.Marshal(node); err != nil {
			return nil, err
		}
	}
	keywords := []protocol.Member{
		{Name: "$schema", Value: json.RawMessage(`"http://json-schema.org/draft-07/schema#"`)},
		{Name: "additionalProperties", Value: json.RawMessage("true")},
	}
	if description != nil {
		keywords = append(keywords, protocol.Member{Name: "description", Value: description})
	}
	return protocol.BuildSchema(columns, keywords...), nil
}

// airbyteTypes says of instants, at any depth, that they have a zone, and of times of a day that they have none.
func airbyteTypes(node any) {
	schema, ok := node.(map[string]any)
	if !ok {
		return
	}
	switch {
	case schema["format"] == "date-time":
		schema["airbyte_type"] = "timestamp_with_timezone"
	case schema["x-sql-datatype"] == "time":
		schema["format"], schema["airbyte_type"] = "time", "time_without_timezone"
		delete(schema, "x-sql-datatype")
	}
	if properties, ok := schema["properties"].(map[string]any); ok {
		for _, property := range properties {
			airbyteTypes(property)
		}
	}
	airbyteTypes(schema["items"])
	for _, word := range []string{"anyOf", "oneOf"} {
		branches, _ := schema[word].([]any)
		for _, branch := range branches {
			airbyteTypes(branch)
		}
	}
	if branches, ok := schema["anyOf"]; ok { // the platform knows the other word alone
		delete(schema, "anyOf")
		schema["oneOf"] = branches
	}
}

// read reads what the configured catalog asks for.
func (c *connector) read(ctx context.Context, j *job) error {
	if err := supported(j.program); err != nil {
		return err
	}
	if j.flags.Catalog == "" {
		return protocol.ConfigFault("give the configured catalog with --catalog FILE", "flag --catalog is missing")
	}
	data, err := os.ReadFile(j.flags.Catalog)
	if err != nil {
		return protocol.ConfigFault("check --catalog", "reading the configured catalog: %w", err)
	}
	catalog, err := airbyte.ParseConfiguredCatalog(data)
	if err != nil {
		return err
	}
	given, err := c.loadState(j)
	if err != nil {
		return err
	}
	job, _ := j.program.Env("WORKER_JOB_ID")
	// The bookmark of a stream that is to be read whole counts only where the same job, in an earlier attempt, has come so far.
	for i := range catalog.Streams {
		s := &catalog.Streams[i]
		replaced := len(s.Stream.SupportedSyncModes) > 0 && !slices.Contains(s.Stream.SupportedSyncModes, airbyte.Incremental)
		if replaced || s.SyncMode == airbyte.FullRefresh && (job == "" || given.Job(s.Stream.Name) != job) {
			given.SetBookmark(s.Stream.Name, nil)
		}
	}
	j.run.state = &given.State
	plans, err := j.plan(ctx, given.Bookmark)
	if err != nil {
		return err
	}
	absent := configure(plans, catalog)
	if err := restrict(plans, j.settings.Select); err != nil {
		return err
	}
	l := j.newLoop(ctx, &given.State)
	wire := &airbyteWire{loop: l, writer: c.writer, output: c.output, job: job, streams: map[string]*airbyteRecords{}}
	l.wire = wire
	if err := l.arrange(plans); err != nil {
		return err
	}
	for _, stream := range absent {
		if err := wire.absent(stream, streamNames(plans)); err != nil {
			return brokenOutput(err)
		}
	}
	defer l.everySecond()()
	return l.readAll()
}

// configure applies a configured catalog. It returns the streams that the source does not have.
func configure(plans []*plan, catalog *airbyte.ConfiguredCatalog) (absent []airbyte.StreamDescriptor) {
	for _, p := range plans {
		s, ok := catalog.Stream(airbyte.StreamDescriptor{Name: p.Name})
		if p.selected = ok; !ok {
			continue
		}
		// A stream that can only be read whole is read so, whatever was asked.
		p.full = p.Disposition == protocol.Replace
		p.refresh = s.SyncMode == airbyte.FullRefresh && !p.full
		if listed := s.Properties(); len(listed) > 0 {
			p.listed = listed
			continue
		}
		for _, column := range p.Columns {
			if column.Unselected {
				p.hidden = append(p.hidden, column.Name)
			}
		}
	}
	for i := range catalog.Streams {
		d := catalog.Streams[i].Stream.Descriptor()
		if d.Namespace != "" || !slices.ContainsFunc(plans, func(p *plan) bool { return p.Name == d.Name }) {
			absent = append(absent, d)
		}
	}
	return absent
}

// absent ends a stream that the source does not have. The others are read.
func (w *airbyteWire) absent(stream airbyte.StreamDescriptor, names []string) error {
	if err := w.writer.Send(&airbyte.Trace{Type: airbyte.StreamStatusTrace, EmittedAt: w.loop.program.Now().UnixMilli(),
		StreamStatus: &airbyte.StreamStatus{Stream: stream, Status: airbyte.Incomplete}}); err != nil {
		return err
	}
	err := protocol.InStream(stream.Name, protocol.ConfigFault("refresh the schema of the connection; the streams are "+strings.Join(names, ", "), "the source has no such stream"))
	w.loop.note(err)
	w.output.Report(err)
	return nil
}

// loadState reads the file of --state. Without one, all is new.
func (c *connector) loadState(j *job) (*airbyte.InputState, error) {
	if j.flags.State == "" {
		return new(airbyte.InputState), nil
	}
	data, err := os.ReadFile(j.flags.State)
	if err != nil {
		return nil, protocol.ConfigFault("check --state", "reading the state: %w", err)
	}
	state, err := airbyte.ParseState(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", j.flags.State, err)
	}
	return state, nil
}
