package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/objects"
	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// A source is the bucket and its streams, during one run.
type source struct {
	config  *Config
	run     *tap.Run
	bucket  *objects.Bucket
	streams []*stream

	checkpoint int64 // uncompressed bytes of a file between two checkpoints
}

// opener makes the source for a tap whose checkpoints are so many bytes apart.
func opener(checkpoint int64) func(*Config, *tap.Run) (*tap.Source, error) {
	return func(config *Config, run *tap.Run) (*tap.Source, error) { return open(config, run, checkpoint) }
}

func open(config *Config, run *tap.Run, checkpoint int64) (*tap.Source, error) {
	streams, err := config.streams()
	if err != nil {
		return nil, err
	}
	bucket, err := objects.Open(context.Background(), config.objectSettings(), run.Log)
	if err != nil {
		return nil, err
	}
	s := &source{config: config, run: run, bucket: bucket, streams: streams, checkpoint: checkpoint}
	for _, stream := range streams {
		stream.source = s
	}
	return &tap.Source{
		Check:   s.check,
		Streams: s.declare,
		Close:   func() error { bucket.Close(); return nil },
	}, nil
}

// check lists one page and reads the beginning of one file, so that a permission that either lacks shows itself.
func (s *source) check(ctx context.Context) error {
	if err := s.bucket.Check(ctx, s.config.Prefix); err != nil {
		return err
	}
	for _, prefix := range s.prefixes() {
		for object, err := range s.bucket.List(ctx, prefix) {
			if err != nil {
				return err
			}
			if isLitter(object.Key) || object.Archived || !slices.ContainsFunc(s.streams, func(stream *stream) bool { return stream.matches(object.Key) }) {
				continue
			}
			_, _, err := s.streams[0].open(ctx, object)
			if kind := protocol.KindOf(err); err != nil && kind != protocol.Data && kind != protocol.System {
				return fmt.Errorf("file %q: %w", object.Key, err)
			}
			return nil
		}
	}
	return nil
}

// declare lists the bucket, deals the new files out to the streams, and settles the columns that no earlier run has settled.
func (s *source) declare(ctx context.Context, bookmark func(string) json.RawMessage) ([]tap.Stream, error) {
	for _, stream := range s.streams {
		stream.ledger = ledger{}
		if raw := bookmark(stream.name); raw != nil {
			if err := json.Unmarshal(raw, &stream.ledger); err != nil {
				return nil, &protocol.Fault{Kind: protocol.Config, Stream: stream.name, Err: fmt.Errorf("the state's bookmark is damaged: %w", err),
					Hint: "give the state of an earlier run of this tap, or {} to begin again"}
			}
		}
		if stream.ledger.admit(stream.scope(), s.config.StartDate.UTC()) {
			s.run.Log.Warn("the stream is about other files than in the last run: all are looked at, and old ones may be sent again",
				slog.String("stream", stream.name))
		}
	}
	if err := s.list(ctx); err != nil {
		return nil, err
	}
	var declared []tap.Stream
	for _, stream := range s.streams {
		if err := stream.settleColumns(ctx); err != nil {
			return nil, protocol.InStream(stream.name, err)
		}
		columns := stream.tapColumns()
		unknown := stream.unknownKey()
		if len(stream.ledger.columns) > 0 {
			if err := stream.checkKey(); err != nil {
				return nil, err
			}
		}
		for _, name := range unknown { // no file has come yet that could tell its type
			columns = append(columns, tap.Column{Name: name, Schema: kinds.Text.Schema()})
		}
		declared = append(declared, tap.Stream{
			Name: stream.name, Columns: columns, Late: len(unknown) > 0, Whole: stream.ordered, Key: stream.key, Disposition: stream.disposition, Read: stream.read,
			Description: "Rows of the CSV files " + stream.describe(),
		})
	}
	return append(declared, tap.Stream{
		Name: rejectedRows, Columns: rejectColumns, Key: []string{"file", "byte_offset"}, Disposition: protocol.Append,
		Description: "Rows that could not be read, one for each, with the place and the reason",
	}), nil
}

// list finds the files that no stream has read yet. A key belongs to the first stream that it matches. Keys that match none are
// counted and reported, since nothing else would ever tell of them.
func (s *source) list(ctx context.Context) error {
	unmatched := map[string]int{}
	keys := 0
	for _, prefix := range s.prefixes() {
		for object, err := range s.bucket.List(ctx, prefix) {
			if err != nil {
				return err
			}
			if isLitter(object.Key) {
				continue
			}
			keys++
			ours := s.run.Shard.Owns(object.Key)
			if !ours && !slices.ContainsFunc(s.streams, func(stream *stream) bool { return stream.ordered && stream.matches(object.Key) }) {
				continue
			}
			stream := s.owner(ctx, object)
			switch {
			case stream != nil && (ours || stream.ordered):
				stream.consider(object)
			case stream == nil && ours:
				unmatched[strings.ToLower(path.Ext(object.Key))]++
			}
		}
	}
	for _, stream := range s.streams {
		stream.sortFiles()
	}
	if len(unmatched) > 0 {
		var counts []string
		total := 0
		for _, extension := range slices.Sorted(maps.Keys(unmatched)) {
			total += unmatched[extension]
			counts = append(counts, fmt.Sprintf("%s %d", cmp.Or(extension, "(none)"), unmatched[extension]))
		}
		s.run.Log.Warn("keys match no stream and are not read", slog.Int("keys", total), slog.String("by_extension", strings.Join(counts, ", ")))
	}
	s.run.Log.Debug("listed", slog.Int("keys", keys))
	return nil
}

// prefixes are those of the streams, without the ones that another one covers.
func (s *source) prefixes() []string {
	var all []string
	for _, stream := range s.streams {
		all = append(all, stream.prefix)
	}
	slices.Sort(all)
	var kept []string
	for _, prefix := range all {
		if len(kept) == 0 || !strings.HasPrefix(prefix, kept[len(kept)-1]) {
			kept = append(kept, prefix)
		}
	}
	return kept
}

// owner is the stream that a key belongs to, or nil. Streams with a pattern go by the name alone. Among presets the header
// decides, since exports are misnamed at times, and the name where the header does not tell.
func (s *source) owner(ctx context.Context, object objects.Object) *stream {
	var candidates []*stream
	for _, stream := range s.streams { // entries of streams stand before presets
		if !stream.matches(object.Key) {
			continue
		}
		if stream.preset == nil {
			return stream
		}
		candidates = append(candidates, stream)
	}
	for _, stream := range candidates {
		if stream.ledger.holds(object) {
			return stream
		}
	}
	for _, stream := range candidates {
		if stream.ledger.judge(object) == fileDone {
			return stream
		}
	}
	if len(candidates) == 0 {
		return nil
	}
	header, err := candidates[0].peek(ctx, object)
	if err != nil && ctx.Err() == nil {
		s.run.Log.Debug("header could not be read, the name decides", slog.String("file", object.Key), slog.Any("error", err))
	}
	for _, stream := range candidates {
		if header != nil && stream.preset.signed(header) {
			return stream
		}
	}
	for _, stream := range candidates {
		if stream.preset.named(object.Key) {
			return stream
		}
	}
	return nil
}
