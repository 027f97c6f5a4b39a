package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"unicode/utf8"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/load"
)

// Options are the choices of a Source.
type Options struct {
	Env     func(name string) (string, bool) // where the AWS_ variables are
	MaxLine int                              // bytes of a record; 0 is lines.DefaultMax
	Log     *slog.Logger
}

// A Source gives messages, and records in the place of BATCH messages. Its Next is for one goroutine; Close is for any.
type Source struct {
	options  Options
	messages load.Source
	ctx      context.Context // of all reading; Close ends it
	cancel   context.CancelFunc
	buckets  *buckets
	streams  map[string]*protocol.Stream

	line     int64 // of the BATCH message under way, in the input
	stream   *protocol.Stream
	batch    *protocol.Batch
	manifest []string // files that were not opened yet
	file     *file    // the open one
	number   int64    // of the file's latest line
	expanded int64    // lines that the files of all messages had so far
	err      error    // the end

	scan    rawjson.Scanner
	message protocol.Message
}

// New makes a Source of messages. The caller calls Close when it is done; that closes messages too.
func New(ctx context.Context, messages load.Source, options Options) *Source {
	s := &Source{options: options, messages: messages, streams: map[string]*protocol.Stream{}}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.buckets = &buckets{env: options.Env, log: options.Log}
	return s
}

// Close ends all reading and makes a waiting Next return [protocol.ErrClosed].
func (s *Source) Close() error {
	s.cancel()
	return s.messages.Close()
}

// Next gives the next message, valid until the next call. A file that cannot be read is a fault, and the end.
func (s *Source) Next() (*protocol.Message, error) {
	for s.err == nil {
		if s.file != nil {
			m, err := s.record()
			if err == nil || m != nil {
				return m, err
			}
			s.file.close()
			s.file = nil
			if !errors.Is(err, io.EOF) {
				s.err = err
			}
			continue
		}
		if len(s.manifest) > 0 {
			s.err = s.open()
			continue
		}
		m, err := s.messages.Next()
		if m == nil {
			return nil, err
		}
		if m.Type == protocol.BatchMessage && err == nil {
			s.err = s.begin(m)
			continue
		}
		m.Line += s.expanded
		var refused *protocol.RecordError
		if errors.As(err, &refused) {
			refused.Line += s.expanded
		}
		if m.Type == protocol.SchemaMessage {
			s.streams[m.Stream] = m.Schema
		}
		return m, err
	}
	return nil, s.err
}

// begin takes a BATCH message.
func (s *Source) begin(m *protocol.Message) error {
	s.line, s.batch, s.manifest, s.stream = m.Line, m.Batch, m.Batch.Manifest, s.streams[m.Stream]
	if err := check(m.Batch); err != nil {
		return s.fault(err)
	}
	return nil
}

// open begins with the next file of the manifest.
func (s *Source) open() error {
	name := s.manifest[0]
	s.manifest = s.manifest[1:]
	s.options.Log.Debug("reading a file of a BATCH", "stream", s.stream.Name, "line", s.line, "file", name)
	f, err := s.openFile(name)
	if s.ctx.Err() != nil {
		err = protocol.ErrClosed
	}
	if err != nil {
		return s.fault(err)
	}
	s.file, s.number = f, 0
	return nil
}

// record makes a message of the file's next line. At its end it gives io.EOF.
func (s *Source) record() (*protocol.Message, error) {
	for {
		line, err := s.file.lines.Next()
		if err != nil {
			return nil, s.ended(err)
		}
		s.number++
		text := line.Text
		if s.number == 1 {
			text = bytes.TrimPrefix(text, []byte("\uFEFF"))
		}
		if rawjson.SkipSpace(text, 0) == len(text) {
			continue
		}
		s.expanded++
		m := &s.message
		*m = protocol.Message{Type: protocol.RecordMessage, Stream: s.stream.Name, Line: s.line + s.expanded, Bytes: len(text)}
		m.Record.Version, m.Record.HasVersion = s.batch.Version, s.batch.HasVersion
		m.Record.Raw = bytes.TrimSpace(text)
		if m.Record.Fields, err = s.scan.Fields(m.Record.Raw); err != nil {
			if !line.Whole {
				return nil, s.fault(protocol.DataFault(writeAgain, "%s ends in the middle of line %d", s.file.name, s.number))
			}
			return m, s.refused(fmt.Sprintf("invalid JSON: %v", err))
		}
		if !line.UTF8 && !utf8.Valid(text) {
			return m, s.refused("invalid UTF-8")
		}
		return m, nil
	}
}

// refused is for a line that is no record.
func (s *Source) refused(reason string) error {
	return &protocol.RecordError{
		Line: s.message.Line, Stream: s.stream.Name, Reason: fmt.Sprintf("%s, line %d: %s", s.file.name, s.number, reason), Raw: s.message.Record.Raw,
	}
}

// fault adds to what is wrong with a file where it was named.
func (s *Source) fault(err error) error {
	var f *protocol.Fault
	if !errors.As(err, &f) {
		return err
	}
	return &protocol.Fault{Kind: f.Kind, Stream: s.stream.Name, Hint: f.Hint, Err: fmt.Errorf("line %d: %w", s.line, f.Err)}
}
