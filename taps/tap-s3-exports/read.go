package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/csv"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/objects"
	"github.com/signalroom/signalroom/taps/tap/kinds"
)

const (
	// checkpointBytes is how much of a file is read between two checkpoints. A kill costs at most this much again.
	checkpointBytes = 4 << 20
	// resumeBytes is how far apart the places are at which reading a plain file can go on.
	resumeBytes = 1 << 20
	// replacements is how often a file that is replaced while it is read starts again within one run.
	replacements = 3
)

// readFile sends the rows of one file, and marks it as done.
func (s *stream) readFile(ctx context.Context, out *tap.Output, f *file) error {
	log := out.Log().With(slog.String("file", f.Key))
	if f.rewritten {
		switch s.source.config.OnRewrite {
		case "ignore":
			log.Info("the file was rewritten; on_rewrite says to ignore it")
			s.ledger.finish(f.Object)
			return nil
		case "fail":
			s.ledger.postpone(f.Object)
			return protocol.DataFault("set on_rewrite to reemit or ignore", "file %q was rewritten after it was read", f.Key)
		}
		log.Info("the file was rewritten and is sent again; a target that merges updates its rows, one that appends adds the new ones")
	}
	if f.Archived {
		return objects.ErrArchived
	}
	if p := s.ledger.partial; p != nil && p.Key == f.Key && p.Token != tokenOf(f.Object) {
		log.Info("the file was replaced since the last run and starts again")
		s.ledger.leave(f.Object)
	}
	restarted := false
	for replaced := 0; ; {
		err := s.readObject(ctx, out, f)
		switch {
		case err == nil:
			s.ledger.finish(f.Object)
			return nil
		case errors.Is(err, objects.ErrChanged) && replaced < replacements:
			replaced++
			s.ledger.leave(f.Object)
			if err := s.listAgain(ctx, f); err != nil {
				return err
			}
			log.Warn("the file was replaced while it was read and starts again")
		case errors.Is(err, objects.ErrCorrupt) && !restarted && s.ledger.partial != nil:
			// The checkpoints inside the file are worth nothing if its bytes were wrong.
			restarted = true
			s.ledger.leave(f.Object)
			log.Warn("the file's bytes do not match its checksum; its checkpoints are withdrawn and it starts again")
		default:
			return err
		}
	}
}

// listAgain takes over the object as it is now.
func (s *stream) listAgain(ctx context.Context, f *file) error {
	for object, err := range s.source.bucket.List(ctx, f.Key) {
		if err != nil {
			return err
		}
		if object.Key == f.Key {
			f.Object = object
			return nil
		}
		break
	}
	return objects.ErrVanished
}

// readObject sends the rows of each member that the bookmark does not cover.
func (s *stream) readObject(ctx context.Context, out *tap.Output, f *file) error {
	from := s.ledger.partial
	if from != nil && from.Key != f.Key {
		from = nil
	}
	var resume objects.Resume
	if from != nil {
		resume = from.Resume
	}
	for member, err := range s.source.bucket.Members(ctx, f.Object, resume) {
		if err != nil {
			return err
		}
		if from != nil && from.Member != member.Name {
			continue // done before
		}
		r := fileReader{stream: s, out: out, file: f, member: member, rejects: out.To(rejectedRows)}
		r.appendRow = func(dst []byte) (out []byte, fits bool) {
			out, r.misfit = r.encoder.encode(dst, r.record)
			return out, r.misfit < 0
		}
		if err := r.read(from); err != nil {
			return err
		}
		from = nil
	}
	if from != nil {
		return broken("member %q, in which the last run stopped, is no longer there", from.Member)
	}
	return nil
}

// A fileReader sends the rows of one member of a file.
type fileReader struct {
	stream  *stream
	out     *tap.Output
	rejects *tap.Output
	file    *file
	member  *objects.Member

	head    fileHead
	encoder rowEncoder
	csv     *csv.Reader
	places  []objects.Resume // where reading a plain file can go on, in order
	saved   int64            // uncompressed bytes that the last checkpoint covers
	object  []byte           // a rejected row

	// appendRow appends r.record, or sets r.misfit. It is a field because a method value would be allocated for each row.
	appendRow func(dst []byte) ([]byte, bool)
	record    *csv.Record
	misfit    int

	lost  int64 // rows rejected
	again int64 // repeated headers
}

// name is what _file_name says.
func (r *fileReader) name() string {
	if r.member.Name == "" {
		return r.file.Key
	}
	return r.file.Key + "#" + r.member.Name
}

// read goes through the member, from its beginning or from where the bookmark says.
func (r *fileReader) read(from *partialFile) error {
	if err := r.start(from); err != nil || r.csv == nil {
		return err
	}
	for {
		record, err := r.csv.Next()
		switch {
		case err == nil:
			err = r.send(record)
		case errors.Is(err, io.EOF):
			r.report()
			return r.judgeRatio()
		default:
			var bad *csv.RowError
			if errors.As(err, &bad) {
				err = r.reject(bad.Line, bad.Offset, r.columnAt(bad.Column), bad.Reason, bad.Raw)
			}
		}
		if err != nil {
			return err
		}
		if position := r.csv.Position(); position.Offset-r.saved >= r.stream.source.checkpoint {
			if err := r.checkpoint(position); err != nil {
				return err
			}
		}
	}
}

// start makes the CSV reader. It leaves it nil for a file without a header.
func (r *fileReader) start(from *partialFile) error {
	s := r.stream
	if from != nil {
		r.head = fileHead{dialect: from.Dialect, raw: from.Header, names: s.columnNames(from.Header)}
		behind := from.Position.Offset - from.Resume.Offset
		if n, err := io.CopyN(io.Discard, r.member, behind); err != nil {
			if errors.Is(err, io.EOF) {
				return broken("it ends %d bytes before the place where the last run stopped", behind-n)
			}
			return err
		}
		r.csv = csv.NewReader(r, r.head.dialect, from.Position)
		r.saved = from.Position.Offset
		return r.settle(nil)
	}
	head, whole, err := readHead(r.member)
	if err != nil {
		return err
	}
	if r.head, err = s.inspect(head, whole); err != nil {
		return err
	}
	if r.head.raw == nil {
		return nil
	}
	if r.head.dialect.Guessed {
		r.out.Log().Warn("the file is not UTF-8 and nothing says what it is; it is read as "+r.head.dialect.Encoding+"; set encoding",
			slog.String("file", r.file.Key))
	}
	r.csv = csv.NewReader(io.MultiReader(bytes.NewReader(head), r), r.head.dialect, csv.Position{})
	if !s.headless {
		if _, err := r.csv.ReadHeader(); err != nil {
			return broken("the header cannot be read: %w", err)
		}
	}
	return r.settle(head)
}

// settle makes the columns of the file known to the stream, and the encoder of its rows.
func (r *fileReader) settle(head []byte) error {
	s := r.stream
	var samples map[string]*sampler
	fresh := 0
	for _, name := range r.head.names {
		if s.column(name) != nil {
			continue
		}
		if samples == nil {
			samples = map[string]*sampler{}
			s.sample(r.head, head, samples)
		}
		s.addColumn(column{name: name, kind: samples[name].kind(s.hint(name))})
		fresh++
	}
	if fresh > 0 {
		r.out.Log().Info("the file brings new columns", slog.String("file", r.file.Key), slog.Int("columns", fresh))
	}
	if err := s.checkKey(); err != nil {
		return err
	}
	return r.declare()
}

// declare tells the output of the stream's columns as they are now, and makes the encoder for them.
func (r *fileReader) declare() error {
	if err := r.out.SetColumns(r.stream.tapColumns()); err != nil {
		return err
	}
	r.encoder = newRowEncoder(r.stream, r.out.Keep, r.file, r.name(), r.head.names)
	return nil
}

// Read gives the member's bytes to the CSV reader, and notes places at which a later run can go on.
func (r *fileReader) Read(p []byte) (int, error) {
	n, err := r.member.Read(p)
	if err == nil && n > 0 {
		last := int64(0)
		if len(r.places) > 0 {
			last = r.places[len(r.places)-1].Offset
		}
		if place, ok := r.member.Resume(); ok && place.Offset-last >= resumeBytes {
			r.places = append(r.places, place)
		}
	}
	return n, err
}

// send sends a row. A value that does not fit its column widens the column first.
func (r *fileReader) send(record *csv.Record) error {
	s := r.stream
	if record.Repeats(r.head.raw) {
		r.again++
		return nil
	}
	if s.validate == "reject" || s.validate == "fail" {
		name, reason, err := s.schema.broken(r.encoder.judged(record))
		switch {
		case err != nil:
			return err
		case reason != "" && s.validate == "fail":
			return protocol.DataFault("mend the file, or set validate to reject", "file %q, line %d, column %q: the row breaks %s of the schema",
				r.name(), record.Line, name, reason)
		case reason != "":
			return r.reject(record.Line, record.Offset, name, reason, record.RawString())
		}
	}
	r.record = record
	for {
		fits, err := r.out.AppendRow(r.appendRow)
		if fits || err != nil {
			return err
		}
		if err := r.widen(r.misfit, record); err != nil {
			return err
		}
	}
}

// widen changes the columns so that the record's cell fits: a wider kind, or _extra for cells that have no column.
func (r *fileReader) widen(cell int, record *csv.Record) error {
	s := r.stream
	log := r.out.Log().With(slog.String("file", r.file.Key), slog.Int64("line", record.Line))
	if cell >= len(r.head.names) {
		s.addColumn(column{name: extraColumn, kind: kinds.Object})
		log.Warn("a row has more cells than the header; they go to " + extraColumn)
	} else {
		c := s.column(r.head.names[cell])
		before := c.kind
		c.widen(record.Field(cell))
		log.Info("a value does not fit its column, which is widened",
			slog.String("column", c.name), slog.String("from", before.String()), slog.String("to", c.kind.String()))
	}
	return r.declare()
}

// columnAt is the name of a column counted from 1, empty for none.
func (r *fileReader) columnAt(n int) string {
	if n < 1 || n > len(r.head.names) {
		return ""
	}
	return r.head.names[n-1]
}

// reject sends a row to _rejected_rows.
func (r *fileReader) reject(line, offset int64, column, reason, raw string) error {
	r.lost++
	if limit := r.stream.source.config.MaxBadRows; limit != nil && r.lost > int64(*limit) {
		return broken("more than max_bad_rows (%d) of its rows could not be read", *limit)
	}
	row := rejectedRow{file: r.name(), line: line, offset: offset, column: column, reason: reason, raw: raw, hideRaw: r.encoder.hides}
	r.object = row.appendJSON(r.object[:0])
	return r.rejects.Record(r.object)
}

// judgeRatio breaks the file when too large a share of its rows was rejected.
func (r *fileReader) judgeRatio() error {
	limit, rows := r.stream.source.config.MaxBadRatio, r.csv.Position().Row
	if limit != nil && float64(r.lost) > *limit*float64(rows) {
		return broken("%d of its %d rows could not be read, more than max_bad_ratio allows", r.lost, rows)
	}
	return nil
}

// checkpoint makes everything up to position part of the bookmark.
func (r *fileReader) checkpoint(position csv.Position) error {
	r.saved = position.Offset
	partial := &partialFile{
		Key: r.file.Key, Token: tokenOf(r.file.Object), Member: r.member.Name,
		Dialect: r.head.dialect, Header: r.head.raw, Position: position,
	}
	for len(r.places) > 1 && r.places[1].Offset <= position.Offset {
		r.places = r.places[1:]
	}
	if len(r.places) > 0 && r.places[0].Offset <= position.Offset {
		partial.Resume = r.places[0]
	}
	r.stream.ledger.partial = partial
	return r.out.State(&r.stream.ledger)
}

// report says what was odd about the file.
func (r *fileReader) report() {
	counts := r.csv.Counts()
	log := r.out.Log().With(slog.String("file", r.name()))
	if r.lost > 0 {
		log.Warn("rows could not be read; they are in the stream "+rejectedRows, slog.Int64("rows", r.lost))
	}
	if counts.NULs > 0 {
		log.Warn("NUL characters were left out", slog.Int64("characters", counts.NULs))
	}
	if r.again > 0 {
		log.Info("the header stands in the file again, and was passed over", slog.Int64("times", r.again))
	}
	log.Debug("read", slog.Int64("rows", r.csv.Position().Row), slog.Int64("blank_lines", counts.BlankLines))
}
