package objects

import (
	"context"
	"io"
	"iter"
)

// Compression names how an object is packed.
type Compression string

// The formats that are recognised, by their first bytes and never by the key.
const (
	Plain Compression = "none"
	Gzip  Compression = "gzip"
	Bzip2 Compression = "bzip2"
	Zstd  Compression = "zstd"
	XZ    Compression = "xz"
	Zip   Compression = "zip"
)

// A Member is one file inside an object: the object itself, unpacked, or one entry of an archive. It can be read until the
// sequence moves on. io.EOF means that its bytes, and those of the object around it, are verified.
type Member struct {
	Name        string // inside an archive; empty where the object is a single file
	Compression Compression
	body        io.Reader
}

// Read gives the unpacked bytes.
func (m *Member) Read(p []byte) (int, error) { return 0, io.EOF }

// Resume is Body.Resume for a plain object. A packed one can only be read from its beginning: then ok is false.
func (m *Member) Resume() (from Resume, ok bool) { return Resume{}, false }

// Members gives the files inside object in the order in which they are stored. Folders, __MACOSX and names that begin with a dot are left out of
// archives. A from other than the zero value must come from Member.Resume (a plain object). window bounds the memory of one decompressor in bytes;
// 0 is 32 MiB, and a file that needs more is a data fault that says so.
func (b *Bucket) Members(ctx context.Context, object Object, from Resume, window int64) iter.Seq2[*Member, error] {
	return func(func(*Member, error) bool) {}
}

// Decompress is Members for bytes that come from elsewhere. archive gives random access for formats that need it (zip); it is not
// called for others.
func Decompress(body io.Reader, archive func() (r io.ReaderAt, size int64, err error), window int64) iter.Seq2[*Member, error] {
	return func(func(*Member, error) bool) {}
}
