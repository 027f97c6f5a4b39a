package csv

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOddSources(t *testing.T) {
	t.Parallel()
	d := Dialect{Encoding: UTF8, Delimiter: ","}
	_, err := NewReader(idle{}, d, Position{}).Next()
	require.ErrorIs(t, err, io.ErrNoProgress)
	_, err = NewReader(strings.NewReader("a"), Dialect{}, Position{}).Next()
	require.ErrorContains(t, err, "encoding")
	d.BOM = 3
	r := NewReader(strings.NewReader("\xef"), d, Position{}) // shorter than when its dialect was found
	_, err = r.Next()
	require.Equal(t, io.EOF, err)
	require.Equal(t, int64(1), r.Position().Offset)
}

type idle struct{}

// TestRecordLimit keeps the limit whatever the buffer holds.
func TestRecordLimit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3000)
	text := "a,b\n" + "1," + long + "\n2,\"" + long + "\"\n3," + long[:900] + "\n4,\"open\n5," + strings.Repeat("y,z\n", 500)
	want := []string{"a|b", "line 2: record_too_long", "line 3, column 2: unterminated_quote", "3|" + long[:900], "line 5, column 2: unterminated_quote", "5|y|z"}
	for range 499 {
		want = append(want, "y|z")
	}
	for _, encoding := range []string{UTF8, UTF16LE} {
		source := encode(t, text, encoding)
		d := Dialect{Encoding: encoding, Delimiter: ",", Quote: `"`, Escape: `"`, MaxRecordBytes: 1000}
		for _, chunk := range []int{64, 333, 1024, 8192} {
			all := takeAll(t, newReader(bytes.NewReader(source), d, Position{}, chunk))
			require.Equal(t, want, brief(all), "chunk %d", chunk)
			requireResumes(t, source, d, all[:len(all):len(all)], chunk)
		}
	}
}

func TestTooManyFields(t *testing.T) {
	t.Parallel()
	d := Dialect{Encoding: UTF8, Delimiter: ",", Quote: `"`, Escape: `"`}
	commas := strings.Repeat(",", maxFields)
	text := commas[1:] + "\n" + commas + "\n" + strings.Repeat(commas, 9) + "\n1,2\n"
	all := takeAll(t, NewReader(strings.NewReader(text), d, Position{}))
	require.Len(t, all, 4)
	require.Len(t, all[0].Values, maxFields)
	require.Equal(t, []string{"line 2: too_many_fields", "line 3: too_many_fields", "1|2"}, brief(all[1:]))
}

// generated repeats a row up to size bytes behind a head.
type generated struct {
	rest []byte
	row  []byte
	size int
}

func (g *generated) Read(p []byte) (int, error) {
	if g.size <= 0 {
		return 0, io.EOF
	}
	if len(g.rest) == 0 {
		g.rest = g.row
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	g.size -= n
	return n, nil
}

// TestMemory reads 200 MB behind a quote that is never closed, and 200 MB without any line end.
func TestMemory(t *testing.T) {
	t.Parallel()
	row := []byte(strings.Repeat("1234567,some text,11/03/2025\n", 1000))
	d := Dialect{Encoding: UTF8, Delimiter: ",", Quote: `"`, Escape: `"`, MaxRecordBytes: DefaultMaxRecordBytes}
	limit := DefaultMaxRecordBytes + 2*chunk
	const size = 200 << 20

	t.Run("open quote", func(t *testing.T) {
		t.Parallel()
		head := "a,b,c\n1,\"open,2\n"
		r := NewReader(&generated{[]byte(head), row, size}, d, Position{})
		rows, bad, largest := 0, []string{}, 0
		for {
			_, err := r.Next()
			if err == io.EOF {
				break
			}
			if largest = max(largest, cap(r.buf)); err != nil {
				bad = append(bad, err.Error())
				continue
			}
			rows++
		}
		require.Equal(t, []string{"line 2, column 2: unterminated_quote"}, bad)
		require.Greater(t, rows, size/len("1234567,some text,11/03/2025\n")-10)
		require.LessOrEqual(t, largest, limit)
		require.LessOrEqual(t, cap(r.buf), chunk+blockSize, "the buffer is small again")
	})
	t.Run("no line end", func(t *testing.T) {
		t.Parallel()
		r := NewReader(&generated{[]byte("a,b\n"), bytes.ReplaceAll(bytes.ReplaceAll(row, []byte("\n"), []byte(";")), []byte(","), []byte(";")), size}, d, Position{})
		_, err := r.Next()
		require.NoError(t, err)
		_, err = r.Next()
		var bad *RowError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, RecordTooLong, bad.Reason)
		require.Len(t, bad.Raw, MaxRaw)
		require.LessOrEqual(t, cap(r.buf), limit)
		_, err = r.Next()
		require.Equal(t, io.EOF, err)
		require.GreaterOrEqual(t, r.Position().Offset, int64(size))
	})
}

// TestNoAllocations reads rows of every kind without allocating.
func TestNoAllocations(t *testing.T) {
	for _, c := range []struct{ name, row, encoding string }{
		{"plain", "1,two,3\n", UTF8},
		{"quoted", "\"1\",\"two \"\"x\"\"\",é\r\n", UTF8},
		{"cp1252", "1,\xe9t\xe9,3\n", Windows1252},
		{"utf16", string(encode16("1,été,3\n", UTF16LE)), UTF16LE},
	} {
		d := Dialect{Encoding: c.encoding, Delimiter: ",", Quote: `"`, Escape: `"`}
		r := NewReader(&generated{nil, []byte(strings.Repeat(c.row, 100)), 1 << 30}, d, Position{})
		for range 10 {
			_, err := r.Next()
			require.NoError(t, err)
		}
		perRun := testing.AllocsPerRun(20000, func() {
			rec, err := r.Next()
			if err != nil || len(rec.Field(1)) < 3 {
				t.Error(c.name, err)
			}
		})
		require.Zero(t, perRun, c.name)
	}
}
