package csv

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// FuzzReader reads anything in any dialect: values are valid UTF-8, places only go forward and stay within the source, the way
// in which bytes arrive changes nothing, and reading continues exactly at every position. The seeds are in testdata.
func FuzzReader(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte, delimiter, encoding, quote, escape string, maxRecord uint16) {
		if len(text) > 4096 {
			return
		}
		format := Format{Delimiter: delimiter, Encoding: encoding, Quote: quote, Escape: escape, MaxRecordBytes: int(maxRecord)}
		d, err := Detect(text, true, format)
		if err != nil {
			return
		}
		require.NoError(t, d.validate())
		all := takeAll(t, newReader(bytes.NewReader(text), d, Position{}, chunk))
		at := Position{Line: 1}
		for _, o := range all {
			require.Greater(t, o.After.Offset, at.Offset)
			require.GreaterOrEqual(t, o.After.Line, at.Line)
			require.Equal(t, at.Row+1, o.After.Row)
			at = o.After
		}
		require.LessOrEqual(t, at.Offset, int64(len(text)))
		require.Equal(t, all, takeAll(t, newReader(iotest.OneByteReader(bytes.NewReader(text)), d, Position{}, 64)))
		if len(all) < 200 {
			requireResumes(t, text, d, all, 100)
		}

		r := NewReader(bytes.NewReader(text), d, Position{})
		rec, err := r.ReadHeader()
		var bad *RowError
		if errors.As(err, &bad) || err == io.EOF {
			return
		}
		require.NoError(t, err)
		names := Header(rec.Strings())
		require.Len(t, names, rec.Len())
		require.Len(t, distinctNames(names), rec.Len())
		require.Len(t, distinctNames(SnakeCase(names)), rec.Len())
	})
}

func distinctNames(names []string) map[string]bool {
	set := make(map[string]bool)
	for _, name := range names {
		set[name] = true
	}
	return set
}
