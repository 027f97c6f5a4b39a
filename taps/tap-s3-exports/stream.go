package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/csv"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/objects"
)

// A stream is the files that one pattern or preset names, and where reading them stands.
type stream struct {
	source *source

	name        string
	prefix      string
	pattern     string
	preset      *preset // nil for an entry of streams
	dater       fileDater
	key         []string
	ordered     bool // files may hold the same key, so that the order in which they are read counts
	disposition protocol.Disposition

	format              csv.Format
	headless            bool     // files begin with a row
	headerNames         []string // of their columns
	nullValues          []string
	quotedEmptyIsString bool
	required            []string
	columnMap           map[string]string
	snakeCase           bool
	asText              bool
	validate            string
	zone                *time.Location
	isoDates            *dateFormat
	dateFormat          *dateFormat // for all columns, or nil
	dateFormats         map[string]*dateFormat
	stickyDates         *dateFormat // of a preset
	schema              *rowSchema

	ledger ledger
	files  []file         // to read in this run, in order
	ahead  time.Time      // oldest modification time of the files of end_date and later; zero without any
	index  map[string]int // lower-case name to place in ledger.columns
}

// A file is one to read.
type file struct {
	objects.Object
	date      time.Time
	rewritten bool
	waiting   time.Time // oldest modification time among the files behind this one; zero at the end
}

// The columns that every row has, and those that a catalog can select.
const (
	fileNameColumn = "_file_name"
	rowIDColumn    = "_row_id"
	fileDateColumn = "_file_date"
	lineColumn     = "_line_number"
	etagColumn     = "_file_etag"
	modifiedColumn = "_file_modified_at"
	sizeColumn     = "_file_size"
	extraColumn    = "_extra"
)

var fileColumns = []tap.Column{
	{Name: fileNameColumn, Schema: []byte(`{"type":"string","description":"Key of the file; inside an archive, key#member."}`)},
	{Name: rowIDColumn, Schema: []byte(`{"type":"integer","description":"Position of the row in the file, from 1."}`)},
	{Name: fileDateColumn, Schema: []byte(`{"type":"string","format":"date","description":"Day that the file is about."}`)},
	{Name: lineColumn, Schema: []byte(`{"type":["null","integer"],"description":"Physical line on which the row begins."}`), Unselected: true},
	{Name: etagColumn, Schema: []byte(`{"type":["null","string"],"description":"Version of the file."}`), Unselected: true},
	{Name: modifiedColumn, Schema: []byte(`{"type":["null","string"],"format":"date-time"}`), Unselected: true},
	{Name: sizeColumn, Schema: []byte(`{"type":["null","integer"],"description":"Bytes of the file as stored."}`), Unselected: true},
}

func (s *stream) describe() string {
	switch {
	case s.preset != nil:
		return "that are " + strings.ReplaceAll(s.name, "_", " ")
	case s.pattern == "":
		return "below " + cmp.Or(s.prefix, "the bucket's root")
	}
	return "that match " + s.pattern
}

// scope names the files that the stream is about, in a few characters.
func (s *stream) scope() string {
	shard := s.source.run.Shard
	id := idOf(fmt.Sprintf("%q %q %d/%d", s.prefix, s.pattern, shard.Index, shard.Count))
	return hex.EncodeToString(id[:])
}

// consider puts a listed file on the list when there is something to do for it.
func (s *stream) consider(o objects.Object) {
	f := file{Object: o, date: s.dater.date(o.Key, o.Modified)}
	start, end := s.source.config.StartDate, s.source.config.EndDate
	switch {
	case !start.IsZero() && f.date.Before(start.UTC().Truncate(24*time.Hour)):
		return
	case !end.IsZero() && !f.date.Before(end):
		// A later run may want it.
		if s.ahead.IsZero() || o.Modified.Before(s.ahead) {
			s.ahead = o.Modified
		}
		return
	}
	switch s.ledger.judge(o) {
	case fileDone:
		return
	case fileRewritten:
		f.rewritten = true
	}
	s.files = append(s.files, f)
}

// sortFiles settles the order: the file that the last run left in its middle, then by day, modification time and key, so that
// of two files that hold the same order the later one comes later.
func (s *stream) sortFiles() {
	unfinished := func(f file) int {
		if s.ledger.partial != nil && s.ledger.partial.Key == f.Key {
			return 0
		}
		return 1
	}
	slices.SortFunc(s.files, func(a, b file) int {
		return cmp.Or(cmp.Compare(unfinished(a), unfinished(b)), a.date.Compare(b.date), a.Modified.Compare(b.Modified), cmp.Compare(a.Key, b.Key))
	})
	oldest := s.ahead
	for i := len(s.files) - 1; i >= 0; i-- {
		s.files[i].waiting = oldest
		if m := s.files[i].Modified; oldest.IsZero() || m.Before(oldest) {
			oldest = m
		}
	}
}

// tapColumns are the stream's columns as they are by now.
func (s *stream) tapColumns() []tap.Column {
	columns := slices.Clone(fileColumns)
	for i := range s.ledger.columns {
		c := &s.ledger.columns[i]
		columns = append(columns, tap.Column{Name: c.name, Schema: c.jsonSchema()})
	}
	return columns
}

// unknownKey is the part of the key that is no column so far.
func (s *stream) unknownKey() []string {
	return slices.DeleteFunc(slices.Clone(s.key), func(name string) bool {
		return slices.ContainsFunc(s.tapColumns(), func(c tap.Column) bool { return c.Name == name })
	})
}

// checkKey is for a stream whose columns are known.
func (s *stream) checkKey() error {
	unknown := s.unknownKey()
	if len(unknown) == 0 {
		return nil
	}
	var names []string
	for _, c := range s.ledger.columns {
		names = append(names, c.name)
	}
	return protocol.InStream(s.name, protocol.ConfigFault("correct key_properties: the columns are "+strings.Join(names, ", "),
		"there is no column %q for the key", unknown[0]))
}

// read sends the rows of every file on the list. One that cannot be read never stops the others.
func (s *stream) read(ctx context.Context, out *tap.Output) error {
	if len(s.files) == 0 {
		out.Log().Info("no new files")
	}
	newest := s.ledger.watermark
	defer s.source.bucket.Expect(ctx, nil)
	for i := range s.files {
		f := &s.files[i]
		s.source.bucket.Expect(ctx, s.next(i))
		err := s.readFile(ctx, out, f)
		if err != nil {
			if err = s.judgeFailure(ctx, out, f, err); err != nil {
				return err
			}
		}
		if f.Modified.After(newest) {
			newest = f.Modified
		}
		if dropped := s.ledger.settleUp(s.source.run.Start, f.waiting, newest, s.source.config.Lookback); dropped > 0 {
			out.Log().Warn("the list of finished files is full; the oldest days are closed, and files that still turn up there are not read",
				slog.Int("files", dropped), slog.Time("closed_before", s.ledger.floor))
		}
		if err := out.State(&s.ledger); err != nil {
			return err
		}
	}
	return out.State(&s.ledger)
}

// next is the object that is read after file i, nil where there is none, or it may not be read at all.
func (s *stream) next(i int) *objects.Object {
	if i+1 == len(s.files) || s.source.run.Sample {
		return nil
	}
	f := &s.files[i+1]
	if f.Archived || f.rewritten && s.source.config.OnRewrite != "reemit" {
		return nil
	}
	return &f.Object
}

// judgeFailure decides what a file that could not be read to its end means: for the file, and for the run. What it returns ends
// the stream.
func (s *stream) judgeFailure(ctx context.Context, out *tap.Output, f *file, err error) error {
	log := out.Log().With(slog.String("file", f.Key))
	var broken *brokenFile
	switch {
	case errors.Is(err, tap.ErrStopped), ctx.Err() != nil:
		return err
	case errors.Is(err, objects.ErrVanished):
		log.Warn("the file was deleted before it was read to its end")
		s.ledger.forget(f.Object)
	case errors.Is(err, objects.ErrArchived):
		s.ledger.postpone(f.Object)
		if s.source.config.SkipArchived {
			log.Warn("the file is archived and is left for a later run")
			return nil
		}
		out.Incomplete(protocol.DataFault("restore it, or set skip_archived", "file %q is archived", f.Key))
	case errors.Is(err, objects.ErrChanged):
		s.ledger.postpone(f.Object)
		out.Incomplete(protocol.TransientFault("run again: it is read from its beginning", "file %q was replaced again and again while it was read", f.Key))
	case errors.Is(err, objects.ErrCorrupt), errors.Is(err, objects.ErrUnsupported), errors.As(err, &broken):
		s.ledger.postpone(f.Object)
		out.Incomplete(protocol.DataFault("it is tried again in the next run; upload it anew", "file %q is broken: %w", f.Key, err))
	case protocol.KindOf(err) == protocol.Data:
		s.ledger.postpone(f.Object)
		out.Incomplete(err)
	default:
		return fmt.Errorf("file %q: %w", f.Key, err)
	}
	return nil
}

// A brokenFile is one whose content cannot be read as the settings say.
type brokenFile struct{ err error }

func (b *brokenFile) Error() string { return b.err.Error() }
func (b *brokenFile) Unwrap() error { return b.err }

func broken(format string, args ...any) error { return &brokenFile{fmt.Errorf(format, args...)} }
