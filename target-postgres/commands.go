package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
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
func (p Program) state(ctx context.Context, connection database.Options, config *Config) error {
	conn, err := database.Connect(ctx, connection)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) // the answer is known by then
	state, err := conn.State(ctx, config.pipeline(), longestWait)
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
			version = strconv.FormatInt(l.Version, 10)
		}
		rows = append(rows, []string{
			l.Committed.UTC().Format(time.DateTime), visible(l.Pipeline), visible(l.Stream), l.Mode,
			strconv.FormatInt(l.Read, 10), strconv.FormatInt(l.Inserted, 10), strconv.FormatInt(l.Updated, 10),
			strconv.FormatInt(l.Unchanged, 10), strconv.FormatInt(l.Deleted, 10), strconv.FormatInt(l.Rejected, 10),
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
		rows = append(rows, []string{strconv.FormatInt(r.ID, 10), r.At.UTC().Format(time.DateTime), replayed, visible(r.Pipeline), visible(r.Stream),
			strconv.FormatInt(r.Line, 10), visible(r.Key), visible(r.Column), visible(r.Reason)})
	}
	return printTable(p.Stdout, rows, 1, 2, 3, 4, 6, 7, 8)
}

// rejectsReplay loads rejects.
type rejectsReplay struct {
	rejectsFilter
	JSON bool `help:"Print JSON, one object a line."`
}

// replay loads rejects once more. It is a Data fault when some are refused again.
func (p Program) replay(ctx context.Context, o load.Options, of database.Pipeline, r rejectsReplay, input string) error {
	schemas, err := readSchemas(input, o.Log)
	if err != nil {
		return err
	}
	results, err := replay.Run(ctx, replay.Options{Load: o, Of: of, Filter: r.filter(), Schemas: schemas})
	if err == nil && len(results) == 0 {
		o.Log.Info("no rejects to replay")
	}
	rows := [][]string{{"PIPELINE", "STREAM", "REPLAYED", "STILL REJECTED", "REASON"}}
	var refused int64
	for _, r := range results {
		refused += r.Rejected
		if r.Note != "" {
			o.Log.Warn(r.Note, "stream", r.Stream)
		}
		rows = append(rows, []string{visible(r.Pipeline), visible(r.Stream), strconv.FormatInt(r.Replayed, 10), strconv.FormatInt(r.Rejected, 10), visible(r.Reason)})
	}
	var printing error
	if r.JSON {
		printing = printLines(p.Stdout, results)
	} else {
		printing = printTable(p.Stdout, rows, 0, 1, 4)
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

// printTable prints rows of cells, the first of them a heading; the columns named by number are text.
func printTable(w io.Writer, rows [][]string, text ...int) error {
	return printed(io.WriteString(w, strings.Join(aligned(rows, text...), "\n")+"\n"))
}

func printLines[T any](w io.Writer, values []T) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i := range values {
		if err := e.Encode(&values[i]); err != nil {
			return protocol.SystemFault("", "%w", err)
		}
	}
	return printed(io.WriteString(w, b.String()))
}

// printed makes a fault of an output that takes nothing.
func printed(_ int, err error) error {
	if err != nil {
		return protocol.SystemFault("", "standard output: %w", err)
	}
	return nil
}
