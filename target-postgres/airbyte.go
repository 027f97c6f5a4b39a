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

// An airbyteJob is one execution of a command of Airbyte's protocol.
type airbyteJob struct {
	job
	out *airbyte.Writer
}

// runAirbyte executes a command of Airbyte's protocol. Standard output belongs to its messages, logs and failures included.
func (p Program) runAirbyte(ctx context.Context, s *signals) int {
	out := airbyte.NewWriter(p.Stdout)
	j := &airbyteJob{job{Program: p, signals: s, output: logs.NewAirbyte("target-postgres", out, p.Env)}, out}
	return j.output.Run(func() error {
		err := j.execute(ctx)
		if flushed := out.Flush(); err == nil {
			err = flushed
		}
		return err
	})
}

func (j *airbyteJob) execute(ctx context.Context) (err error) {
	j.given, err = j.parse(&j.command, &j.config)
	if j.Args[0] == "check" && (err != nil || !j.given.Done()) {
		if err == nil {
			err = j.check(ctx)
		}
		return j.answer(err)
	}
	switch {
	case err != nil || j.given.Done():
		return err
	case j.given.Command() == "spec":
		return j.spec()
	case j.given.Command() == "discover":
		return protocol.ConfigFault("choose streams and modes in the connection", "this destination has nothing to discover")
	}
	return j.write(ctx)
}

// documentation is the page of this connector.
const documentation = "https://github.com/signalroom/signalroom/blob/main/docs/airbyte-destination.md"

func (j *airbyteJob) spec() error {
	form, err := settings.ConnectionSpecification(&Config{})
	if err != nil {
		return err
	}
	return j.out.Send(&airbyte.Specification{
		DocumentationURL: documentation, ConnectionSpecification: form, SupportsIncremental: true, ProtocolVersion: airbyte.Version,
		DestinationSyncModes: []airbyte.DestinationSyncMode{airbyte.Append, airbyte.Overwrite, airbyte.AppendDedup},
	})
}

// answer says what became of a check. A defect of the program is no answer.
func (j *airbyteJob) answer(err error) error {
	if err != nil && protocol.KindOf(err) == protocol.System {
		return err
	}
	status := &airbyte.ConnectionStatus{Status: airbyte.Succeeded}
	if err != nil {
		status.Status, status.Message = airbyte.Failed, j.output.Masked(strings.TrimSpace(err.Error()))
	}
	return j.out.Send(status)
}

// check does in a transaction that is taken back what a sync will do.
func (j *airbyteJob) check(ctx context.Context) error {
	connection, end, err := j.connection(ctx)
	if err != nil {
		return err
	}
	defer end()
	conn, err := database.Connect(ctx, connection)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) // the answer is known by then
	of := j.config.airbytePipeline(nil)
	if err := conn.Check(ctx, of, j.config.options(connection).Grants); err != nil {
		return err
	}
	return conn.Try(ctx, of)
}

// connection is how the server is reached, once the settings are right.
func (j *airbyteJob) connection(ctx context.Context) (o database.Options, end func(), err error) {
	c := &j.config
	j.output.Mask(j.given.Secrets()...)
	j.output.Mask(c.Airbyte.Mode.secrets()...)
	if j.command.Check.Debug || j.command.Write.Debug {
		j.output.Verbose()
	}
	problems := j.given.Problems()
	c.check(problems)
	if c.DSN == "" {
		for _, of := range []struct{ name, value string }{{"host", c.Host}, {"database", c.Database}, {"user", c.User}} {
			if of.value == "" {
				problems.Missing(of.name, "to reach the server")
			}
		}
	}
	if c.Embedded != "" {
		problems.Add("embedded", "an Airbyte destination loads into a server that stays: leave it out")
	}
	if err := problems.Err(); err != nil {
		return o, nil, err
	}
	if list := slices.Concat(j.given.Unknown(), j.given.WithoutEffect()); len(list) > 0 {
		j.output.Logger().Info("settings that have no effect here", "settings", strings.Join(list, ", "))
	}
	return c.connection(ctx, j.given.Env)
}

// write loads what comes on standard input.
func (j *airbyteJob) write(ctx context.Context) error {
	if medium, _ := j.Env("DATA_CHANNEL_MEDIUM"); medium == "SOCKET" {
		return protocol.ConfigFault("set DATA_CHANNEL_MEDIUM to STDIO: this destination declares no other", "records through sockets are not read")
	}
	connection, end, err := j.connection(ctx)
	if err != nil {
		return err
	}
	defer end()
	text, err := os.ReadFile(j.command.Write.Catalog)
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
		j.output.NameStream(stream.Label(), stream.Name, stream.Namespace)
	}
	o := j.config.airbyteOptions(connection, streams)
	if j.given.Given("pipeline") {
		o.Pipeline.Name = j.config.Pipeline
	}
	o.Limits, o.Grew, o.Log, o.Progress = j.Limits, j.Grew, j.output.Logger(), &load.Progress{}
	reader := airbyte.NewReader(j.Stdin, streams, o.Log)
	defer reader.Close()
	j.signals.drain(reader)
	live := logs.NewLive(j.Stderr, false)
	stop := showProgress(live, o.Log, o.Progress)
	summary, err := load.Run(ctx, o, reader, j.out)
	stop()
	logSummary(live, o.Log, summary)
	return err
}

// deleteMark is the property by which sources that read a log of changes say that a row is gone.
const deleteMark = "_ab_cdc_deleted_at"

// airbyteOptions are those of a load whose ways the configured catalog decides.
func (c *Config) airbyteOptions(connection database.Options, streams []*protocol.Stream) load.Options {
	o := c.options(connection)
	o.Case = c.airbyteCase()
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
	return database.Pipeline{Schema: c.airbyteCase().Schema(c.Schema), Name: database.AirbytePrefix + hex.EncodeToString(hash.Sum(nil)[:6])}
}

func (c *Config) airbyteCase() columns.Case {
	if c.NameCase == "lower" {
		return columns.AirbyteLowerCase
	}
	return columns.AirbyteCase
}
