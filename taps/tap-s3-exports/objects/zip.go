package objects

import (
	"archive/zip"
	"compress/bzip2"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// maxDirectory bounds what is read to open an archive, and so the memory for its entries.
const maxDirectory = 4 << 20

const (
	zipEncrypted = 0x1
	zipBzip2     = 12
	zipZstd      = 93
)

// unzip gives the members of an archive one after the other. Nothing is kept of a member but the decompressor's window.
func unzip(key string, random io.ReaderAt, size, window int64, yield func(*Member, error) bool) {
	packed := &budget{random: random, left: maxDirectory}
	failed := &Member{format: formatZip, key: key, source: &source{}}
	archive, err := zip.NewReader(packed, size)
	switch {
	case packed.err != nil:
		yield(nil, packed.err)
		return
	case errors.Is(err, errDirectory):
		yield(nil, failed.fault("pack fewer files into one archive", ErrUnsupported, err.Error()))
		return
	case errors.Is(err, zip.ErrInsecurePath): // names are only names here
	case err != nil:
		yield(nil, failed.explain(err))
		return
	}
	packed.left = -1
	archive.RegisterDecompressor(zip.Deflate, flate.NewReader)
	archive.RegisterDecompressor(zipBzip2, func(r io.Reader) io.ReadCloser { return io.NopCloser(bzip2.NewReader(r)) })
	archive.RegisterDecompressor(zipZstd, zstd.ZipDecompressor(zstdOptions(window)...))
	for _, file := range archive.File {
		if hidden(file.Name) {
			continue
		}
		if !unzipOne(key, packed, file, yield) {
			return
		}
	}
}

func unzipOne(key string, packed *budget, file *zip.File, yield func(*Member, error) bool) bool {
	member := &Member{Name: strings.ToValidUTF8(file.Name, "\ufffd"), format: formatZip, key: key, source: &source{}}
	if file.Flags&zipEncrypted != 0 {
		member.err = member.fault("pack it without a password", ErrUnsupported, "it is encrypted")
		return yield(member, nil)
	}
	body, err := file.Open()
	switch {
	case packed.err != nil:
		yield(nil, packed.err)
		return false
	case errors.Is(err, zip.ErrAlgorithm):
		member.err = member.fault("pack it with the deflate method", ErrUnsupported, "its compression method is not known")
		return yield(member, nil)
	case err != nil:
		member.err = member.explain(err)
		return yield(member, nil)
	}
	defer body.Close()
	member.body = &zipBody{body, packed, member.source}
	return yield(member, nil)
}

// zipBody hands the error of the archive's origin to the member.
type zipBody struct {
	io.Reader
	packed *budget
	source *source
}

func (b *zipBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && err != io.EOF {
		b.source.err = b.packed.err
	}
	return n, err
}

// hidden names are no data: folders, and what operating systems put beside the files.
func hidden(name string) bool {
	name = strings.ReplaceAll(name, `\`, "/")
	return strings.HasSuffix(name, "/") || strings.HasPrefix(path.Base(name), ".") ||
		strings.HasPrefix(name, "__MACOSX/") || strings.Contains(name, "/__MACOSX/")
}

var errDirectory = errors.New("its directory is larger than 4 MiB")

// budget bounds how many bytes may be read, while left is not negative, and remembers the error of the bytes' origin.
type budget struct {
	random io.ReaderAt
	left   int64
	err    error
}

func (b *budget) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 { // what a damaged directory leads to
		return 0, zip.ErrFormat
	}
	if b.left >= 0 {
		if b.left -= int64(len(p)); b.left < 0 {
			b.left = 0
			return 0, errDirectory
		}
	}
	n, err := b.random.ReadAt(p, offset)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}
