package main

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/lenient"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// readAt is the column that says when a row was read. Where a day was read again, rows with an older one than the day's newest are
// no longer in RedTrack.
const readAt = "read_at"

var readAtColumn = tap.Column{Name: readAt, Schema: []byte(`{"type":["null","string"],"format":"date-time","description":"Start of the run that read the row last. A day's rows with an older one than its newest are gone from RedTrack."}`), Unselected: true}

// rows sends those of one stream, made to fit its columns.
type rows struct {
	out     *tap.Output
	scanner rawjson.Scanner
	reader  *lenient.Reader
	always  []protocol.Member // of every row
	raw     []byte
	row     []byte
	unnamed int // rows that came without an id
}

func (s *source) newRows(stream tap.Stream, out *tap.Output) (*rows, error) {
	reader, err := lenient.New(stream.Columns, s.zone)
	if err != nil {
		return nil, err
	}
	r := &rows{out: out, reader: reader}
	if slices.ContainsFunc(stream.Columns, func(c tap.Column) bool { return c.Name == readAt }) && out.Keep(readAt) == tap.Whole {
		r.always = append(r.always, text(readAt, s.run.Start.Format(time.RFC3339Nano)))
	}
	return r, nil
}

// idOf is a row's id. For a row that has none it is made of other members.
func (r *rows) idOf(row []byte, members ...string) string {
	if id := rest.Text(rest.Member(row, "id")); id != "" {
		return id
	}
	r.unnamed++
	hash := sha256.New()
	for _, member := range members {
		hash.Write(append(rest.Member(row, member), 0))
	}
	return "none-" + hex.EncodeToString(hash.Sum(nil)[:12])
}

// byID is the key of rows by their id; those that come without one have the other members.
func byID(members ...string) func(rows *rows, row []byte) (string, []protocol.Member) {
	return func(rows *rows, row []byte) (string, []protocol.Member) {
		id := rows.idOf(row, members...)
		return id, []protocol.Member{text("id", id)}
	}
}

// text is a member that holds one.
func text(name, value string) protocol.Member {
	return protocol.Member{Name: name, Value: rawjson.AppendStringLossy(nil, value)}
}

// send sends a row. The members that are set take the place of its own.
func (r *rows) send(row []byte, set ...protocol.Member) error {
	fields, err := r.scanner.Fields(row)
	if err != nil {
		return protocol.DataFault("", "a row is no JSON object: %w", err)
	}
	set = append(set, r.always...)
	r.raw = append(r.raw[:0], '{')
	for _, m := range set {
		r.raw = append(rawjson.AppendString(comma(r.raw), m.Name), ':')
		r.raw = append(r.raw, m.Value...)
	}
	for _, field := range fields {
		if !slices.ContainsFunc(set, func(m protocol.Member) bool { return m.Name == string(field.Name) }) {
			r.raw = append(rawjson.AppendStringLossy(comma(r.raw), field.Name), ':')
			r.raw = append(r.raw, field.Value...)
		}
	}
	if r.row, err = r.reader.Append(r.row[:0], append(r.raw, '}')); err != nil {
		return err
	}
	return r.out.Record(r.row)
}

// report says once what was odd about the rows.
func (r *rows) report() {
	if odd := r.reader.Odd(); odd != "" {
		r.out.Log().Warn("values that do not fit their columns went out beside them, as column"+lenient.Suffix, "columns", odd)
	}
	if r.unnamed > 0 {
		r.out.Log().Warn("rows came without an id, and got one made of their other values", "rows", r.unnamed)
	}
}
