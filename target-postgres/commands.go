package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/database"
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

func (p Program) loads(ctx context.Context, connection database.Options, of database.Pipeline, limit int, asJSON bool) error {
	conn, err := database.Connect(ctx, connection)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) // the answer is known by then
	loads, err := conn.Loads(ctx, of, limit)
	if err != nil {
		return err
	}
	if asJSON {
		return printLines(p.Stdout, loads)
	}
	rows := make([]string, len(loads))
	for i, l := range loads {
		rows[i] = fmt.Sprintf("%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d", l.Committed.UTC().Format(time.DateTime), l.Pipeline, l.Stream, l.Mode,
			l.Read, l.Inserted, l.Updated, l.Unchanged, l.Deleted, l.Rejected)
	}
	return printTable(p.Stdout, "COMMITTED\tPIPELINE\tSTREAM\tDISPOSITION\tREAD\tINSERTED\tUPDATED\tUNCHANGED\tDELETED\tREJECTED", rows)
}

func (p Program) rejects(ctx context.Context, connection database.Options, of database.Pipeline, stream string, limit int, asJSON bool) error {
	conn, err := database.Connect(ctx, connection)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) // the answer is known by then
	rejects, err := conn.Rejects(ctx, of, stream, limit)
	if err != nil {
		return err
	}
	if asJSON {
		return printLines(p.Stdout, rejects)
	}
	rows := make([]string, len(rejects))
	for i, r := range rejects {
		rows[i] = fmt.Sprintf("%d\t%s\t%s\t%s\t%d\t%s\t%s\t%s", r.ID, r.At.UTC().Format(time.DateTime), r.Pipeline, r.Stream, r.Line, r.Key, r.Column, r.Reason)
	}
	return printTable(p.Stdout, "ID\tREJECTED\tPIPELINE\tSTREAM\tLINE\tKEY\tCOLUMN\tREASON", rows)
}

// printTable prints rows of tab-separated cells under a heading.
func printTable(w io.Writer, heading string, rows []string) error {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range append([]string{heading}, rows...) {
		fmt.Fprintln(t, row)
	}
	if err := t.Flush(); err != nil {
		return protocol.SystemFault("", "%w", err)
	}
	return printed(io.WriteString(w, b.String()))
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
