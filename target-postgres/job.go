package main

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/logs"
	"github.com/signalroom/signalroom/protocol/settings"
	"github.com/signalroom/signalroom/protocol/singer"
	"github.com/signalroom/signalroom/target-postgres/batch"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/server"
)

// A job is one execution of the command line.
type job struct {
	Program
	output  *logs.Output
	live    *logs.Live
	signals *signals
	command grammar
	config  Config
	given   *settings.Settings
}

func (j *job) execute(ctx context.Context) (err error) {
	if j.given, err = j.parse(&j.command, &j.config); err != nil || j.given.Done() {
		return err
	}
	if slices.Contains(airbyteVerbs, j.given.Command()) {
		return protocol.ConfigFault("write it first: target-postgres "+j.given.Command()+" --config FILE", "a command of Airbyte's protocol stands behind a flag")
	}
	j.output.Mask(j.given.Secrets()...)
	j.given.WarnOfExposed(j.output.Logger())
	problems := j.given.Problems()
	j.config.check(problems)
	if err := problems.Err(); err != nil {
		return err
	}
	if list := j.given.WithoutEffect(); len(list) > 0 {
		j.output.Logger().Info("settings of other targets that have no effect here", "settings", strings.Join(list, ", "))
	}
	connection, end, err := j.config.connection(ctx, j.given.Env)
	if err != nil {
		return err
	}
	defer end()
	if j.config.Embedded != "" {
		private, err := server.Start(ctx, server.Options{Dir: j.config.Embedded, Log: j.output.Logger()})
		if err != nil {
			return err
		}
		defer stopServer(context.WithoutCancel(ctx), private, j.output.Logger())
		connection.DSN = private.DSN()
		connection.Env = nil
	}
	return j.dispatch(ctx, connection)
}

// dispatch runs the command that was given.
func (j *job) dispatch(ctx context.Context, connection database.Options) error {
	shown := j.config.pipeline()
	if !j.given.Given("pipeline") {
		shown.Name = "" // all of them
	}
	switch j.given.Command() {
	case "state":
		return j.state(ctx, connection, j.config.pipeline())
	case "loads":
		return j.loads(ctx, connection, shown, j.command.Loads)
	case "rejects", "rejects list":
		return j.rejects(ctx, connection, shown, j.command.Rejects.List)
	}
	o := j.config.options(connection)
	o.Limits, o.Grew, o.Log = j.Limits, j.Grew, j.output.Logger()
	if j.given.Command() == "rejects replay" {
		return j.replay(ctx, o, shown)
	}
	return j.load(ctx, o)
}

func stopServer(ctx context.Context, private *server.Server, log *slog.Logger) {
	if err := private.Stop(ctx); err != nil {
		log.Warn("the private server did not stop", "error", err)
	}
}

// load reads messages to the end.
func (j *job) load(ctx context.Context, o load.Options) error {
	input := j.Stdin
	if j.command.Input != "" {
		file, err := openInput(j.command.Input)
		if err != nil {
			return err
		}
		defer file.Close()
		input = file
	}
	reader := batch.New(ctx, singer.NewReader(input, singer.Options{Log: o.Log}), batch.Options{Env: j.given.Env, Log: o.Log})
	defer reader.Close()
	j.signals.drain(reader)
	if j.command.Plan {
		return load.Plan(ctx, o, reader, j.Stdout)
	}
	o.Metrics, o.Progress = j.output.StartMetrics(), &load.Progress{}
	stop := showProgress(j.live, o.Log, o.Progress)
	file := startMetricsFile(j.config.MetricsFile, o.Pipeline.Name, o.Progress, o.Log)
	summary, err := load.Run(ctx, o, reader, j.Stdout)
	stop()
	file.end(err, j.signals.received())
	o.Metrics.Close()
	logSummary(j.live, o.Log, summary)
	return err
}

func openInput(path string) (*os.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, protocol.ConfigFault("name a file that can be read", "input: %w", err)
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		return nil, protocol.ConfigFault("name a file that can be read", "input: %s is a folder", path)
	}
	return file, nil
}
