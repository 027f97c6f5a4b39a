package main

import (
	"bytes"
	"slices"
	"strconv"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/lenient"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// A lift is a column that takes its value from deeper in the row.
type lift struct{ column, path string }

// secrets are members that go nowhere, however deep they lie: https://developers.everflow.io/docs/network/advertisers
var secrets = []string{"verification_token", "integrations", "api"}

// A shape makes of an answer's rows those of a stream.
type shape struct {
	out     *tap.Output
	fit     *lenient.Reader
	lifts   []lift
	scanner rawjson.Scanner
	row     []byte
	fitted  []byte
}

func newShape(out *tap.Output, columns []tap.Column, lifts ...lift) (*shape, error) {
	fit, err := lenient.New(columns, time.UTC)
	return &shape{out: out, fit: fit, lifts: lifts}, err
}

// send sends a row. network_id is put in front where the row has none of its own.
func (s *shape) send(row []byte, networkID int64) error {
	fields, err := s.scanner.Fields(row)
	if err != nil {
		return protocol.DataFault("", "a row is no JSON object: %w", err)
	}
	has := func(column string) bool {
		return slices.ContainsFunc(fields, func(f protocol.Field) bool { return string(f.Name) == column })
	}
	dst := append(s.row[:0], '{')
	if !has("network_id") {
		dst = strconv.AppendInt(append(dst, `"network_id":`...), networkID, 10)
	}
	for _, l := range s.lifts {
		if value := rest.Member(row, l.path); value != nil && !has(l.column) {
			dst = appendMember(dst, []byte(l.column), value)
		}
	}
	for _, f := range fields {
		if !slices.Contains(secrets, string(f.Name)) {
			dst = appendWithoutSecrets(appendMember(dst, f.Name, nil), f.Value)
		}
	}
	s.row = append(dst, '}')
	if s.fitted, err = s.fit.Append(s.fitted[:0], s.row); err != nil {
		return err
	}
	return s.out.Record(s.fitted)
}

// appendMember appends a name, with a comma where one is due, and a value.
func appendMember(dst, name, value []byte) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(append(rawjson.AppendStringLossy(dst, name), ':'), value...)
}

// appendWithoutSecrets appends a valid value without the members that go nowhere.
func appendWithoutSecrets(dst, value []byte) []byte {
	kind := rawjson.KindOf(value)
	if kind != rawjson.Object && kind != rawjson.Array || !slices.ContainsFunc(secrets, func(name string) bool { return bytes.Contains(value, []byte(`"`+name+`"`)) }) {
		return append(dst, value...)
	}
	if kind == rawjson.Object {
		var scanner rawjson.Scanner
		fields, _ := scanner.Fields(value) // it was scanned as a part of the row
		dst = append(dst, '{')
		for _, f := range fields {
			if !slices.Contains(secrets, string(f.Name)) {
				dst = appendWithoutSecrets(appendMember(dst, f.Name, nil), f.Value)
			}
		}
		return append(dst, '}')
	}
	dst = append(dst, '[')
	for pos := rawjson.SkipSpace(value, 1); value[pos] != ']'; {
		end, _ := rawjson.SkipValue(value, pos)
		dst = appendWithoutSecrets(dst, value[pos:end:end])
		if pos = rawjson.SkipSpace(value, end); value[pos] == ',' {
			dst = append(dst, ',')
			pos = rawjson.SkipSpace(value, pos+1)
		}
	}
	return append(dst, ']')
}
