package airbyte

import (
	"bytes"
	"strconv"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// parts are what messages are made of, as raw values of the line; nil when absent.
type parts struct {
	kind              []byte
	stream, namespace []byte // of a record, a state or a status
	data              []byte // of a record
	fields            []protocol.Field
	emitted           []byte
	changes           []byte // the list inside of meta
	status            []byte
	state             span // the object of a state
	counts            span // the value of its destinationStats
}

// A span is a part of the line; it ends at 0 when there is none.
type span struct{ from, to int }

// scanners read objects inside of objects. What a visitor is told of stands in the reader's line.
type scanners struct {
	outer, payload, nested, data    rawjson.Scanner
	ofLine                          visitor
	ofRecord, ofState, ofTrace      visitor
	ofMeta, ofStreamState, ofStatus visitor
	descriptor                      rawjson.Scanner
	ofDescriptor                    visitor
}

type visitor = func(name []byte, pos int) (end int, err error)

// visitors makes the values of the visitors, once, so that none is allocated for a line.
func (s *scanners) visitors(r *Reader) {
	s.ofLine, s.ofRecord, s.ofState, s.ofTrace = r.visitLine, r.visitRecord, r.visitState, r.visitTrace
	s.ofMeta, s.ofStreamState, s.ofStatus, s.ofDescriptor = r.visitMeta, r.visitStreamState, r.visitStatus, r.visitDescriptor
}

// object reads an object inside of another one. A value that should be an object and is none, as null, is passed over.
func (r *Reader) object(scan *rawjson.Scanner, visit visitor, pos int) (int, error) {
	if pos < len(r.line) && r.line[pos] == '{' {
		return scan.Object(r.line, pos, visit)
	}
	return rawjson.SkipValue(r.line, pos)
}

// value takes a value as it stands.
func (r *Reader) value(into *[]byte, pos int) (int, error) {
	end, err := rawjson.SkipValue(r.line, pos)
	if err == nil {
		*into = r.line[pos:end:end]
	}
	return end, err
}

func (r *Reader) visitLine(name []byte, pos int) (int, error) {
	switch string(name) {
	case "record":
		return r.object(&r.scan.payload, r.scan.ofRecord, pos)
	case "type":
		return r.value(&r.parts.kind, pos)
	case "state":
		end, err := r.object(&r.scan.payload, r.scan.ofState, pos)
		if err == nil && r.line[pos] == '{' {
			r.parts.state = span{pos, end}
		}
		return end, err
	case "trace":
		return r.object(&r.scan.payload, r.scan.ofTrace, pos)
	}
	return rawjson.SkipValue(r.line, pos)
}

func (r *Reader) visitRecord(name []byte, pos int) (end int, err error) {
	p := &r.parts
	switch string(name) {
	case "data":
		if pos < len(r.line) && r.line[pos] == '{' {
			if p.fields, end, err = r.scan.data.Members(r.line, pos); err == nil {
				p.data = r.line[pos:end:end]
			}
			return end, err
		}
		return r.value(&p.data, pos)
	case "stream":
		return r.value(&p.stream, pos)
	case "namespace":
		return r.value(&p.namespace, pos)
	case "emitted_at":
		return r.value(&p.emitted, pos)
	case "meta":
		return r.object(&r.scan.nested, r.scan.ofMeta, pos)
	}
	return rawjson.SkipValue(r.line, pos)
}

func (r *Reader) visitMeta(name []byte, pos int) (int, error) {
	if string(name) != "changes" {
		return rawjson.SkipValue(r.line, pos)
	}
	p := &r.parts
	end, err := r.value(&p.changes, pos)
	if rawjson.KindOf(p.changes) != rawjson.Array || rawjson.SkipSpace(p.changes, 1) == len(p.changes)-1 {
		p.changes = nil
	}
	return end, err
}

func (r *Reader) visitState(name []byte, pos int) (int, error) {
	switch string(name) {
	case "stream":
		return r.object(&r.scan.nested, r.scan.ofStreamState, pos)
	case "destinationStats":
		end, err := rawjson.SkipValue(r.line, pos)
		r.parts.counts = span{pos, end}
		return end, err
	}
	return rawjson.SkipValue(r.line, pos)
}

func (r *Reader) visitTrace(name []byte, pos int) (int, error) {
	if string(name) == "stream_status" {
		return r.object(&r.scan.nested, r.scan.ofStatus, pos)
	}
	return rawjson.SkipValue(r.line, pos)
}

func (r *Reader) visitStreamState(name []byte, pos int) (int, error) {
	if string(name) == "stream_descriptor" {
		return r.object(&r.scan.descriptor, r.scan.ofDescriptor, pos)
	}
	return rawjson.SkipValue(r.line, pos)
}

func (r *Reader) visitStatus(name []byte, pos int) (int, error) {
	switch string(name) {
	case "stream_descriptor":
		return r.object(&r.scan.descriptor, r.scan.ofDescriptor, pos)
	case "status":
		return r.value(&r.parts.status, pos)
	}
	return rawjson.SkipValue(r.line, pos)
}

func (r *Reader) visitDescriptor(name []byte, pos int) (int, error) {
	switch string(name) {
	case "name":
		return r.value(&r.parts.stream, pos)
	case "namespace":
		return r.value(&r.parts.namespace, pos)
	}
	return rawjson.SkipValue(r.line, pos)
}

// stateOf keeps the line of a state as it came, but for destinationStats, whose place it tells.
func (r *Reader) stateOf(m *protocol.Message) error {
	p := &r.parts
	if p.state.to == 0 {
		return r.fault(conform, "the STATE has no state")
	}
	if p.stream != nil && r.known() {
		m.Stream = r.label
	}
	if at := p.counts; at.to > 0 {
		r.state = append(append(r.state[:0], r.line[:at.from]...), r.line[at.to:]...)
		m.State, m.CountsAt = r.state, at.from
		return nil
	}
	last := p.state.to - 1
	r.state = append(r.state[:0], r.line[:last]...)
	if head := bytes.TrimRight(r.line[:last], " \t\r"); head[len(head)-1] != '{' {
		r.state = append(r.state, ',')
	}
	r.state = append(r.state, `"destinationStats":`...)
	m.CountsAt = len(r.state)
	r.state = append(r.state, r.line[last:]...)
	m.State = r.state
	return nil
}

// Between these two a number of emitted_at is one of seconds, as PyAirbyte sends from its cache: those of 2000, and the
// milliseconds of 1973.
const (
	leastSeconds = 946_684_800
	endSeconds   = 100_000_000_000
)

// milliseconds reads emitted_at, 0 when it says nothing.
func milliseconds(raw []byte) int64 {
	n := int64(0)
	for _, c := range raw {
		if c -= '0'; c > 9 || n > 1<<53 {
			return inexact(raw)
		}
		n = n*10 + int64(c)
	}
	if n >= leastSeconds && n < endSeconds {
		return n * 1000
	}
	return n
}

// inexact is milliseconds for a number that is written with a fraction or an exponent.
func inexact(raw []byte) int64 {
	f, err := strconv.ParseFloat(string(raw), 64)
	switch {
	case err != nil || !(f > 0) || f > 1<<53:
		return 0
	case f >= leastSeconds && f < endSeconds:
		f *= 1000
	}
	return int64(f)
}
