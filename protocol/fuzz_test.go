package protocol

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzParseState takes no state that it would print otherwise.
func FuzzParseState(f *testing.F) {
	f.Add([]byte(`{"bookmarks":{"orders":{"at":1}},"currently_syncing":null}`))
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"bookmarks":{"a":{},"a":{"b":"\ud800"}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ParseState(text)
		if err != nil {
			return
		}
		printed := s.AppendJSON(nil)
		again, err := ParseState(printed)
		require.NoError(t, err, "%s", printed)
		require.Equal(t, s.Streams(), again.Streams())
		for _, stream := range s.Streams() {
			require.Equal(t, compacted(t, s.Bookmark(stream)), compacted(t, again.Bookmark(stream)))
		}
		require.Equal(t, printed, again.AppendJSON(nil))
	})
}

func compacted(t *testing.T, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Compact(&b, text))
	return b.String()
}

// FuzzParseCatalog takes no catalog that it would print otherwise, and selects without falling over.
func FuzzParseCatalog(f *testing.F) {
	f.Add([]byte(`{"streams":[{"tap_stream_id":"a","stream":"a","schema":{"type":"object","properties":{"id":{"type":"integer"},"o":{"type":"object","properties":{"x":{}}}}},
		"metadata":[{"breadcrumb":[],"metadata":{"selected":true,"table-key-properties":["id"]}},{"breadcrumb":["properties","o","properties","x"],"metadata":{"selected":false}}]}]}`), "id")
	f.Add([]byte(`{"streams":[{"stream":"a","schema":{},"selected":true}]}`), "*")
	f.Fuzz(func(t *testing.T, text []byte, field string) {
		c, err := ParseCatalog(text)
		if err != nil {
			return
		}
		patterns, err := ParsePatterns([]string{field})
		for i := range c.Streams {
			c.Streams[i].Selection().Selected(strings.Split(field, ".")...)
			c.Streams[i].Keys()
			if err == nil {
				patterns.Field(c.Streams[i].TapStreamID, strings.Split(field, ".")...)
			}
		}
		printed := c.AppendJSON(nil)
		again, err := ParseCatalog(printed)
		require.NoError(t, err, "%s", printed)
		require.Equal(t, string(printed), string(again.AppendJSON(nil)))
	})
}

// FuzzGlob compares with what tries everything.
func FuzzGlob(f *testing.F) {
	f.Add("a*b?[!c-d]*", "aXXbYeZ")
	f.Add("[]]*[", "][")
	f.Add("*é*", "aéb")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		got := Glob(pattern, name)
		if strings.Count(pattern, "*") < 4 && len(name) < 64 {
			require.Equal(t, slowGlob(pattern, name), got)
		}
		if !strings.ContainsAny(pattern, "*?[") {
			require.Equal(t, pattern == name, got)
		}
	})
}

func slowGlob(pattern, name string) bool {
	if rest, ok := strings.CutPrefix(pattern, "*"); ok {
		if slowGlob(rest, name) {
			return true
		}
		_, size := utf8.DecodeRuneInString(name)
		return name != "" && slowGlob(pattern, name[size:])
	}
	if pattern == "" || name == "" {
		return pattern == name
	}
	_, size := utf8.DecodeRuneInString(name)
	match, rest := globOne(pattern, name[:size])
	return match && slowGlob(rest, name[size:])
}

// A pattern of many stars takes no time by the power of their number.
func TestGlobOfManyStars(t *testing.T) {
	t.Parallel()
	require.False(t, Glob(strings.Repeat("*a", 30)+"b", strings.Repeat("a", 2000)))
}
