package lenient

import (
	"context"
	"slices"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap"
)

// A Sender sends rows of one stream, made to fit its columns. One goroutine uses it.
type Sender struct {
	// Secrets are the names of members that go nowhere, however deep they lie.
	Secrets []string
	// MaskURLs turns credentials in the parameters of URLs into ****, macros such as {token} aside.
	MaskURLs bool
	out      *tap.Output
	reader   *reader
	scanner  rawjson.Scanner
	value    []byte
	row      []byte
}

// NewSender makes one for a stream of those columns; zone is that of times without an offset.
func NewSender(out *tap.Output, columns []tap.Column, zone *time.Location) (*Sender, error) {
	reader, err := newReader(columns, zone)
	return &Sender{out: out, reader: reader}, err
}

// Read is the Read of a stream whose rows go out by a Sender for its columns.
func Read(columns []tap.Column, zone *time.Location, read func(ctx context.Context, out *tap.Output, sender *Sender) error) func(context.Context, *tap.Output) error {
	return func(ctx context.Context, out *tap.Output) error {
		sender, err := NewSender(out, columns, zone)
		if err != nil {
			return err
		}
		defer sender.End()
		return read(ctx, out, sender)
	}
}

// Send sends a row, given as a JSON object. The members that are set come first, and take the place of the row's own.
func (s *Sender) Send(row []byte, set ...protocol.Member) error {
	fields, err := s.scanner.Fields(row)
	if err != nil {
		return protocol.DataFault("", "a row is no JSON object: %w", err)
	}
	dst := append(s.row[:0], '{')
	for _, m := range set {
		dst = appendMember(s.reader, dst, m.Name, m.Value)
	}
	for _, field := range fields {
		if slices.Contains(s.Secrets, string(field.Name)) || slices.ContainsFunc(set, func(m protocol.Member) bool { return m.Name == string(field.Name) }) {
			continue
		}
		value := field.Value
		if s.MaskURLs || len(s.Secrets) > 0 {
			s.value = s.appendWithout(s.value[:0], value)
			value = s.value
		}
		dst = appendMember(s.reader, dst, field.Name, value)
	}
	s.row = append(dst, '}')
	return s.out.Record(s.row)
}

// End warns once of all values that did not fit their columns.
func (s *Sender) End() {
	if odd := s.reader.says(); odd != "" {
		s.out.Log().Warn("values that do not fit their columns are kept beside them", "columns", odd, "suffix", tap.AsSent)
	}
}

// Text is a member that holds one.
func Text(name, text string) protocol.Member {
	return protocol.Member{Name: name, Value: rawjson.AppendStringLossy(nil, text)}
}

// appendName appends a comma where one is due, a name and a colon.
func appendName[T string | []byte](dst []byte, name T) []byte {
	return append(rawjson.AppendStringLossy(comma(dst), name), ':')
}

// comma appends one unless an object or array has just begun.
func comma(dst []byte) []byte {
	if last := dst[len(dst)-1]; last == '{' || last == '[' {
		return dst
	}
	return append(dst, ',')
}
