package rest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

// readAll gives the rows of an answer that comes by reader.
func readAll(reader io.Reader, paths ...string) (rows []string, envelope string, err error) {
	r := &rowReader{body: reader, emit: func(row []byte) error {
		rows = append(rows, string(row))
		return nil
	}}
	if len(paths) == 1 && paths[0] == "lines" {
		err = r.lines()
	} else {
		err = r.read(splitPaths(paths))
	}
	return rows, string(r.envelope), err
}

func TestRows(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer   string
		paths    []string
		rows     []string
		envelope string
	}{
		"array":              {` [ {"a":1} , 2,"x",null,[3] ] `, []string{"results"}, []string{`{"a":1}`, `2`, `"x"`, `null`, `[3]`}, ""},
		"empty array":        {`[]`, nil, nil, ""},
		"null":               {`null`, []string{"items"}, nil, ""},
		"envelope":           {`{"count": 2, "results": [{"n":1.10},{"n":12345678901234567890}] ,"next":null}`, []string{"results"}, []string{`{"n":1.10}`, `{"n":12345678901234567890}`}, `{"count":2,"results":null,"next":null}`},
		"null rows":          {`{"items":null,"total":{}}`, []string{"items"}, nil, `{"items":null,"total":{}}`},
		"by id":              {`{"total":"2","contacts":{"7":{"id":7},"9":[]}}`, []string{"contacts"}, []string{`{"id":7}`, `[]`}, `{"total":"2","contacts":null}`},
		"empty by id":        {`{"contacts":{ }}`, []string{"contacts"}, nil, `{"contacts":null}`},
		"deep":               {`{"a":{"x":1,"b":{"rows":[1,2]}},"rows":[3]}`, []string{"a.b.rows"}, []string{"1", "2"}, `{"a":{"x":1,"b":{"rows":null}},"rows":[3]}`},
		"one of two names":   {`{"table":[1]}`, []string{"clicks", "table"}, []string{"1"}, `{"table":null}`},
		"one row":            {`{"a":{"b":1}}`, nil, []string{`{"a":{"b":1}}`}, ""},
		"a name is no place": {`{"rows":5,"data":{"rows":[6]}}`, []string{"rows", "data.rows"}, []string{"6"}, `{"rows":5,"data":{"rows":null}}`},
		"escaped name":       {`{"\u0072ows":[1]}`, []string{"rows"}, []string{"1"}, `{"\u0072ows":null}`},
		"control characters": {"{\"rows\":[\"a\x01b\tc\",\"\x1f\"]}", []string{"rows"}, []string{`"a\u0001b\u0009c"`, `"\u001f"`}, `{"rows":null}`},
		"lines":              {"{\"a\":1}\n{\"a\":2}\r\n\n3", []string{"lines"}, []string{`{"a":1}`, `{"a":2}`, `3`}, ""},
		"no lines":           {"", []string{"lines"}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for size := 1; size <= len(test.answer)+1; size++ {
				rows, envelope, err := readAll(&slowly{[]byte(test.answer), size}, test.paths...)
				require.NoError(t, err, size)
				require.Equal(t, test.rows, rows)
				require.Equal(t, test.envelope, envelope)
			}
		})
	}
}

// slowly gives a few bytes at a time.
type slowly struct {
	text []byte
	size int
}

func (s *slowly) Read(p []byte) (int, error) {
	if len(s.text) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), s.size)], s.text)
	s.text = s.text[n:]
	return n, nil
}

func TestRowsNotThere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer, path string
		want         error
		says         string
	}{
		"another member":   {`{"errors":[{"message":"no"}]}`, "results", errNoRows, ""},
		"rows are a text":  {`{"results":"none"}`, "results", errNoRows, ""},
		"no object below":  {`{"a":1}`, "a.b", errNoRows, ""},
		"a number":         {`5`, "a", errNoRows, ""},
		"a page":           {"\n <!doctype html>", "a", errPage, ""},
		"a page for lines": {"<html>", "lines", errPage, ""},
		"nothing":          {``, "a", errEnd, ""},
		"text behind":      {`{"a":[]} x`, "a", nil, "text after its end"},
		"no comma":         {`{"a":[1 2]}`, "a", nil, "',' is missing"},
		"no colon":         {`{"a" [1]}`, "a", nil, "':' is missing"},
		"no name":          {`{5:[1]}`, "a", nil, "a name is missing"},
		"bad row":          {`{"a":[{"b":x}]}`, "a", nil, "breaks off"},
		"bad row, far":     {`{"a":[{"b":x}` + strings.Repeat(" ", 100) + `]}`, "a", nil, "not JSON"},
		"no gzip":          {"\x1f\x8bxxxxxxxxxxxxxx", "lines", gzip.ErrHeader, ""},
	} {
		_, _, err := readAll(strings.NewReader(test.answer), test.path)
		require.Error(t, err, name)
		if test.want != nil {
			require.ErrorIs(t, err, test.want, name)
		}
		require.ErrorContains(t, err, test.says, name)
	}
}

// TestRowsCutAnywhere never takes a part for the whole.
func TestRowsCutAnywhere(t *testing.T) {
	t.Parallel()
	whole := `{"count":12,"rows":[{"a":"x\u00e9"},true,-1.5e3,null],"b":{"c":[1]}}`
	for size := range len(whole) {
		_, _, err := readAll(strings.NewReader(whole[:size]), "rows")
		require.ErrorIs(t, err, errEnd, whole[:size])
		broken := errors.New("connection reset")
		_, _, err = readAll(io.MultiReader(strings.NewReader(whole[:size]), iotest.ErrReader(broken)), "rows")
		require.ErrorIs(t, err, broken)
	}
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	fmt.Fprint(writer, "{\"a\":1}\n{\"a\":2}\n")
	require.NoError(t, writer.Close())
	rows, _, err := readAll(bytes.NewReader(packed.Bytes()), "lines")
	require.NoError(t, err)
	require.Len(t, rows, 2)
	for size := 2; size < packed.Len(); size++ {
		_, _, err := readAll(bytes.NewReader(packed.Bytes()[:size]), "lines")
		require.Error(t, err, size)
	}
}

// TestLargeRows reads rows that are much larger than what is read at a time, by few bytes at a time, and in time that does not grow with
// the square of their size.
func TestLargeRows(t *testing.T) {
	t.Parallel()
	large := `{"text":"` + strings.Repeat("é\\n", 3<<20) + `"}`
	rows, _, err := readAll(&slowly{[]byte(`{"rows":[` + large + `,1,` + large + `]}`), 4096}, "rows")
	require.NoError(t, err)
	require.Len(t, rows, 3)
	require.Equal(t, large, rows[2])
	_, _, err = readAll(io.MultiReader(strings.NewReader(`{"rows":["`), &endless{}), "rows")
	require.ErrorIs(t, err, errTooLarge)
	verdict := (&Client{}).judge(&Failure{Status: 200, Err: err}, time.Now())
	require.False(t, verdict.Retry)
	require.Equal(t, protocol.Data, verdict.Fault.Kind)
}

// endless is a string without end.
type endless struct{}

func (*endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// FuzzRows compares with encoding/json.
func FuzzRows(f *testing.F) {
	f.Add(`{"a":1,"rows":[{"b":2},3],"c":[]}`, 3)
	f.Add(`{"rows":{"1":{"id":1}}}`, 1)
	f.Add(`[1,2.50,"x"]`, 2)
	f.Fuzz(func(t *testing.T, answer string, size int) {
		rows, envelope, err := readAll(&slowly{[]byte(answer), max(1, size%64)}, "rows")
		if !json.Valid([]byte(answer)) {
			return // NaN and control characters are taken
		}
		require.True(t, err == nil || errors.Is(err, errNoRows), err)
		require.True(t, envelope == "" || json.Valid([]byte(envelope)), envelope)
		for _, row := range rows {
			require.True(t, json.Valid([]byte(row)))
		}
		var list []json.RawMessage
		if json.Unmarshal([]byte(answer), &list) == nil {
			require.Len(t, rows, len(list))
			for i := range list {
				require.Equal(t, string(list[i]), rows[i])
			}
		}
	})
}

// BenchmarkRows is what the reader alone does to rows of 600 bytes.
func BenchmarkRows(b *testing.B) {
	row := `{"uuid":"0190f4c8-0000-7000-8000-000000000000","event":"$pageview","timestamp":"2026-01-01T00:00:00Z","properties":"{` +
		strings.Repeat(`\"$lib\":\"web\",\"plan\":5,`, 20) + `\"x\":1}"}`
	answer := []byte(`{"results":[` + strings.Repeat(row+",", 9999) + row + `]}`)
	b.SetBytes(int64(len(answer)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		r := &rowReader{body: bytes.NewReader(answer), emit: func([]byte) error { n++; return nil }}
		if err := r.read([][]string{{"results"}}); err != nil || n != 10000 {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(10000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
