package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/signalroom/signalroom/taps/tap-s3-exports/csv"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/objects"
	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// headSize is how much of a file is looked at before its first row is sent: for the encoding, the delimiter, and the types of
// columns that are not settled yet.
const headSize = 256 << 10

// readHead reads up to headSize bytes. whole says that nothing follows.
func readHead(r io.Reader) (head []byte, whole bool, err error) {
	head = make([]byte, headSize)
	n, err := io.ReadFull(r, head)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return head[:n], true, nil
	case err != nil:
		return nil, false, err
	}
	return head, false, nil
}

// A fileHead is what the head of a file tells.
type fileHead struct {
	dialect csv.Dialect
	raw     []string // the header as it stands, for Repeats; nil for a file without any record
	names   []string // the columns' names; shorter than raw where blank ones at the end are dropped
}

// inspect settles the dialect and reads the header.
func (s *stream) inspect(head []byte, whole bool) (fileHead, error) {
	dialect, err := csv.Detect(head, whole, s.format)
	if err != nil {
		return fileHead{}, err
	}
	h := fileHead{dialect: dialect}
	reader := csv.NewReader(bytes.NewReader(head), dialect, csv.Position{})
	if s.headless {
		h.raw = s.givenHeader(reader)
	} else {
		header, err := reader.ReadHeader()
		if err != nil && !errors.Is(err, io.EOF) {
			return fileHead{}, broken("the header cannot be read: %w", err)
		}
		if err == nil {
			h.raw = header.Strings()
		}
	}
	if h.raw == nil {
		return h, nil
	}
	h.names = s.columnNames(h.raw)
	for _, name := range s.required {
		if !slices.Contains(h.names, name) && !slices.Contains(h.raw, name) {
			return fileHead{}, broken("the required column %q is missing", name)
		}
	}
	return h, nil
}

// givenHeader is the header of a file that has none: the names of the settings, and column_3 and so on for as many more as most rows are
// wide. It is nil for a file without any row.
func (s *stream) givenHeader(reader *csv.Reader) []string {
	widths, width := map[int]int{}, 0
	for range sampleRows {
		record, err := reader.Next()
		var bad *csv.RowError
		if errors.As(err, &bad) {
			continue
		}
		if err != nil {
			break
		}
		n := record.Len()
		if widths[n]++; widths[n] > widths[width] || widths[n] == widths[width] && n > width {
			width = n
		}
	}
	if len(widths) == 0 {
		return nil
	}
	header := slices.Clone(s.headerNames)
	for n := len(header) + 1; n <= width; n++ {
		header = append(header, fmt.Sprintf("column_%d", n))
	}
	return header
}

// columnNames makes the names of a header's columns: unlike one another and unlike those of this tap, with the case of the
// stream's known columns.
func (s *stream) columnNames(raw []string) []string {
	names := csv.Header(raw)
	if blanks := csv.TrailingBlanks(raw); blanks < len(names) {
		names = names[:len(names)-blanks] // what such a cell holds goes to _extra
	}
	own := slices.Clone(names)
	if s.snakeCase {
		names = csv.SnakeCase(names)
	}
	taken := map[string]bool{extraColumn: true, rejectedRows: true}
	for _, c := range fileColumns {
		taken[c.Name] = true
	}
	if s.source.config.ClientID != "" {
		taken["client_id"] = true
	}
	for i, name := range names {
		for _, key := range []string{own[i], name} {
			if mapped, ok := s.columnMap[key]; ok {
				name = mapped
				break
			}
		}
		lower := strings.ToLower(name)
		for n := 2; taken[lower]; n++ {
			lower = fmt.Sprintf("%s_%d", strings.ToLower(name), n)
		}
		if len(lower) > len(name) {
			name += lower[len(name):]
		}
		taken[lower] = true
		if known := s.column(name); known != nil {
			name = known.name
		}
		names[i] = name
	}
	return names
}

// peek reads an object's header alone and gives it in SQL names.
func (s *stream) peek(ctx context.Context, object objects.Object) ([]string, error) {
	h, _, err := s.open(ctx, object)
	if err != nil {
		return nil, err
	}
	return csv.SnakeCase(csv.Header(h.raw)), nil
}

// open reads the head of an object's first member.
func (s *stream) open(ctx context.Context, object objects.Object) (h fileHead, head []byte, err error) {
	for member, err := range s.source.bucket.Members(ctx, object, objects.Resume{}) {
		if err != nil {
			return h, nil, err
		}
		head, whole, err := readHead(member)
		if err != nil {
			return h, nil, err
		}
		h, err = s.inspect(head, whole)
		return h, head, err
	}
	return h, nil, nil
}

// sampleFiles is how many files are looked at before the types of a stream's columns are first settled: the newest, the oldest
// and the largest.
const sampleFiles = 4

// settleColumns makes the stream's columns known: those of the bookmark, else those of the user's schema and of a sample.
func (s *stream) settleColumns(ctx context.Context) error {
	s.index = map[string]int{}
	for i := range s.ledger.columns {
		c := &s.ledger.columns[i]
		s.equip(c)
		s.index[strings.ToLower(c.name)] = i
	}
	settled := len(s.ledger.columns) > 0
	if s.schema != nil {
		for _, name := range s.schema.order {
			if s.column(name) == nil {
				s.addColumn(column{name: name, kind: s.schema.columns[name].kind})
			}
		}
	}
	if settled {
		return nil
	}
	samples := map[string]*sampler{}
	var names []string
	for _, f := range s.sampleOf() {
		h, head, err := s.open(ctx, f.Object)
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			s.source.run.Log.Debug("not sampled", slog.String("file", f.Key), slog.Any("error", err))
			continue // reading it will say what is wrong with it
		}
		for _, name := range h.names {
			if _, known := samples[name]; !known {
				names = append(names, name)
			}
		}
		s.sample(h, head, samples)
	}
	for _, name := range names {
		if s.column(name) == nil {
			s.addColumn(column{name: name, kind: samples[name].kind(s.hint(name))})
		}
	}
	return nil
}

func (s *stream) sampleOf() []file {
	if len(s.files) <= sampleFiles {
		return s.files
	}
	largest := slices.MaxFunc(s.files, func(a, b file) int { return cmp.Compare(a.Size, b.Size) })
	n := len(s.files)
	chosen := []file{s.files[0], s.files[n-2], s.files[n-1]}
	if !slices.ContainsFunc(chosen, func(f file) bool { return f.Key == largest.Key }) {
		chosen = append(chosen, largest)
	}
	return chosen
}

// sampleRows is how many rows of a file are looked at.
const sampleRows = 1000

// sample adds the first complete rows of a head to the samplers of its columns, which it makes.
func (s *stream) sample(h fileHead, head []byte, samples map[string]*sampler) {
	columns := make([]*sampler, len(h.names))
	dates := make([]*dateFormat, len(h.names))
	for i, name := range h.names {
		if samples[name] == nil {
			samples[name] = &sampler{}
		}
		columns[i], dates[i] = samples[name], s.datesOf(name)
	}
	if len(head) == headSize {
		head = head[:max(0, bytes.LastIndexAny(head, "\n\r"))]
	}
	reader := csv.NewReader(bytes.NewReader(head), h.dialect, csv.Position{})
	if !s.headless {
		if _, err := reader.ReadHeader(); err != nil {
			return
		}
	}
	for range sampleRows {
		record, err := reader.Next()
		if err != nil {
			var bad *csv.RowError
			if errors.As(err, &bad) && bad.Reason != csv.UnterminatedQuote {
				continue
			}
			return
		}
		if record.Repeats(h.raw) {
			continue
		}
		for i := range min(record.Len(), len(columns)) {
			if v := record.Field(i); !s.isNull(v, record, i) {
				columns[i].add(v, dates[i])
			}
		}
	}
}

// isNull tells whether a cell is null.
func (s *stream) isNull(v []byte, record *csv.Record, i int) bool {
	if len(v) == 0 {
		return !s.quotedEmptyIsString || !record.Quoted(i)
	}
	for _, null := range s.nullValues {
		if string(v) == null {
			return !record.Quoted(i)
		}
	}
	return false
}

// hint is the kind that a preset, or a date format of the column's own, expects.
func (s *stream) hint(name string) kinds.Kind {
	if s.asText {
		return kinds.Text
	}
	if f, own := s.dateFormats[name]; own {
		if f.instants {
			return kinds.DateTime
		}
		return kinds.Date
	}
	if s.preset != nil {
		return cmp.Or(s.preset.kinds[name], kinds.Text)
	}
	return kinds.Text
}

// datesOf is how dates of a column are written.
func (s *stream) datesOf(name string) *dateFormat {
	if f, own := s.dateFormats[name]; own {
		return f
	}
	if s.dateFormat != nil {
		return s.dateFormat
	}
	if s.preset != nil && s.preset.kinds[name] == kinds.Date {
		return s.stickyDates
	}
	return s.isoDates
}

// equip gives a column what its kind alone does not say.
func (s *stream) equip(c *column) {
	c.dates = s.datesOf(c.name)
	if s.schema == nil {
		return
	}
	if declared, ok := s.schema.columns[c.name]; ok {
		if c.kind = kinds.Widest(c.kind, declared.kind); c.kind == declared.kind {
			c.declared, c.schema = true, declared.schema
		}
	}
}

// column finds a column by its name in any case, nil where there is none. It is valid until the next addColumn.
func (s *stream) column(name string) *column {
	if i, known := s.index[strings.ToLower(name)]; known {
		return &s.ledger.columns[i]
	}
	return nil
}

// addColumn appends a column. Its kind is text where no types are wanted.
func (s *stream) addColumn(c column) {
	if s.asText {
		c.kind = kinds.Text
	}
	s.equip(&c)
	s.ledger.columns = append(s.ledger.columns, c)
	s.index[strings.ToLower(c.name)] = len(s.ledger.columns) - 1
}
