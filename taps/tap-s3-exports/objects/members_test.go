package objects

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
)

// bzip2Hello is what bzip2 makes of "hello\n".
const bzip2Hello = "QlpoOTFBWSZTWcHAgOIAAAFBAAAQAkSgADDNAMNGKZcXckU4UJDBwIDi"

func packGzip(t testing.TB, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func packZstd(t testing.TB, plain []byte, options ...zstd.EOption) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, append(options, zstd.WithEncoderConcurrency(1))...)
	require.NoError(t, err)
	defer w.Close()
	return w.EncodeAll(plain, nil)
}

func packXZ(t testing.TB, plain []byte, config xz.WriterConfig) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := config.NewWriter(&b)
	require.NoError(t, err)
	_, err = w.Write(plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

type entry struct {
	header zip.FileHeader
	body   []byte
}

func packZip(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := w.CreateHeader(&e.header)
		require.NoError(t, err)
		_, err = f.Write(e.body)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func deflated(name string, body []byte) entry {
	return entry{zip.FileHeader{Name: name, Method: zip.Deflate}, body}
}

func unbase64(t testing.TB, s string) []byte {
	t.Helper()
	p, err := base64.StdEncoding.DecodeString(s)
	require.NoError(t, err)
	return p
}

// text is n bytes that pack well, as exports do.
func text(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d,NEW,%d.99,\"a, b\"\n", 1_000_000+i, i%977)
	}
	return b.Bytes()[:n]
}

// unpacked is "name=content" of every member, up to the first error of each.
func unpacked(t testing.TB, packed []byte, window int64) ([]string, error) {
	t.Helper()
	archive := func() (io.ReaderAt, int64, error) { return bytes.NewReader(packed), int64(len(packed)), nil }
	var all []string
	var failed error
	for member, err := range decompress(bytes.NewReader(packed), "key", archive, window) {
		if err != nil {
			return all, err
		}
		content, err := io.ReadAll(member)
		if err != nil {
			failed = err
			continue
		}
		all = append(all, member.Name+"="+string(content))
	}
	return all, failed
}

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	plain := text(300_000)
	half := len(plain) / 2
	skippable := append([]byte("\x50\x2a\x4d\x18\x04\x00\x00\x00"), "abcd"...)
	bz := unbase64(t, bzip2Hello)
	for name, packed := range map[string][]byte{
		"plain":                plain,
		"gzip":                 packGzip(t, plain),
		"gzip of two members":  append(packGzip(t, plain[:half]), packGzip(t, plain[half:])...),
		"zstd":                 packZstd(t, plain),
		"zstd of two frames":   append(packZstd(t, plain[:half]), packZstd(t, plain[half:])...),
		"zstd after skippable": append(skippable, packZstd(t, plain)...),
		"xz":                   packXZ(t, plain, xz.WriterConfig{}),
		"xz of two streams":    append(packXZ(t, plain[:half], xz.WriterConfig{}), packXZ(t, plain[half:], xz.WriterConfig{CheckSum: xz.SHA256})...),
		"xz with padding":      append(packXZ(t, plain, xz.WriterConfig{}), 0, 0, 0, 0),
	} {
		got, err := unpacked(t, packed, defaultWindow)
		require.NoError(t, err, name)
		require.Len(t, got, 1, name)
		require.True(t, got[0] == "="+string(plain), name)
	}
	for name, test := range map[string]struct {
		packed []byte
		want   string
	}{
		"bzip2":            {bz, "hello\n"},
		"bzip2 of two":     {append(bytes.Clone(bz), bz...), "hello\nhello\n"},
		"empty":            {nil, ""},
		"short":            {[]byte("a"), "a"},
		"text like bzip2":  {[]byte("BZh9,is,a,header\n"), "BZh9,is,a,header\n"},
		"text like a zip":  {[]byte("PK,id\n"), "PK,id\n"},
		"empty gzip":       {packGzip(t, nil), ""},
		"empty zstd frame": {packZstd(t, nil, zstd.WithZeroFrames(true)), ""},
		"empty xz":         {packXZ(t, nil, xz.WriterConfig{}), ""},
	} {
		got, err := unpacked(t, test.packed, defaultWindow)
		require.NoError(t, err, name)
		require.Equal(t, []string{"=" + test.want}, got, name)
	}
}

func TestCutAndTrailingBytesAreCorrupt(t *testing.T) {
	t.Parallel()
	plain := text(3000)
	for name, packed := range map[string][]byte{
		"gzip":  packGzip(t, plain),
		"bzip2": unbase64(t, bzip2Hello),
		"zstd":  packZstd(t, plain, zstd.WithEncoderCRC(true)),
		"xz":    packXZ(t, plain, xz.WriterConfig{DictCap: 1 << 16}),
		"zip":   packZip(t, deflated("a.csv", plain)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for cut := magicSize; cut < len(packed); cut++ {
				_, err := unpacked(t, packed[:cut], defaultWindow)
				require.ErrorIs(t, err, ErrCorrupt, "cut at %d of %d", cut, len(packed))
				requireFault(t, err, protocol.Data, "upload it anew")
			}
			if name != "zip" { // whose directory says where its members are
				_, err := unpacked(t, append(bytes.Clone(packed), "garbage"...), defaultWindow)
				require.ErrorIs(t, err, ErrCorrupt)
			}
			damaged := bytes.Clone(packed)
			damaged[len(damaged)/2] ^= 0x55
			_, err := unpacked(t, damaged, defaultWindow)
			require.ErrorIs(t, err, ErrCorrupt)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestZipMembers(t *testing.T) {
	t.Parallel()
	plain := text(200_000)
	locked := deflated("locked.csv", []byte("secret"))
	locked.header.Flags |= zipEncrypted
	packed := packZip(t,
		deflated("a.csv", plain),
		entry{zip.FileHeader{Name: "sub/"}, nil},
		entry{zip.FileHeader{Name: "sub/stored.csv", Method: zip.Store}, []byte("s")},
		deflated("__MACOSX/a.csv", []byte("x")),
		deflated("sub/.DS_Store", []byte("x")),
		locked,
		deflated("latin\xe9.csv", []byte("l")),
		deflated("empty.csv", nil),
	)
	want := []string{"a.csv=" + string(plain), "sub/stored.csv=s", "latin\ufffd.csv=l", "empty.csv="}
	got, err := unpacked(t, packed, defaultWindow)
	require.Equal(t, want, got, "a member that cannot be read does not hide the others")
	require.ErrorIs(t, err, ErrUnsupported)
	require.ErrorContains(t, err, `"locked.csv" in "key"`)
	requireFault(t, err, protocol.Data, "without a password")

	got, err = unpacked(t, packZip(t), defaultWindow)
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestZipMethods(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(zipZstd, zstd.ZipCompressor())
	w.RegisterCompressor(99, func(w io.Writer) (io.WriteCloser, error) { return nopCloser{w}, nil })
	for name, method := range map[string]uint16{"z.csv": zipZstd, "odd.csv": 99} {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		require.NoError(t, err)
		_, err = f.Write([]byte("hello"))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	got, err := unpacked(t, b.Bytes(), defaultWindow)
	require.Equal(t, []string{"z.csv=hello"}, got)
	require.ErrorIs(t, err, ErrUnsupported)
	require.ErrorContains(t, err, "odd.csv")
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func TestWindowsAndDirectoriesAreBounded(t *testing.T) {
	t.Parallel()
	plain := noise(9 << 20) // so long that the window cannot be cut down to the content
	for name, packed := range map[string][]byte{
		"zstd": packZstd(t, plain, zstd.WithWindowSize(8<<20), zstd.WithSingleSegment(false)),
		"xz":   packXZ(t, plain[:1000], xz.WriterConfig{DictCap: 64 << 20}),
	} {
		_, err := unpacked(t, packed, 4<<20)
		require.ErrorIs(t, err, ErrUnsupported, name)
		requireFault(t, err, protocol.Data, "smaller window")
	}
	many := make([]entry, 50_000)
	for i := range many {
		many[i] = entry{zip.FileHeader{Name: strings.Repeat("n", 60) + fmt.Sprint(i)}, nil}
	}
	_, err := unpacked(t, packZip(t, many...), defaultWindow)
	require.ErrorIs(t, err, ErrUnsupported)
	requireFault(t, err, protocol.Data, "fewer files")
}

// A file of zeros takes no more memory than any other file.
func TestBombsTakeBoundedMemory(t *testing.T) {
	const size = 256 << 20
	pack := func(open func(w io.Writer) (io.WriteCloser, error)) []byte {
		var b bytes.Buffer
		w, err := open(&b)
		require.NoError(t, err)
		_, err = io.CopyN(w, zeros{}, size)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		return b.Bytes()
	}
	for name, packed := range map[string][]byte{
		"gzip": pack(func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestSpeed) }),
		"zstd": pack(func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)) }),
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for member, err := range decompress(bytes.NewReader(packed), "key", nil, defaultWindow) {
			require.NoError(t, err)
			n, err := io.Copy(io.Discard, struct{ io.Reader }{member})
			require.NoError(t, err)
			require.EqualValues(t, size, n)
		}
		runtime.ReadMemStats(&after)
		allocated := int64(after.TotalAlloc - before.TotalAlloc)
		require.Less(t, allocated, int64(40<<20), name)
		t.Logf("%s: %d KiB packed, %d KiB allocated in all", name, len(packed)>>10, allocated>>10)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// The largest windows that are let through, in the frame that a stream of unknown length has.
func TestLargestWindowsStayBelowTheLimit(t *testing.T) {
	content := noise(48 << 20)
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(defaultWindow))
	require.NoError(t, err)
	_, err = io.Copy(w, bytes.NewReader(content))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	for name, packed := range map[string][]byte{
		"zstd": b.Bytes(),
		"xz":   packXZ(t, content[:10], xz.WriterConfig{DictCap: defaultWindow}),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for member, err := range decompress(bytes.NewReader(packed), "key", nil, defaultWindow) {
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, struct{ io.Reader }{member})
			require.NoError(t, err)
		}
		runtime.ReadMemStats(&after)
		allocated := int64(after.TotalAlloc - before.TotalAlloc)
		require.Less(t, allocated, int64(defaultWindow+4<<20), name)
		t.Logf("%s: %d KiB allocated in all", name, allocated>>10)
	}
}

func FuzzDecompress(f *testing.F) {
	plain := text(500)
	for _, seed := range [][]byte{
		plain, packGzip(f, plain), unbase64(f, bzip2Hello), packZstd(f, plain), packXZ(f, plain, xz.WriterConfig{DictCap: 1 << 16}),
		packZip(f, deflated("a.csv", plain), entry{zip.FileHeader{Name: "b.csv"}, plain}),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		archive := func() (io.ReaderAt, int64, error) { return bytes.NewReader(packed), int64(len(packed)), nil }
		for member, err := range decompress(bytes.NewReader(packed), "key", archive, 1<<20) {
			if err == nil {
				_, err = io.Copy(io.Discard, io.LimitReader(member, 16<<20))
			}
			if err != nil {
				requireFault(t, err, protocol.Data, "")
			}
		}
	})
}

func TestMembersOfObjects(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	plain := text(700_000)
	incompressible := noise(900_000)
	server.Put(bucketName, "plain", plain)
	server.Put(bucketName, "gzip", packGzip(t, plain))
	server.Put(bucketName, "zstd", packZstd(t, plain))
	server.Put(bucketName, "zip", packZip(t, deflated("a.csv", plain), deflated("b.csv", incompressible), deflated("c.csv", plain)))
	wants := map[string][][]byte{"plain": {plain}, "gzip": {plain}, "zstd": {plain}, "zip": {plain, incompressible, plain}}

	for key, want := range wants {
		for name, decide := range map[string]func(n int, r *http.Request) s3test.Fault{
			"whole": func(int, *http.Request) s3test.Fault { return s3test.Fault{} },
			"cut":   func(int, *http.Request) s3test.Fault { return s3test.Fault{CutAfter: 30_011} },
		} {
			t.Run(key+" "+name, func(t *testing.T) {
				t.Parallel()
				b, proxy := through(t, server, decide)
				var got [][]byte
				for member, err := range b.Members(t.Context(), one(t, server, key), Resume{}) {
					require.NoError(t, err)
					content, err := io.ReadAll(member)
					require.NoError(t, err)
					got = append(got, content)
				}
				require.Len(t, got, len(want))
				for i := range want {
					require.True(t, bytes.Equal(want[i], got[i]))
				}
				if key == "zip" && name == "whole" {
					require.Len(t, proxy.Requests(), 3, "first bytes, directory, then one stream for all members")
				}
			})
		}
	}
}

func TestMembersTellWhoseFaultItIs(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	server.Put(bucketName, "gzip", packGzip(t, noise(200_000)))
	server.Put(bucketName, "zip", packZip(t, deflated("a.csv", noise(200_000)), deflated("b.csv", noise(200_000))))
	for _, key := range []string{"gzip", "zip"} {
		object := one(t, server, key)
		replaced, _ := through(t, server, func(n int, _ *http.Request) s3test.Fault {
			if n <= 3 {
				return s3test.Fault{CutAfter: 60_000}
			}
			return s3test.Fault{Status: 412}
		})
		require.ErrorIs(t, firstError(t, replaced, object), ErrChanged, key)

		flipped, _ := through(t, server, func(int, *http.Request) s3test.Fault { return s3test.Fault{FlipAt: 60_000} })
		require.ErrorIs(t, firstError(t, flipped, object), ErrCorrupt, key)
	}
}

func firstError(t testing.TB, b *Bucket, object Object) error {
	t.Helper()
	for member, err := range b.Members(t.Context(), object, Resume{}) {
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, member); err != nil {
			return err
		}
	}
	return nil
}

func TestPlainMembersResume(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	want := text(5000)
	server.Put(bucketName, "plain", want)
	server.Put(bucketName, "gzip", packGzip(t, want))
	b, object := direct(t, server), one(t, server, "plain")
	for _, cut := range []int{1, magicSize - 1, magicSize, magicSize + 1, 4000, 5000} {
		var from Resume
		for member, err := range b.Members(t.Context(), object, Resume{}) {
			require.NoError(t, err)
			_, err = io.ReadFull(member, make([]byte, cut))
			require.NoError(t, err)
			var ok bool
			from, ok = member.Resume()
			require.True(t, ok)
			require.LessOrEqual(t, from.Offset, int64(cut))
			if cut >= magicSize {
				require.EqualValues(t, cut, from.Offset)
			}
		}
		for member, err := range b.Members(t.Context(), object, from) {
			require.NoError(t, err)
			tail, err := io.ReadAll(member)
			require.NoError(t, err)
			require.Equal(t, string(want[from.Offset:]), string(tail))
		}
	}
	for member, err := range b.Members(t.Context(), one(t, server, "gzip"), Resume{}) {
		require.NoError(t, err)
		_, ok := member.Resume()
		require.False(t, ok)
	}
}
