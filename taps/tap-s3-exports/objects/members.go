package objects

import (
	"bufio"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/xi2/xz"

	"github.com/signalroom/signalroom/protocol"
)

// A format is how an object is packed, as messages name it.
type format string

// The formats that are recognised, by their first bytes and never by the key.
const (
	formatPlain format = "none"
	formatGzip  format = "gzip"
	formatBzip2 format = "bzip2"
	formatZstd  format = "zstd"
	formatXZ    format = "xz"
	formatZip   format = "zip"
)

// defaultWindow is the memory that one decompressor may take: enough for all that xz -8, zstd -20 and their lower levels write.
const defaultWindow = 32 << 20

// A Member is one file inside an object: the object itself, unpacked, or one entry of an archive. It can be read until the
// sequence moves on. io.EOF means that its bytes are verified: by the object's checksum, and by the format's own.
type Member struct {
	Name string // inside an archive; empty where the object is a single file

	format format
	key    string
	source *source
	body   io.Reader
	head   []byte // of a plain object, read to recognise it and not yet delivered
	err    error
}

// Members gives the files inside object in the order of the archive's directory. Folders, __MACOSX and names that begin with a dot are left out.
//
// A from other than the zero value must come from Member.Resume, so of a plain object. A member that cannot be unpacked says so when it is
// read, and the others follow. Of a zip, each member is verified by its own checksum, because no run needs all its bytes in order.
func (b *Bucket) Members(ctx context.Context, object Object, from Resume) iter.Seq2[*Member, error] {
	return func(yield func(*Member, error) bool) {
		body, err := b.Read(ctx, object, from)
		if err != nil {
			yield(nil, err)
			return
		}
		defer body.Close()
		if from.Offset > 0 {
			yield(plain(object.Key, body, nil), nil)
			return
		}
		random := newRanged(ctx, b, object)
		defer random.close()
		archive := func() (io.ReaderAt, int64, error) {
			return random, object.Size, body.Close()
		}
		for member, err := range decompress(body, object.Key, archive, defaultWindow) {
			if !yield(member, err) {
				return
			}
		}
	}
}

// decompress gives the files inside of some bytes; name is for messages. archive gives random access to the same bytes for formats that need
// it (zip); it is not called for others. window bounds the memory of one decompressor in bytes.
func decompress(body io.Reader, name string, archive func() (io.ReaderAt, int64, error), window int64) iter.Seq2[*Member, error] {
	return func(yield func(*Member, error) bool) {
		head := make([]byte, magicSize)
		n, err := io.ReadFull(body, head)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			yield(nil, err)
			return
		}
		head = head[:n]
		switch format := recognise(head); format {
		case formatPlain:
			yield(plain(name, body, head), nil)
		case formatZip:
			random, size, err := archive()
			if err != nil {
				yield(nil, err)
				return
			}
			unzip(name, random, size, window, yield)
		default:
			member := &Member{format: format, key: name, source: &source{reader: body, head: head}}
			done := member.unpack(window)
			defer done()
			yield(member, nil)
		}
	}
}

func plain(key string, body io.Reader, head []byte) *Member {
	return &Member{format: formatPlain, key: key, source: &source{reader: body}, head: head}
}

// unpack puts the decompressor in place. An error shows with the first Read.
func (m *Member) unpack(window int64) (done func()) {
	done = func() {}
	buffered := bufio.NewReaderSize(m.source, readAhead)
	switch m.format {
	case formatGzip:
		m.body, m.err = opened(gzip.NewReader(buffered))
	case formatBzip2:
		m.body = bzip2.NewReader(buffered)
	case formatXZ:
		m.body, m.err = opened(xz.NewReader(buffered, uint32(min(window, 1<<32-1))))
	case formatZstd:
		var decoder *zstd.Decoder
		decoder, m.err = zstd.NewReader(buffered, zstdOptions(window)...)
		if m.err == nil {
			m.body, done = decoder, decoder.Close
		}
	}
	if m.err != nil {
		m.err = m.explain(m.err)
	} else {
		m.body = &exact{m.body, buffered}
	}
	return done
}

// opened keeps a nil of a concrete type out of the interface.
func opened[R io.Reader](r R, err error) (io.Reader, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}

// zstdOptions keep the decoder in the caller's goroutine, where it takes the frame's window once.
func zstdOptions(window int64) []zstd.DOption {
	return []zstd.DOption{
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(uint64(max(window, zstd.MinWindowSize))),
	}
}

// Read gives the unpacked bytes.
func (m *Member) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	if m.format == formatPlain {
		return m.readPlain(p)
	}
	n, err := m.body.Read(p)
	if err != nil {
		m.err = m.explain(err)
	}
	return n, m.err
}

func (m *Member) readPlain(p []byte) (int, error) {
	n := copy(p, m.head)
	m.head = m.head[n:]
	if n == len(p) {
		return n, nil
	}
	more, err := m.source.reader.Read(p[n:])
	if n+more > 0 && err == io.EOF {
		err = nil // comes again
	}
	m.err = err
	return n + more, err
}

// Resume says where a plain object can be read on: at or before the last byte that Read delivered, so skip the bytes between. A packed one can only
// be read from its beginning: then ok is false.
func (m *Member) Resume() (from Resume, ok bool) {
	body, ok := m.source.reader.(*Body)
	if m.format != formatPlain || !ok {
		return Resume{}, false
	}
	if len(m.head) > 0 {
		return Resume{}, true
	}
	return body.Resume(), true
}

// explain tells a fault of the object's reading from one of its format.
func (m *Member) explain(err error) error {
	switch {
	case err == io.EOF:
		return err
	case m.source.err != nil:
		return m.source.err
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, xz.ErrMemlimit):
		return m.fault("pack it with a smaller window: zstd without --ultra and --long, xz with -6", ErrUnsupported, "its window is larger than the limit")
	case errors.Is(err, xz.ErrOptions), errors.Is(err, zstd.ErrUnknownDictionary), errors.Is(err, xz.ErrUnsupportedCheck):
		return m.fault("pack it without special options", ErrUnsupported, oneLine("%v", err))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return m.fault("upload it anew", ErrCorrupt, "it ends too early")
	default:
		return m.fault("upload it anew", ErrCorrupt, oneLine("%v", err))
	}
}

func (m *Member) fault(hint string, sentinel error, what string) error {
	name := fmt.Sprintf("%q", m.key)
	if m.Name != "" {
		name = fmt.Sprintf("%q in %q", m.Name, m.key)
	}
	return &protocol.Fault{Kind: protocol.Data, Hint: hint, Err: fmt.Errorf("unpacking %s (%s): %w: %s", name, m.format, sentinel, what)}
}

// source is what a decompressor reads. It remembers the error of the bytes' origin, which decompressors wrap, hide or replace.
type source struct {
	head   []byte
	reader io.Reader
	err    error
}

func (s *source) Read(p []byte) (int, error) {
	if len(s.head) > 0 {
		n := copy(p, s.head)
		s.head = s.head[n:]
		return n, nil
	}
	n, err := s.reader.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

var errTrailing = errors.New("bytes follow after its end")

// exact reads to the end of the packed bytes before it says io.EOF: that is where they are verified.
type exact struct {
	io.Reader
	packed *bufio.Reader
}

func (e *exact) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if err != io.EOF {
		return n, err
	}
	if _, err := e.packed.ReadByte(); err != io.EOF {
		if err == nil {
			err = errTrailing
		}
		return n, err
	}
	return n, io.EOF
}
