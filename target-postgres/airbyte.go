package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"slices"
	"strings"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/airbyte"
	"github.com/signalroom/signalroom/protocol/logs"
	"github.com/signalroom/signalroom/protocol/settings"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/load"
)

// airbyteCommands are those of Airbyte's protocol.
// https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol
type airbyteCommands struct {
	Spec     debugFlag    `cmd:"" help:"Print what Airbyte's form asks for."`
	Check    debugFlag    `cmd:"" help:"Say whether the configuration works, as Airbyte asks."`
	Discover debugFlag    `cmd:"" hidden:""`
	Write    writeCommand `cmd:"" help:"Load Airbyte messages from standard input, as an Airbyte destination."`
}

type debugFlag struct {
	Debug bool `help:"Log more."`
}

type writeCommand struct {
	debugFlag
	Catalog string `placeholder:"FILE" required:"" help:"The configured catalog."`
}

// airbyteVerbs begin the command lines of Airbyte's protocol.
var airbyteVerbs = []string{"spec", "check", "discover", "write"}

// speaksAirbyte tells whether the command line is one of Airbyte's protocol.
func (p Program) speaksAirbyte() bool {
	return len(p.Args) > 0 && slices.Contains(airbyteVerbs, p.Args[0])
}

// runAirbyte executes a command of Airbyte's protocol. Standard output belongs to its messages, logs and failures included.
func (p Program) runAirbyte(ctx context.Context, s *signals) int {
	out := airbyte.NewWriter(p.Stdout)
	output := logs.NewAirbyte("target-postgres", out, p.Env)
	return output.Run(func() error {
		err := p.executeAirbyte(ctx, output, out, s)
		if flushed := out.Flush(); err == nil {
			err = flushed
		}
		return err
	})
}

func (p Program) executeAirbyte(ctx context.Context, output *logs.Output, out *airbyte.Writer, s *signals) error {
	var command grammar
	var config Config
	given, err := p.parse(&command, &config)
	if p.Args[0] == "check" && (err != nil || !given.Done()) {
		if err == nil {
			err = p.check(ctx, output, given, &config, command.Check.Debug)
		}
		return checked(output, out, err)
	}
	switch {
	case err != nil || given.Done():
		return err
	case given.Command() == "spec":
		return sendSpec(out)
	case given.Command() == "discover":
		return protocol.ConfigFault("choose streams and modes in the connection", "this destination has nothing to discover")
	}
	return p.write(ctx, output, out, s, given, &config, command.Write)
}

// documentation is the page of this connector.
const documentation = "https://github.com/signalroom/signalroom/blob/main/docs/airbyte-destination.md"

func sendSpec(out *airbyte.Writer) error {
	form, err := settings.ConnectionSpecification(&Config{})
	if err != nil {
		return err
	}
	return out.Send(&airbyte.Specification{
		DocumentationURL: documentation, ConnectionSpecification: form, SupportsIncremental: true, ProtocolVersion: airbyte.Version,
		DestinationSyncModes: []airbyte.DestinationSyncMode{airbyte.Append, airbyte.Overwrite, airbyte.AppendDedup},
	})
}

// checked says what became of a check. What is a defect is no answer.
func checked(output *logs.Output, out *airbyte.Writer, err error) error {
	if err != nil && protocol.KindOf(err) == protocol.System {
		return err
	}
	status := &airbyte.ConnectionStatus{Status: airbyte.Succeeded}
	if err != nil {
		status.Status, status.Message = airbyte.Failed, output.Masked(strings.TrimSpace(err.Error()))
	}
	return out.Send(status)
}

// check does in a transaction that is taken back what a sync will do.
func (p Program) check(ctx context.Context, output *logs.Output, given *settings.Settings, config *Config, debug bool) error {
	connection, end, err := p.airbyteConnection(ctx, output, given, config, debug)
	if err != nil {
		return err
	}
	defer end()
	conn, err := database.Connect(ctx, connection)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) // the answer is known by then
	of := config.airbytePipeline(nil)
	if err := conn.Check(ctx, of, config.options(connection).Grants); err != nil {
		return err
	}
	return conn.Try(ctx, of)
}

// airbyteConnection is how the server is reached, once the settings are right.
func (p Program) airbyteConnection(ctx context.Context, output *logs.Output, given *settings.Settings, config *Config, debug bool) (o database.Options, end func(), err error) {
	output.Mask(given.Secrets()...)
	output.Mask(config.Airbyte.Mode.secrets()...)
	if debug {
		output.Verbose()
	}
	problems := given.Problems()
	config.check(problems)
	if config.DSN == "" {
		for _, of := range []struct{ name, value string }{{"host", config.Host}, {"database", config.Database}, {"user", config.User}} {
			if of.value == "" {
				problems.Missing(of.name, "to reach the server")
			}
		}
	}
	if config.Embedded != "" {
		problems.Add("embedded", "an Airbyte destination loads into a server that stays: leave it out")
	}
	if err := problems.Err(); err != nil {
		return o, nil, err
	}
	if list := slices.Concat(given.Unknown(), given.WithoutEffect()); len(list) > 0 {
		output.Logger().Info("settings that have no effect here", "settings", strings.Join(list, ", "))
	}
	return config.connection(ctx, given.Env)
}

// write loads what comes on standard input.
func (p Program) write(ctx context.Context, output *logs.Output, out *airbyte.Writer, s *signals, given *settings.Settings, config *Config, command writeCommand) error {
	if medium, _ := p.Env("DATA_CHANNEL_MEDIUM"); medium == "SOCKET" {
		return protocol.ConfigFault("set DATA_CHANNEL_MEDIUM to STDIO: this destination declares no other", "records through sockets are not read")
	}
	connection, end, err := p.airbyteConnection(ctx, output, given, config, command.Debug)
	if err != nil {
		return err
	}
	defer end()
	text, err := os.ReadFile(command.Catalog)
	if err != nil {
		return protocol.ConfigFault("name a file that can be read", "catalog: %w", err)
	}
	catalog, err := airbyte.ParseConfiguredCatalog(text)
	if err != nil {
		return err
	}
	streams, err := catalog.Destination()
	if err != nil {
		return err
	}
	for _, stream := range streams {
		output.NameStream(stream.Label(), stream.Name, stream.Namespace)
	}
	o := config.airbyteOptions(connection, streams)
	if given.Given("pipeline") {
		o.Pipeline.Name = config.Pipeline
	}
	o.Limits, o.Grew, o.Log, o.Progress = p.Limits, p.Grew, output.Logger(), &load.Progress{}
	reader := airbyte.NewReader(p.Stdin, streams, o.Log)
	defer reader.Close()
	s.drain(reader)
	live := logs.NewLive(p.Stderr, false)
	stop := showProgress(live, o.Log, o.Progress)
	summary, err := load.Run(ctx, o, reader, out)
	stop()
	logSummary(live, o.Log, summary)
	return err
}

// deleteMark is the property by which sources that read a log of changes say that a row is gone.
const deleteMark = "_ab_cdc_deleted_at"

// airbyteOptions are those of a load whose ways the configured catalog decides.
func (c *Config) airbyteOptions(connection database.Options, streams []*protocol.Stream) load.Options {
	o := c.options(connection)
	o.Case = columns.AirbyteCase
	if c.NameCase == "lower" {
		o.Case = columns.AirbyteLowerCase
	}
	o.Pipeline = c.airbytePipeline(streams)
	o.Metadata, o.Uncovered, o.ReplaceKey = columns.AirbyteMetadata, load.CleanUncovered, true
	o.Dispositions, o.Method, o.HardDelete, o.IgnoreVersions, o.Missing = nil, "", false, true, load.NullMissing
	if c.Deletion != "Soft delete" {
		o.DeleteMark = deleteMark
	}
	for _, s := range streams {
		if s.Namespace == "" {
			continue
		}
		if schema := o.Case.Schema(s.Namespace); schema != o.Pipeline.Schema && !slices.Contains(o.Schemas, schema) {
			o.Schemas = append(o.Schemas, schema)
		}
	}
	return o
}

// airbytePipeline names the run after its streams: connections share a destination's configuration, and two of them may run at once, but
// not two attempts of one.
func (c *Config) airbytePipeline(streams []*protocol.Stream) database.Pipeline {
	hash := sha256.New()
	for _, s := range streams {
		hash.Write([]byte(s.Namespace + "\x00" + s.Name + "\x00"))
	}
	of := columns.AirbyteCase
	if c.NameCase == "lower" {
		of = columns.AirbyteLowerCase
	}
	return database.Pipeline{Schema: of.Schema(c.Schema), Name: database.AirbytePrefix + hex.EncodeToString(hash.Sum(nil)[:6])}
}
