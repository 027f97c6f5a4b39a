package singer_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/singer"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// transcript is what a reader makes of an input: a line for each message and each warning, and how it ends.
func transcript(input io.Reader, options singer.Options) string {
	var b strings.Builder
	options.Log = slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	r := singer.NewReader(input, options)
	defer r.Close()
	streams := map[string]*protocol.Stream{}
	for {
		m, err := r.Next()
		if m != nil {
			describe(&b, m, streams)
		}
		var refused *protocol.RecordError
		switch {
		case errors.As(err, &refused):
			fmt.Fprintf(&b, "REFUSED %v\n", err)
		case errors.Is(err, io.EOF):
			b.WriteString("EOF\n")
			return warnings.Replace(b.String())
		case err != nil:
			fmt.Fprintf(&b, "%s fault: %v\n", protocol.KindOf(err), err)
			return warnings.Replace(b.String())
		}
	}
}

// warnings spells a line of slog shorter.
var warnings = strings.NewReplacer(`level=WARN msg="`, "WARN ", `key" `, "key ", `ignored" `, "ignored ")

func describe(w io.Writer, m *protocol.Message, streams map[string]*protocol.Stream) {
	fmt.Fprintf(w, "%d ", m.Line)
	switch m.Type {
	case protocol.SchemaMessage:
		s := m.Schema
		var columns []string
		for _, p := range s.Schema.Properties {
			columns = append(columns, p.Name)
		}
		fmt.Fprintf(w, "SCHEMA %s key=%v bookmark=%v disposition=%s columns=%s", m.Stream, s.KeyProperties, s.BookmarkProperties,
			s.Disposition, strings.Join(columns, ","))
		if streams[m.Stream] == s {
			fmt.Fprint(w, " the same")
		}
		streams[m.Stream] = s
	case protocol.RecordMessage:
		fmt.Fprintf(w, "RECORD %s %s", m.Stream, m.Record.Raw)
		for _, f := range m.Record.Fields {
			fmt.Fprintf(w, " %s=%s", f.Name, f.Value)
		}
		if len(m.Record.TimeExtracted) > 0 {
			fmt.Fprintf(w, " at %s", m.Record.TimeExtracted)
		}
		if m.Record.HasVersion {
			fmt.Fprintf(w, " version %d", m.Record.Version)
		}
	case protocol.StateMessage:
		fmt.Fprintf(w, "STATE %s", m.State)
	case protocol.ActivateVersionMessage:
		fmt.Fprintf(w, "ACTIVATE_VERSION %s %d", m.Stream, m.Version)
	case protocol.BatchMessage:
		fmt.Fprintf(w, "BATCH %s %s %s", m.Stream, m.Batch.Format, m.Batch.Compression)
		for _, url := range m.Batch.Manifest {
			fmt.Fprintf(w, " %s", url)
		}
		version := "-"
		if m.Batch.HasVersion {
			version = fmt.Sprint(m.Batch.Version)
		}
		fmt.Fprintf(w, " version %s", version)
	}
	fmt.Fprintln(w)
}

func TestGolden(t *testing.T) {
	t.Parallel()
	inputs, err := filepath.Glob("testdata/*.singer")
	require.NoError(t, err)
	require.NotEmpty(t, inputs)
	for _, path := range inputs {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			input, err := os.ReadFile(path)
			require.NoError(t, err)
			got := transcript(bytes.NewReader(input), singer.Options{})
			golden := strings.TrimSuffix(path, ".singer") + ".golden"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
			require.Equal(t, got, transcript(iotest.OneByteReader(bytes.NewReader(input)), singer.Options{}), "a byte at a time")
			require.Equal(t, got, transcript(iotest.DataErrReader(bytes.NewReader(input)), singer.Options{}), "the end comes with data")
			crlf := bytes.ReplaceAll(input, []byte("\n"), []byte("\r\n"))
			require.Equal(t, got, transcript(bytes.NewReader(crlf), singer.Options{}), "CRLF")
			require.Equal(t, got, transcript(io.MultiReader(strings.NewReader("\uFEFF"), bytes.NewReader(input)), singer.Options{}), "BOM")
		})
	}
}

const (
	schemaA = `{"type":"SCHEMA","stream":"a","schema":{"properties":{"id":{"type":"integer"}}},"key_properties":["id"]}` + "\n"
	recordA = `{"type":"RECORD","stream":"a","record":{"id":1}}` + "\n"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	const conform = "; the tap must keep to the Singer protocol"
	const noMessage = "; the program that writes sent what is no Singer message; see its log"
	tests := []struct{ name, input, want string }{
		{"no JSON", "\n\nhello\n", "line 3: invalid JSON: byte 1: an object is missing" + noMessage},
		{"broken in the middle", schemaA + `{"type":"RECORD","stream":"a","record":{"id":1,}}` + "\n" + recordA,
			"line 2: invalid JSON: byte 48: the name of a member is missing" + noMessage},
		{"two on a line", schemaA + strings.TrimSpace(recordA) + recordA, "line 2: invalid JSON: byte 49: text after the message" + noMessage},
		{"no object", "[]\n", "line 1: invalid JSON: byte 1: an object is missing" + noMessage},
		{"no type", `{"stream":"a"}` + "\n", "line 1: the message has no type" + conform},
		{"type no string", `{"type":1}` + "\n", "line 1: the message has no type" + conform},
		{"no stream", `{"type":"RECORD","record":{}}` + "\n", "line 1: the message has no stream" + conform},
		{"empty stream", `{"type":"RECORD","stream":"","record":{}}` + "\n", "line 1: the message has no stream" + conform},
		{"record before schema", schemaA + `{"type":"RECORD","stream":"b","record":{}}` + "\n",
			`stream "b": line 2: a RECORD comes before the SCHEMA of its stream` + conform},
		{"batch before schema", `{"type":"BATCH","stream":"b","encoding":{"format":"jsonl"},"manifest":[]}` + "\n",
			`stream "b": line 1: a BATCH comes before the SCHEMA of its stream` + conform},
		{"no record", schemaA + `{"type":"RECORD","stream":"a"}` + "\n", `stream "a": line 2: the record is no object` + conform},
		{"record no object", schemaA + `{"type":"RECORD","stream":"a","record":[1]}` + "\n", `stream "a": line 2: the record is no object` + conform},
		{"version no integer", schemaA + `{"type":"RECORD","stream":"a","record":{},"version":1.5}` + "\n",
			`stream "a": line 2: the version is no integer` + conform},
		{"version too big", `{"type":"ACTIVATE_VERSION","stream":"a","version":9223372036854775808}` + "\n",
			`stream "a": line 1: the version is no integer` + conform},
		{"no version", `{"type":"ACTIVATE_VERSION","stream":"a"}` + "\n", `stream "a": line 1: the ACTIVATE_VERSION has no version` + conform},
		{"no state", `{"type":"STATE"}` + "\n", "line 1: the STATE has no value" + conform},
		{"no schema", `{"type":"SCHEMA","stream":"a","key_properties":[]}` + "\n", `stream "a": line 1: the SCHEMA has no schema` + conform},
		{"schema without properties", `{"type":"SCHEMA","stream":"a","key_properties":[],"schema":{"type":"object"}}` + "\n",
			`stream "a": line 1: the schema has no properties; correct the SCHEMA that the tap sends`},
		{"key no list", `{"type":"SCHEMA","stream":"a","key_properties":"id","schema":{"properties":{}}}` + "\n",
			`stream "a": line 1: key_properties is no list of names` + conform},
		{"key of nulls", `{"type":"SCHEMA","stream":"a","key_properties":[null],"schema":{"properties":{}}}` + "\n",
			`stream "a": line 1: key_properties is no list of names` + conform},
		{"bookmark no list", `{"type":"SCHEMA","stream":"a","key_properties":[],"bookmark_properties":{},"schema":{"properties":{}}}` + "\n",
			`stream "a": line 1: bookmark_properties is no list of names` + conform},
		{"no encoding", schemaA + `{"type":"BATCH","stream":"a","manifest":[]}` + "\n", `stream "a": line 2: the BATCH has no encoding with a format` + conform},
		{"manifest no list", schemaA + `{"type":"BATCH","stream":"a","encoding":{"format":"jsonl"},"manifest":{}}` + "\n",
			`stream "a": line 2: the manifest of the BATCH is no list of URLs` + conform},
		{"state not in UTF-8", "{\"type\":\"STATE\",\"value\":\"\xff\"}\n", "line 1: invalid UTF-8 at byte 26; write UTF-8"},
		{"cut off", schemaA + recordA + recordA[:20], "line 3: the input ends in the middle of a line; the program that writes has died; see its log"},
		{"cut off in a character", schemaA + "{\"type\":\"RECORD\",\"stream\":\"a\",\"record\":{\"s\":\"\xe2\x82",
			"line 2: the input ends in the middle of a line; the program that writes has died; see its log"},
		{"too long", schemaA + `{"type":"RECORD","stream":"a","record":{"s":"` + strings.Repeat("x", 1000) + "\"}}\n" + recordA,
			"line 2 is longer than 500 bytes; send smaller records"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := singer.NewReader(strings.NewReader(test.input), singer.Options{MaxLine: 500})
			defer r.Close()
			var err error
			for err == nil {
				_, err = r.Next()
			}
			require.EqualError(t, err, test.want)
			require.Equal(t, protocol.Data, protocol.KindOf(err))
			require.Equal(t, strings.HasPrefix(test.name, "cut off"), errors.Is(err, protocol.ErrTruncated))
			_, again := r.Next()
			require.Equal(t, err, again, "the fault is the end")
		})
	}
}

// A record with bytes that are no text is refused, and costs nothing else.
func TestRecordNotInUTF8(t *testing.T) {
	t.Parallel()
	bad := "{\"type\":\"RECORD\",\"stream\":\"a\",\"record\":{\"id\":2,\"s\":\"x\xffy\"}}"
	r := singer.NewReader(strings.NewReader(schemaA+recordA+bad+"\n"+recordA), singer.Options{})
	defer r.Close()
	for range 2 {
		_, err := r.Next()
		require.NoError(t, err)
	}
	m, err := r.Next()
	var refused *protocol.RecordError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, strings.IndexByte(bad, 0xff)+1, 54)
	require.EqualError(t, err, `stream "a": line 3: invalid UTF-8 at byte 54 of the line`)
	require.Equal(t, protocol.Data, protocol.KindOf(err))
	require.Equal(t, int64(3), refused.Line)
	require.Equal(t, "{\"id\":2,\"s\":\"x\xffy\"}", string(refused.Raw))
	require.Equal(t, "2", string(m.Record.Fields[0].Value), "its fields are there, so that the key can be told")
	m, err = r.Next()
	require.NoError(t, err)
	require.Equal(t, int64(4), m.Line)
	_, err = r.Next()
	require.ErrorIs(t, err, io.EOF)
}

func TestSchemaThatSaysTheSame(t *testing.T) {
	t.Parallel()
	input := schemaA +
		`{"type":"SCHEMA","stream":"a","key_properties":["id","id"],"schema":{ "properties" : {"id":{ "type":"integer"}}}}` + "\n" + // the same
		`{"type":"SCHEMA","stream":"a","key_properties":[],"schema":{"properties":{"id":{"type":"integer"}}}}` + "\n" +
		schemaA
	r := singer.NewReader(strings.NewReader(input), singer.Options{})
	defer r.Close()
	var streams []*protocol.Stream
	for {
		m, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		streams = append(streams, m.Schema)
	}
	require.Len(t, streams, 4)
	require.Same(t, streams[0], streams[1])
	require.NotSame(t, streams[1], streams[2])
	require.NotSame(t, streams[2], streams[3])
}

// Lines of every size around the size of a block come out whole, and one at the limit is not too long.
func TestLongLines(t *testing.T) {
	t.Parallel()
	const limit = 3 << 20
	var input bytes.Buffer
	input.WriteString(schemaA)
	frame := len(recordLine(0))
	var sizes []int
	for _, size := range []int{100, 256<<10 - 1, 256 << 10, 256<<10 + 1, 600 << 10, 50, limit - 1, limit, 100, limit, 1 << 20, 100} {
		sizes = append(sizes, size)
		input.WriteString(recordLine(size - frame))
		input.WriteByte('\n')
	}
	for name, reader := range map[string]io.Reader{
		"at once":        bytes.NewReader(input.Bytes()),
		"in small parts": iotest.HalfReader(bytes.NewReader(input.Bytes())),
	} {
		r := singer.NewReader(reader, singer.Options{MaxLine: limit})
		_, err := r.Next()
		require.NoError(t, err, name)
		for _, size := range sizes {
			m, err := r.Next()
			require.NoError(t, err, name)
			require.Equal(t, size, m.Bytes, name)
		}
		_, err = r.Next()
		require.ErrorIs(t, err, io.EOF, name)
		require.NoError(t, r.Close())

		r = singer.NewReader(bytes.NewReader(input.Bytes()), singer.Options{MaxLine: limit - 1})
		for err = nil; err == nil; {
			_, err = r.Next()
		}
		require.ErrorContains(t, err, "line 9 is longer than 3145727 bytes")
		require.NoError(t, r.Close())
	}
}

func recordLine(text int) string {
	return `{"type":"RECORD","stream":"a","record":{"s":"` + strings.Repeat("x", text) + `"}}`
}

func TestReadError(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	r := singer.NewReader(io.MultiReader(strings.NewReader(schemaA+recordA+recordA[:5]), iotest.ErrReader(broken)), singer.Options{})
	defer r.Close()
	for range 2 {
		_, err := r.Next()
		require.NoError(t, err)
	}
	_, err := r.Next()
	require.ErrorIs(t, err, broken)
	require.EqualError(t, err, "reading the input after line 2: the disk is gone")
	require.Equal(t, protocol.System, protocol.KindOf(err))
}

// Messages come as soon as their line is there, however little it is: the tap may sleep afterwards.
func TestMessagesDoNotWaitForMore(t *testing.T) {
	t.Parallel()
	input, output := io.Pipe()
	r := singer.NewReader(input, singer.Options{})
	defer r.Close()
	defer input.Close()
	for _, part := range []string{schemaA, recordA, recordA + recordA[:10]} {
		_, err := output.Write([]byte(part))
		require.NoError(t, err)
		_, err = r.Next()
		require.NoError(t, err)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	input, output := io.Pipe()
	r := singer.NewReader(input, singer.Options{})
	_, err := output.Write([]byte(schemaA))
	require.NoError(t, err)
	_, err = r.Next()
	require.NoError(t, err)
	waiting := make(chan error)
	go func() {
		_, err := r.Next()
		waiting <- err
	}()
	require.NoError(t, r.Close())
	require.ErrorIs(t, <-waiting, protocol.ErrClosed)
	require.NoError(t, r.Close(), "twice does no harm")
	require.NoError(t, input.Close())

	// An endless input that nobody reads: only Close ends the reading ahead. TestMain sees whether it did.
	r = singer.NewReader(endless{}, singer.Options{})
	require.NoError(t, r.Close())
	_, err = r.Next()
	require.ErrorIs(t, err, protocol.ErrClosed)
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, strings.Repeat("\n", len(p))), nil }

func TestNextAllocatesNothing(t *testing.T) {
	line := `{"type":"RECORD","stream":"gr\u00f6\u00dfe","record":{"id":1,"n\u00e4me":"x"},"time_extracted":"2026-01-02T03:04:05Z","version":17}` + "\n"
	input := `{"type":"SCHEMA","stream":"größe","schema":{"properties":{}},"key_properties":[]}` + "\n" + strings.Repeat(line, 120_000)
	r := singer.NewReader(strings.NewReader(input), singer.Options{})
	defer r.Close()
	for range 10_000 {
		_, err := r.Next()
		require.NoError(t, err)
	}
	perRun := testing.AllocsPerRun(100, func() {
		for range 1000 {
			if _, err := r.Next(); err != nil {
				t.Error(err)
			}
		}
	})
	require.Less(t, perRun, 10.0, "of a thousand records")
}

// FuzzReader: no input makes the reader panic or hang; what it reads can be written and reads the same; the size of the
// parts that arrive changes nothing.
func FuzzReader(f *testing.F) {
	inputs, err := filepath.Glob("testdata/*.singer")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range inputs {
		input, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(input)
	}
	f.Add([]byte(schemaA + recordA + recordA[:20]))
	f.Add([]byte(schemaA + "{\"type\":\"RECORD\",\"stream\":\"a\",\"record\":{\"s\":\"\xff\"}}\n" + recordA))
	f.Fuzz(func(t *testing.T, input []byte) {
		got := transcript(bytes.NewReader(input), singer.Options{})
		if again := transcript(iotest.HalfReader(bytes.NewReader(input)), singer.Options{}); got != again {
			t.Fatalf("%q, then %q", got, again)
		}
		r := singer.NewReader(bytes.NewReader(input), singer.Options{})
		defer r.Close()
		var copied bytes.Buffer
		w := singer.NewWriter(&copied)
		var want strings.Builder
		streams := map[string]*protocol.Stream{}
		for {
			m, err := r.Next()
			if err != nil {
				break
			}
			if m.Type == protocol.SchemaMessage {
				m.Schema.Namespace = ""
			}
			m.Line = 0
			describe(&want, m, streams)
			if err := w.Write(m); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		back := singer.NewReader(bytes.NewReader(copied.Bytes()), singer.Options{})
		defer back.Close()
		var have strings.Builder
		streams = map[string]*protocol.Stream{}
		for {
			m, err := back.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%q does not read: %v", &copied, err)
			}
			m.Line = 0
			describe(&have, m, streams)
		}
		if want.String() != have.String() {
			t.Fatalf("%q, after writing %q", &want, &have)
		}
	})
}
