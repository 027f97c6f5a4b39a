// Package replay loads records that were rejected before, once their cause is mended.
//
// A record takes the normal way: the SCHEMA that it came under, the settings of the command that replays it, COPY, merge. In
// the transaction of its row it is marked as replayed, so that it is in once, however the command ends. One that is refused
// again stays as it was, and so does one that came through Airbyte. The state of the pipeline is neither read nor written, and
// statements around runs are left out.
package replay

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/load"
)

// A Result is what became of one stream's rejects.
type Result struct {
	Pipeline string `json:"pipeline"`
	Stream   string `json:"stream"`
	Replayed int64  `json:"replayed"`
	Rejected int64  `json:"still_rejected"`
	Reason   string `json:"reason,omitempty"` // of the first that is still rejected
	Note     string `json:"note,omitempty"`   // what differs from a load
}

// Options are the choices of a replay.
type Options struct {
	Load    load.Options                // of a load into the pipeline
	Of      database.Pipeline           // whose rejects; all of the schema when it has no name
	Filter  database.RejectFilter       // which of them
	Schemas map[string]*protocol.Stream // by stream: SCHEMAs to use in place of those that the records came under
}

// Run replays rejects, one stream of one pipeline after the other, the oldest first. What it returns was committed, with an
// error too.
func Run(ctx context.Context, o Options) ([]Result, error) {
	conn, err := database.Connect(ctx, o.Load.Connection)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx)) // it only reads
	if err := conn.MakeOwnTables(ctx, o.Load.Pipeline); err != nil {
		return nil, err
	}
	pending, err := conn.Pending(ctx, o.Of, o.Filter)
	if err != nil {
		return nil, err
	}
	var results []Result
	for len(pending) > 0 {
		part := pending[:chunk(pending)]
		pending = pending[len(part):]
		if n := len(results); n == 0 || results[n-1].Pipeline != part[0].Pipeline || results[n-1].Stream != part[0].Stream {
			results = append(results, Result{Pipeline: part[0].Pipeline, Stream: part[0].Stream})
		}
		if err := o.replay(ctx, conn, part, &results[len(results)-1]); err != nil {
			return results, protocol.InStream(part[0].Stream, err)
		}
	}
	return results, nil
}

// What is replayed in one transaction, and held in memory.
const (
	chunkRows  = 500
	chunkBytes = 16 << 20
)

// chunk is how many of the first rejects go together: those of one stream of one pipeline under one SCHEMA.
func chunk(pending []database.Pending) int {
	first, bytes := pending[0], int64(0)
	for i, r := range pending {
		bytes += r.Bytes
		if i > 0 && (i == chunkRows || bytes > chunkBytes || r.Pipeline != first.Pipeline || r.Stream != first.Stream || r.Hash != first.Hash) {
			return i
		}
	}
	return len(pending)
}

// replay loads some rejects of one stream under one SCHEMA again, in one transaction, and adds to the result.
func (o *Options) replay(ctx context.Context, conn *database.Conn, part []database.Pending, result *Result) error {
	if strings.HasPrefix(part[0].Pipeline, database.AirbytePrefix) {
		result.refuse(len(part), "it came through Airbyte, which sends it again: refresh the stream there")
		return nil
	}
	schema := o.Schemas[part[0].Stream]
	if schema == nil {
		var err error
		if schema, err = conn.Schema(ctx, o.Of, part[0].Hash); err != nil {
			return err
		}
	}
	if schema == nil {
		result.refuse(len(part), "no SCHEMA is stored with it; give one with --input")
		return nil
	}
	ids := make([]int64, len(part))
	for i, r := range part {
		ids[i] = r.ID
	}
	rejects, err := conn.RejectsByID(ctx, o.Of, ids)
	if err != nil || len(rejects) == 0 {
		return err
	}
	lo := o.load(schema, part[0].Pipeline, result)
	came := make(map[int64]time.Time, len(rejects))
	for _, r := range rejects {
		came[r.ID] = r.At
	}
	var in []int64
	var refused []database.Reject
	lo.Replay = &load.Replay{
		Received: func(id int64) time.Time { return came[id] },
		Commit: func(ctx context.Context, c *database.Conn, again []database.Reject) error {
			in, refused = taken(rejects, again), slices.Clone(again)
			return c.MarkReplayed(ctx, lo.Pipeline, in)
		},
	}
	if _, err := load.Run(ctx, lo, &source{schema: schema, rejects: rejects}, io.Discard); err != nil {
		return err
	}
	result.Replayed += int64(len(in))
	if n := len(rejects) - len(in); n > 0 {
		result.refuse(n, reasonOf(refused))
	}
	return nil
}

// load are the options of the load: one transaction, without a limit and without statements around it.
func (o *Options) load(schema *protocol.Stream, pipeline string, result *Result) load.Options {
	lo := o.Load
	lo.Pipeline.Name = pipeline
	lo.Connections = 1
	lo.MaxRejects, lo.Uncovered, lo.BeforeSQL, lo.AfterSQL = math.MaxInt64, load.KeepUncovered, "", ""
	if lo.Disposition(schema) == protocol.Replace {
		// The set that it belonged to is complete, or gone.
		lo.Dispositions = maps.Clone(lo.Dispositions)
		lo.Dispositions[schema.Name] = protocol.Merge
		result.Note = "replace: merged into the rows that are there"
		if len(schema.KeyProperties) == 0 {
			result.Note = "replace: added to the rows that are there"
		}
	}
	return lo
}

// refuse counts rejects that stay so. The first reason stays.
func (r *Result) refuse(n int, reason string) {
	r.Rejected += int64(n)
	r.Reason = cmp.Or(r.Reason, reason)
}

// reasonOf says why records were refused again; where none was, the stream has no table.
func reasonOf(refused []database.Reject) string {
	switch {
	case len(refused) == 0:
		return "schema_contract forbids a table for the stream"
	case refused[0].Column == "":
		return refused[0].Reason
	}
	return fmt.Sprintf("column %q: %s", refused[0].Column, refused[0].Reason)
}

// taken are the numbers of rejects that were not refused again; their lines are those numbers.
func taken(rejects, refused []database.Reject) []int64 {
	var ids []int64
	for i := range rejects {
		if !slices.ContainsFunc(refused, func(r database.Reject) bool { return r.Line == rejects[i].ID }) {
			ids = append(ids, rejects[i].ID)
		}
	}
	return ids
}

// A source gives rejects as messages: their SCHEMA, then a RECORD for each, whose line is the reject's number.
type source struct {
	schema  *protocol.Stream
	rejects []database.Reject
	begun   bool
	message protocol.Message
	scan    rawjson.Scanner
}

// Next implements [load.Source].
func (s *source) Next() (*protocol.Message, error) {
	if !s.begun {
		s.begun = true
		s.message = protocol.Message{Type: protocol.SchemaMessage, Stream: s.schema.Name, Schema: s.schema}
		return &s.message, nil
	}
	if len(s.rejects) == 0 {
		return nil, io.EOF
	}
	r := &s.rejects[0]
	s.rejects = s.rejects[1:]
	raw := []byte(r.Record)
	fields, err := s.scan.Fields(raw)
	s.message = protocol.Message{
		Type: protocol.RecordMessage, Stream: s.schema.Name, Line: r.ID, Bytes: len(raw),
		Record: protocol.Record{Raw: raw, Fields: fields},
	}
	if err != nil {
		return &s.message, &protocol.RecordError{Line: r.ID, Stream: s.schema.Name, Reason: err.Error(), Raw: raw}
	}
	return &s.message, nil
}

// Close implements [load.Source]. Next never waits, so there is nothing to end.
func (s *source) Close() error { return nil }
