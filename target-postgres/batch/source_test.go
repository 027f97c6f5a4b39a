package batch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/singer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const schema = `{"type":"SCHEMA","stream":"orders","key_properties":["id"],"schema":{"properties":{"id":{"type":"integer"},"raw":{"type":"string","contentEncoding":"base64"}}}}` + "\n"

// message is a BATCH as a tap writes it.
func message(format, compression string, manifest ...string) string {
	return fmt.Sprintf(`{"type":"BATCH","stream":"orders","encoding":{"format":%q,"compression":%q},"manifest":["%s"]}`+"\n",
		format, compression, strings.Join(manifest, `","`))
}

// open is a source of what a tap sends after its SCHEMA.
func open(t *testing.T, input string) *Source {
	t.Helper()
	s := New(t.Context(), singer.NewReader(strings.NewReader(schema+input), singer.Options{}), Options{MaxLine: 2000, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// transcript is what a source gives, without the SCHEMA, and how it ends.
func transcript(s *Source) string {
	var b strings.Builder
	for {
		m, err := s.Next()
		var refused *protocol.RecordError
		switch {
		case errors.As(err, &refused):
			fmt.Fprintf(&b, "%d REFUSED %s: %s\n", refused.Line, refused.Reason, refused.Raw)
		case errors.Is(err, io.EOF):
			return b.String()
		case err != nil:
			fmt.Fprintf(&b, "%s fault: %v\n", protocol.KindOf(err), err)
			return b.String()
		case m.Type == protocol.RecordMessage:
			fmt.Fprintf(&b, "%d %s %s", m.Line, m.Stream, m.Record.Raw)
			for _, f := range m.Record.Fields {
				fmt.Fprintf(&b, " %s=%s", f.Name, f.Value)
			}
			if m.Record.HasVersion {
				fmt.Fprintf(&b, " version %d", m.Record.Version)
			}
			b.WriteByte('\n')
		case m.Type == protocol.StateMessage:
			fmt.Fprintf(&b, "%d STATE %s\n", m.Line, m.State)
		}
	}
}

func write(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func zstandard(t *testing.T, text string) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	defer w.Close()
	return w.EncodeAll([]byte(text), nil)
}

// Records stand where the BATCH stood, file by file, and every line has a number of its own.
func TestRecordsInOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "a.jsonl", []byte("\uFEFF{\"id\":1}\r\n\n  {\"id\":2}"))
	write(t, dir, "b c.jsonl.gz", append(gzipped(t, "{\"id\":3}\n"), gzipped(t, "{\"id\":4}\n")...))
	write(t, dir, "d%41.jsonl.zst", zstandard(t, "{\"id\":5}\n"))
	write(t, dir, "empty.jsonl", nil)
	got := transcript(open(t, `{"type":"RECORD","stream":"orders","record":{"id":0}}`+"\n"+
		message("jsonl", "none", dir+"/a.jsonl", "file://"+dir+"/empty.jsonl")+
		`{"type":"STATE","value":1}`+"\n"+
		message("JSONL", "GZIP", "file://"+dir+"/b%20c.jsonl.gz")+
		strings.Replace(message("jsonl", "zstd", "file://"+dir+"/d%41.jsonl.zst"), "}\n", `,"version":7}`+"\n", 1)+
		`{"type":"BATCH","stream":"orders","encoding":{"format":"jsonl"},"manifest":[]}`+"\n"+
		`{"type":"RECORD","stream":"orders","record":{"id":6}}`+"\n"+
		`{"type":"STATE","value":2}`+"\n"))
	require.Equal(t, `2 orders {"id":0} id=0
4 orders {"id":1} id=1
5 orders {"id":2} id=2
6 STATE 1
8 orders {"id":3} id=3
9 orders {"id":4} id=4
11 orders {"id":5} id=5 version 7
13 orders {"id":6} id=6
14 STATE 2
`, got)
}

// A line that is no record costs itself. It names the file and its line there.
func TestBrokenLines(t *testing.T) {
	t.Parallel()
	path := write(t, t.TempDir(), "a.jsonl", []byte("{\"id\":1}\n{\"id\":}\n[1]\n{\"id\":\"\xff\"}\n{\"id\":5}\n"))
	require.Equal(t, fmt.Sprintf(`3 orders {"id":1} id=1
4 REFUSED %[1]s, line 2: invalid JSON: byte 7: a value is missing: {"id":}
5 REFUSED %[1]s, line 3: invalid JSON: byte 1: an object is missing: [1]
6 REFUSED %[1]s, line 4: invalid UTF-8: {"id":"`+"\xff"+`"}
7 orders {"id":5} id=5
8 STATE 1
`, path), transcript(open(t, message("jsonl", "none", path)+`{"type":"STATE","value":1}`+"\n")))
}

// A file that cannot be read to its end is a fault that names it; the records before stand.
func TestFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	packed := gzipped(t, strings.Repeat("{\"id\":1}\n", 2))
	write(t, dir, "cut.gz", packed[:len(packed)-4])
	damaged := bytes.Clone(packed)
	damaged[len(damaged)-6] ^= 1
	write(t, dir, "damaged.gz", damaged)
	write(t, dir, "packed", packed)
	write(t, dir, "packed.zst", zstandard(t, "{}\n"))
	write(t, dir, "parquet", []byte("PAR1....PAR1"))
	write(t, dir, "plain", []byte("{\"id\":1}      \n"))
	write(t, dir, "cut", []byte("{\"id\":1}\n{\"id\""))
	write(t, dir, "long", []byte("{\"id\":1}\n{\"id\":\""+strings.Repeat("x", 3000)+"\"}\n"))
	const again = "; the tap must write the file anew: run it again"
	const one = "3 orders {\"id\":1} id=1\n"
	for _, test := range []struct{ format, compression, file, want string }{
		{"jsonl", "none", "nowhere", "nowhere: no such file or directory; let the tap and the target see the same files, and run the tap again"},
		{"jsonl", "gzip", "cut.gz", "cut.gz cannot be read as lines packed with gzip: unexpected EOF" + again},
		{"jsonl", "gzip", "damaged.gz", "damaged.gz cannot be read as lines packed with gzip: gzip: invalid checksum" + again},
		{"jsonl", "gzip", "plain", "plain cannot be read as lines packed with gzip: gzip: invalid header" + again},
		{"jsonl", "zstd", "plain", "plain cannot be read as lines packed with zstd: invalid input: magic number mismatch" + again},
		{"jsonl", "none", "packed", "packed is packed with gzip, and the BATCH says plain JSON lines; correct the encoding that the tap sends"},
		{"jsonl", "none", "packed.zst", "packed.zst is packed with zstd, and the BATCH says plain JSON lines; correct the encoding that the tap sends"},
		{"jsonl", "none", "parquet", "parquet is a Parquet file, and the BATCH says plain JSON lines; correct the encoding that the tap sends"},
		{"jsonl", "none", "cut", "cut ends in the middle of line 2" + again},
		{"jsonl", "none", "long", "long, line 2: longer than 2000 bytes; write smaller records"},
		{"parquet", "none", "plain", "plain cannot be read as Parquet: it begins otherwise" + again},
		{"parquet", "snappy", "packed.zst", "packed.zst cannot be read as Parquet: it begins otherwise" + again},
		{"csv", "none", "plain", `the BATCH has files of the unknown format "csv"; let the tap write jsonl or parquet`},
		{"jsonl", "xz", "plain", `the BATCH has jsonl files of the unknown compression "xz"; let the tap write none, gzip, zstd`},
	} {
		got := transcript(open(t, message(test.format, test.compression, filepath.Join(dir, test.file))))
		got = strings.ReplaceAll(got, dir+"/", "")
		for strings.HasPrefix(got, "3 orders") || strings.HasPrefix(got, "4 orders") {
			_, got, _ = strings.Cut(got, "\n")
		}
		require.Equal(t, `data fault: stream "orders": line 2: `+test.want+"\n", got, test.file)
	}
	got := transcript(open(t, message("jsonl", "none", "gs://bucket/a")))
	require.Equal(t, "data fault: stream \"orders\": line 2: gs://bucket/a: files of the scheme \"gs\" are not read; let the tap write to a folder or to S3\n", got)
	require.Contains(t, transcript(open(t, message("jsonl", "none", dir))), "system fault: stream \"orders\": line 2: "+dir+": is a directory")
	require.Equal(t, one, transcript(open(t, message("jsonl", "none", dir+"/plain"))))
}

// Close ends a read that nothing comes to.
func TestClose(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	s := open(t, message("jsonl", "none", path))
	feed := make(chan *os.File)
	go func() {
		w, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			_, err = w.WriteString("{\"id\":1}\n{\"id\":2")
		}
		if err != nil {
			t.Error(err)
		}
		feed <- w
	}()
	for range 2 { // the SCHEMA, and one record before the other is whole
		_, err := s.Next()
		require.NoError(t, err)
	}
	w := <-feed
	defer w.Close()
	ended := make(chan error)
	go func() {
		_, err := s.Next()
		ended <- err
	}()
	require.NoError(t, s.Close())
	require.ErrorIs(t, <-ended, protocol.ErrClosed)
	_, err := s.Next()
	require.ErrorIs(t, err, protocol.ErrClosed)
}
