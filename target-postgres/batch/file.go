package batch

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/lines"
)

const (
	runAgain   = "let the tap and the target see the same files, and run the tap again"
	writeAgain = "the tap must write the file anew: run it again"
)

// check refuses what no reader is there for.
func check(b *protocol.Batch) error {
	known := map[string][]string{
		"jsonl":   {"none", "gzip", "zstd"},
		"parquet": {"none", "gzip", "zstd", "snappy", "brotli", "lz4", "lz4_raw"}, // inside the file, which says so itself
	}
	compressions, ok := known[b.Format]
	if !ok {
		return protocol.DataFault("let the tap write jsonl or parquet", "the BATCH has files of the unknown format %q", b.Format)
	}
	if slices.Contains(compressions, b.Compression) {
		return nil
	}
	return protocol.DataFault("let the tap write "+strings.Join(compressions[:3], ", "), "the BATCH has %s files of the unknown compression %q", b.Format, b.Compression)
}

// A file is an open file as lines, each a record.
type file struct {
	name   string
	lines  *lines.Reader
	cancel context.CancelFunc // ends a Read that is under way
	stored io.Closer
}

func (f *file) close() {
	f.lines.Close()
	f.cancel()
	f.lines.Wait()
	f.stored.Close() // it was only read
}

// openFile opens a file of the batch under way.
func (s *Source) openFile(name string) (*file, error) {
	ctx, cancel := context.WithCancel(s.ctx)
	stored, err := s.stored(ctx, name)
	if err != nil {
		cancel()
		return nil, err
	}
	f := &file{name: name, cancel: cancel, stored: stored}
	text, err := s.text(f, stored)
	if err != nil {
		cancel()
		f.stored.Close()
		return nil, err
	}
	f.lines = lines.NewReader(text, s.options.MaxLine)
	context.AfterFunc(ctx, func() { f.lines.Close() })
	return f, nil
}

// stored opens the bytes of a file. The end of ctx ends a Read that is under way.
func (s *Source) stored(ctx context.Context, name string) (io.ReadCloser, error) {
	scheme, rest, ok := strings.Cut(name, "://")
	switch {
	case !ok:
		return openLocal(ctx, name, name)
	case strings.EqualFold(scheme, "file"):
		return openLocal(ctx, name, rest)
	case strings.EqualFold(scheme, "s3"):
		bucket, key, _ := strings.Cut(rest, "/")
		return s.buckets.open(ctx, name, bucket, key)
	}
	return nil, protocol.DataFault("let the tap write to a folder or to S3", "%s: files of the scheme %q are not read", name, scheme)
}

// openLocal opens a path as the SDK writes it behind file://: as it is, or with escapes where there is no such file.
func openLocal(ctx context.Context, name, path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if plain, bad := url.PathUnescape(path); bad == nil && plain != path {
			f, err = os.Open(plain)
		}
	}
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			err = at.Err
		}
		return nil, protocol.DataFault(runAgain, "%s: %w", name, err)
	}
	context.AfterFunc(ctx, func() { f.Close() })
	return f, nil
}

// text makes lines of a file's bytes.
func (s *Source) text(f *file, stored io.ReadCloser) (io.Reader, error) {
	if s.batch.Format == "parquet" {
		whole, err := seekable(stored)
		if err != nil {
			return nil, s.unreadable(f.name, err)
		}
		f.stored = whole
		rows, err := openRows(whole, s.stream)
		if err != nil {
			return nil, s.unreadable(f.name, err)
		}
		return rows, nil
	}
	input := bufio.NewReaderSize(stored, 64<<10)
	switch s.batch.Compression {
	case "gzip":
		r, err := gzip.NewReader(input)
		if err != nil {
			return nil, s.unreadable(f.name, err)
		}
		return r, nil
	case "zstd":
		// Without a goroutine of its own, and so without a need to be closed.
		r, err := zstd.NewReader(input, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, s.unreadable(f.name, err)
		}
		return r, nil
	}
	head, err := input.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, s.unreadable(f.name, err)
	}
	for magic, what := range map[string]string{"\x1f\x8b": "packed with gzip", "\x28\xb5\x2f\xfd": "packed with zstd", "PAR1": "a Parquet file"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return nil, protocol.DataFault("correct the encoding that the tap sends", "%s is %s, and the BATCH says plain JSON lines", f.name, what)
		}
	}
	return input, nil
}

// seekable gives a file that can be read at any place: the same one, or a copy of what comes as a stream. The copy has no name,
// so that nothing is left of it.
func seekable(stored io.ReadCloser) (*os.File, error) {
	if f, ok := stored.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return f, nil
		}
	}
	copied, err := os.CreateTemp("", "target-postgres-*.parquet")
	if err != nil {
		return nil, err
	}
	if err = os.Remove(copied.Name()); err == nil {
		_, err = io.Copy(copied, stored)
	}
	if err != nil {
		copied.Close()
		return nil, err
	}
	stored.Close()
	return copied, nil
}

// maxWindow is what zstd may remember of a file: as much as its own program takes.
const maxWindow = 128 << 20

// ended is what the end of the open file's lines means.
func (s *Source) ended(err error) error {
	switch {
	case s.ctx.Err() != nil:
		return protocol.ErrClosed
	case errors.Is(err, io.EOF), errors.Is(err, protocol.ErrClosed):
		return err
	case errors.Is(err, lines.ErrTooLong):
		return s.fault(protocol.DataFault("write smaller records", "%s, line %d: longer than %d bytes", s.file.name, s.number+1, s.file.lines.Max()))
	}
	return s.fault(s.unreadable(s.file.name, err))
}

// unreadable says what an error of reading means: a broken file is a fault of the data, a broken disk one of the machine.
func (s *Source) unreadable(name string, err error) error {
	var fault *protocol.Fault
	var machine *fs.PathError
	switch {
	case errors.As(err, &fault):
		return err
	case errors.As(err, &machine):
		return protocol.SystemFault("", "%s: %w", name, machine.Err)
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return protocol.DataFault(writeAgain, "%s cannot be read as %s: %w", name, s.encoding(), err)
}

func (s *Source) encoding() string {
	if s.batch.Format == "parquet" {
		return "Parquet"
	}
	if s.batch.Compression == "none" {
		return "lines"
	}
	return fmt.Sprintf("lines packed with %s", s.batch.Compression)
}
