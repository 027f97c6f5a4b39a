package main

import (
	"bytes"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// An encoder makes records of the rows of a query, which are arrays in the order of its columns. It allocates nothing for a row.
type encoder struct {
	columns []column
	names   [][]byte // of each, with what stands before its value
	cursor  int      // its place among the columns
	values  [][]byte // of the row under way
	object  []byte
	text    []byte
}

// newEncoder makes the encoder of one project's events. The columns hold the uuid first, and the cursor.
func newEncoder(project int64, columns []column, cursor string) *encoder {
	e := &encoder{columns: columns, values: make([][]byte, len(columns))}
	for i, c := range columns {
		before := []byte{','}
		if i == 0 {
			before = append(strconv.AppendInt([]byte(`{"project_id":`), project, 10), ',')
		}
		e.names = append(e.names, append(rawjson.AppendString(before, c.name), ':'))
		if c.name == cursor {
			e.cursor = i
		}
	}
	return e
}

// split finds the values of a row, and those that its place is made of, without their quotes.
func (e *encoder) split(row []byte) (at, uuid []byte, err error) {
	pos := rawjson.SkipSpace(row, 0)
	if pos >= len(row) || row[pos] != '[' {
		return nil, nil, protocol.DataFault("", "a row of a query is no array")
	}
	for i := range e.values {
		pos = rawjson.SkipSpace(row, pos+1)
		end, err := rawjson.SkipValue(row, pos)
		if err != nil {
			return nil, nil, protocol.DataFault("", "a row of a query has %d values and not the %d that were asked for", i, len(e.values))
		}
		e.values[i] = row[pos:end]
		pos = rawjson.SkipSpace(row, end)
		if i+1 < len(e.values) && (pos >= len(row) || row[pos] != ',') {
			return nil, nil, protocol.DataFault("", "a row of a query has %d values and not the %d that were asked for", i+1, len(e.values))
		}
	}
	if pos >= len(row) || row[pos] != ']' {
		return nil, nil, protocol.DataFault("", "a row of a query has more values than were asked for")
	}
	uuid, ok1 := rawjson.Plain(e.values[0])
	at, ok2 := rawjson.Plain(e.values[e.cursor])
	if !ok1 || !ok2 {
		return nil, nil, protocol.DataFault("", "an event comes without uuid or %s", e.columns[e.cursor].name)
	}
	return at, uuid, nil
}

// record makes the record of the row that was split last, valid until the next one.
func (e *encoder) record() []byte {
	e.object = e.object[:0]
	for i, value := range e.values {
		e.object = append(e.object, e.names[i]...)
		if e.columns[i].json {
			e.object = e.appendSpelt(e.object, value)
		} else {
			e.object = append(e.object, value...)
		}
	}
	e.object = append(e.object, '}')
	return e.object
}

// appendSpelt appends the value that a JSON text spells. What spells none is kept as the text that it is; an empty one is null.
func (e *encoder) appendSpelt(dst, value []byte) []byte {
	if rawjson.KindOf(value) != rawjson.String {
		return append(dst, value...)
	}
	e.text, _ = rawjson.AppendUnquoted(e.text[:0], value)
	switch {
	case len(e.text) == 0:
		return append(dst, "null"...)
	case rawjson.Valid(e.text) != nil:
		return append(dst, value...)
	}
	return append(dst, e.text...)
}

// A place is where a row stands in the order of the cursor and the uuid, as the API spells them.
type place struct{ at, uuid []byte }

// compare tells whether a row's place is ahead of this one. The same place is the same event, which the table still holds twice.
func (p *place) compare(at, uuid []byte) (ahead, same bool) {
	order := compareInstants(p.at, at)
	if order == 0 {
		order = bytes.Compare(p.uuid, uuid)
	}
	return order < 0, order == 0
}

// take makes it the place of a row.
func (p *place) take(at, uuid []byte) {
	p.at, p.uuid = append(p.at[:0], at...), append(p.uuid[:0], uuid...)
}

// compareInstants compares two instants. The usual spelling, RFC 3339 in UTC with as much of the fraction as there is, is compared
// as text.
func compareInstants(a, b []byte) int {
	x, ok1 := bytes.CutSuffix(a, []byte{'Z'})
	y, ok2 := bytes.CutSuffix(b, []byte{'Z'})
	if ok1 && ok2 && len(x) >= 19 && len(y) >= 19 {
		return bytes.Compare(x, y)
	}
	s, err1 := instantOf(string(a))
	t, err2 := instantOf(string(b))
	if err1 != nil || err2 != nil {
		return -1 // what is no instant is found out where the page ends
	}
	return s.Compare(t)
}

// position is the place as the bookmark has it.
func (p *place) position(until time.Time) (position, error) {
	at, err := instantOf(string(p.at))
	if err != nil {
		return position{}, protocol.DataFault("report it to PostHog", "an event's instant is not spelt as expected (%d characters)", len(p.at))
	}
	return position{At: at, UUID: string(p.uuid), Until: until}, nil
}
