package csv

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// encode16 writes text as UTF-16 without a mark.
func encode16(text, encoding string) []byte {
	var order binary.AppendByteOrder = binary.LittleEndian
	if encoding == UTF16BE {
		order = binary.BigEndian
	}
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

// encode writes text in one of the encodings.
func encode(t testing.TB, text, encoding string) []byte {
	t.Helper()
	switch encoding {
	case UTF16LE, UTF16BE:
		return encode16(text, encoding)
	case Latin1, Windows1252:
		b, ok := narrowed(text, narrow(encoding))
		require.True(t, ok, "not in %s", encoding)
		return b
	}
	return []byte(text)
}

// An outcome is what one call of Next gave, and the position after it.
type outcome struct {
	Values []string
	Quoted []bool
	Line   int64
	Offset int64
	Row    int64
	Raw    string
	Bad    *RowError
	After  Position
}

// take calls Next once and copies what it gives; ok is false at the end.
func take(t testing.TB, r *Reader) (o outcome, ok bool) {
	t.Helper()
	rec, err := r.Next()
	if err == io.EOF {
		return outcome{}, false
	}
	var bad *RowError
	switch {
	case errors.As(err, &bad):
		require.True(t, utf8.ValidString(bad.Raw))
		require.LessOrEqual(t, len(bad.Raw), MaxRaw)
		o.Bad = bad
	default:
		require.NoError(t, err)
		o = outcome{Line: rec.Line, Offset: rec.Offset, Row: rec.Row, Raw: rec.RawString(), Values: rec.Strings()}
		for i, v := range o.Values {
			require.True(t, utf8.ValidString(v), "%q", v)
			require.NotContains(t, v, "\x00")
			o.Quoted = append(o.Quoted, rec.Quoted(i))
		}
	}
	o.After = r.Position()
	return o, true
}

func takeAll(t testing.TB, r *Reader) (all []outcome) {
	t.Helper()
	for {
		o, ok := take(t, r)
		if !ok {
			return all
		}
		all = append(all, o)
	}
}

// brief writes outcomes in one line each: values in |…| with quoted ones in «», or the reason and column.
func brief(all []outcome) []string {
	lines := []string{}
	for _, o := range all {
		if o.Bad != nil {
			lines = append(lines, o.Bad.Error())
			continue
		}
		cells := make([]string, len(o.Values))
		for i, v := range o.Values {
			if cells[i] = v; o.Quoted[i] {
				cells[i] = "«" + v + "»"
			}
		}
		lines = append(lines, strings.Join(cells, "|"))
	}
	return lines
}

// chunkings are ways in which the same bytes may arrive.
func chunkings(text []byte) map[string]io.Reader {
	return map[string]io.Reader{
		"at once":         bytes.NewReader(text),
		"byte by byte":    iotest.OneByteReader(bytes.NewReader(text)),
		"in halves":       iotest.HalfReader(bytes.NewReader(text)),
		"data with EOF":   iotest.DataErrReader(bytes.NewReader(text)),
		"seven at a time": &stepReader{bytes.NewReader(text), 7},
	}
}

type stepReader struct {
	src  io.Reader
	step int
}

func (r *stepReader) Read(p []byte) (int, error) { return r.src.Read(p[:min(len(p), r.step)]) }
