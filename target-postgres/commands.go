package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/singer"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/replay"
)

// longestWait is how long the state command waits for a commit that is under way.
const longestWait = 60 * time.Second

// state prints the committed state, or {}. It prints nothing when it fails.
func (p Program) state(ctx context.Context, connection database.Options, of database.Pipeline) error {
	conn, err := database.Connect(ctx, connection)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) // the answer is known by then
	state, err := conn.State(ctx, of, longestWait)
	if err != nil {
		return err
	}
	if state == nil {
		state = []byte("{}")
	}
	return printed(p.Stdout.Write(append(state, '\n')))
}

// A count is how many of something are shown.
type count int

// Validate is asked by the parser of the command line.
func (c count) Validate() error {
	if c < 0 {
		return errors.New("expected 0 or more")
	}
	return nil
}

// loadsCommand shows the history of loads.
type loadsCommand struct {
	Stream    string `placeholder:"GLOB" help:"Streams to show."`
	Intervals bool   `help:"Show each transaction, not the sum of each run."`
	Limit     count  `default:"20" help:"How many rows to show, the newest first."`
	JSON      bool   `help:"Print JSON, one object a line."`
}

func (p Program) loads(ctx context.Context, connection database.Options, of database.Pipeline, l loadsCommand) error {
	conn, err := database.Connect(ctx, connection)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) // the answer is known by then
	loads, err := conn.Loads(ctx, of, database.LoadFilter{Stream: l.Stream, Intervals: l.Intervals, Limit: int(l.Limit)})
	if err != nil {
		return err
	}
	if l.JSON {
		return printLines(p.Stdout, loads)
	}
	rows := [][]string{{"COMMITTED", "PIPELINE", "STREAM", "DISPOSITION", "READ", "INSERTED", "UPDATED", "UNCHANGED", "DELETED", "REJECTED",
		"MB", "SECONDS", "VERSION", "PROGRAM", "BOOKMARK"}}
	for _, l := range loads {
		version := ""
		if l.Version != 0 {
			version = fmt.Sprint(l.Version)
		}
		rows = append(rows, []string{
			l.Committed.UTC().Format(time.DateTime), visible(l.Pipeline), visible(l.Stream), l.Mode,
			fmt.Sprint(l.Read), fmt.Sprint(l.Inserted), fmt.Sprint(l.Updated),
			fmt.Sprint(l.Unchanged), fmt.Sprint(l.Deleted), fmt.Sprint(l.Rejected),
			megabytes(l.Bytes), fmt.Sprintf("%.1f", l.Seconds), version, l.Program, shortened(visible(l.Bookmark), 60),
		})
	}
	return printTable(p.Stdout, rows, 0, 1, 2, 3, 13, 14)
}

// rejectsFilter says which rejects a command is about.
type rejectsFilter struct {
	Stream string  `placeholder:"GLOB" help:"Those of these streams."`
	ID     []int64 `name:"id" placeholder:"N" help:"The one with this number; may be given again."`
	Reason string  `placeholder:"TEXT" help:"Those whose reason holds this text, in any case."`
}

func (f *rejectsFilter) filter() database.RejectFilter {
	return database.RejectFilter{Stream: f.Stream, IDs: f.ID, Reason: f.Reason}
}

// rejectsList shows records that were not loaded.
type rejectsList struct {
	rejectsFilter
	Limit count `default:"20" help:"How many to show, the newest first."`
	JSON  bool  `help:"Print JSON, one object a line, with the whole records."`
}

func (p Program) rejects(ctx context.Context, connection database.Options, of database.Pipeline, l rejectsList) error {
	conn, err := database.Connect(ctx, connection)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) // the answer is known by then
	rejects, err := conn.Rejects(ctx, of, l.filter(), int(l.Limit))
	if err != nil {
		return err
	}
	if l.JSON {
		return printLines(p.Stdout, rejects)
	}
	rows := [][]string{{"ID", "REJECTED", "REPLAYED", "PIPELINE", "STREAM", "LINE", "KEY", "COLUMN", "REASON"}}
	for _, r := range rejects {
		replayed := ""
		if r.Replayed != nil {
			replayed = r.Replayed.UTC().Format(time.DateTime)
		}
		rows = append(rows, []string{fmt.Sprint(r.ID), r.At.UTC().Format(time.DateTime), replayed, visible(r.Pipeline), visible(r.Stream),
			fmt.Sprint(r.Line), visible(r.Key), visible(r.Column), visible(r.Reason)})
	}
	return printTable(p.Stdout, rows, 1, 2, 3, 4, 6, 7, 8)
}

// rejectsReplay loads rejects.
type rejectsReplay struct {
	rejectsFilter
	JSON bool `help:"Print JSON, one object a line."`
}

// replay loads rejects once more. It is a Data fault when some are refused again.
func (j *job) replay(ctx context.Context, o load.Options, of database.Pipeline) error {
	command := j.command.Rejects.Replay
	schemas, err := readSchemas(j.command.Input, o.Log)
	if err != nil {
		return err
	}
	results, err := replay.Run(ctx, replay.Options{Load: o, Of: of, Filter: command.filter(), Schemas: schemas})
	if err == nil && len(results) == 0 {
		o.Log.Info("no rejects to replay")
	}
	rows := [][]string{{"PIPELINE", "STREAM", "REPLAYED", "STILL REJECTED", "REASON"}}
	var refused int64
	for _, one := range results {
		refused += one.Rejected
		if one.Note != "" {
			o.Log.Warn(one.Note, "stream", one.Stream)
		}
		rows = append(rows, []string{visible(one.Pipeline), visible(one.Stream), fmt.Sprint(one.Replayed), fmt.Sprint(one.Rejected), visible(one.Reason)})
	}
	var printing error
	if command.JSON {
		printing = printLines(j.Stdout, results)
	} else {
		printing = printTable(j.Stdout, rows, 0, 1, 4)
	}
	switch {
	case err != nil:
		return err
	case printing != nil:
		return printing
	case refused > 0:
		return protocol.DataFault("mend the cause and replay again; see them with: target-postgres rejects list", "%d still rejected", refused)
	}
	return nil
}

// readSchemas reads the SCHEMA messages of a file, of each stream the last; none without a file.
func readSchemas(path string, log *slog.Logger) (map[string]*protocol.Stream, error) {
	schemas := map[string]*protocol.Stream{}
	if path == "" {
		return schemas, nil
	}
	file, err := openInput(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	reader := singer.NewReader(file, singer.Options{Log: log})
	defer reader.Close()
	for {
		m, err := reader.Next()
		var rejected *protocol.RecordError
		switch {
		case errors.Is(err, io.EOF):
			return schemas, nil
		case errors.As(err, &rejected) && m != nil:
		case err != nil:
			return nil, err
		case m.Type == protocol.SchemaMessage:
			schemas[m.Stream] = m.Schema
		}
	}
}
