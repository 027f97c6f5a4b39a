package protocol_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

func TestState(t *testing.T) {
	t.Parallel()
	const written = `{"bookmarks":{"orders":{"at": "2026-01-02T03:04:05Z","n":12345678901234567890,"f":1.0},"b\"<":[1]},"vendor":{"x": 1}}`
	s, err := protocol.ParseState([]byte(written))
	require.NoError(t, err)
	require.Equal(t, `{"at": "2026-01-02T03:04:05Z","n":12345678901234567890,"f":1.0}`, string(s.Bookmark("orders")), "byte for byte")
	require.Nil(t, s.Bookmark("customers"))
	require.Equal(t, []string{"orders", `b"<`}, s.Streams())
	require.Equal(t, "x"+written, string(s.AppendJSON([]byte("x"))))

	s.SetBookmark("customers", json.RawMessage(`{"id":1}`))
	s.SetBookmark("orders", json.RawMessage(`{}`))
	s.SetBookmark(`b"<`, nil)
	s.SetBookmark("never there", nil)
	require.Equal(t, `{"bookmarks":{"orders":{},"customers":{"id":1}},"vendor":{"x": 1}}`, string(s.AppendJSON(nil)))
}

func TestStateForms(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]string{
		`{}`:                        `{"bookmarks":{}}`,
		`{"bookmarks":{}}`:          `{"bookmarks":{}}`,
		`{"bookmarks":null}`:        `{"bookmarks":{}}`,
		`{"currently_syncing":"a"}`: `{"bookmarks":{}}`,
		`{"currently_syncing":null,"bookmarks":{"a":1}}`:                           `{"bookmarks":{"a":1}}`,
		"{\n  \"bookmarks\": {\n    \"a\": {\n      \"x y\": 1.0\n    }\n  }\n}\n": `{"bookmarks":{"a":{"x y":1.0}}}`,
		"{\"bookmarks\":{\"a\":1}}\n{\"bookmarks\":{\"a\":2}}\n\n":                 `{"bookmarks":{"a":2}}`, // a target's output: the last line counts
		`{"bookmarks":{"a":1,"a":2}}`:                                              `{"bookmarks":{"a":2}}`,
	} {
		s, err := protocol.ParseState([]byte(input))
		require.NoError(t, err, input)
		require.Equal(t, want, string(s.AppendJSON(nil)), input)
	}
	require.Equal(t, `{"bookmarks":{}}`, string(new(protocol.State).AppendJSON(nil)))
}

func TestDamagedState(t *testing.T) {
	t.Parallel()
	const anew = "; restore it, or start anew without --state"
	for input, want := range map[string]string{
		"":                             "the state file is empty; the command that should have written it failed" + anew,
		" \n":                          "the state file is empty; the command that should have written it failed" + anew,
		`{"bookmarks":{"a":`:           "the state file is damaged: unexpected EOF" + anew,
		"{\"bookmarks\":{}}\n{\"bookm": "the state file is damaged: unexpected EOF" + anew,
		`[]`:                           "the state file is damaged: it holds no object" + anew,
		`null`:                         "the state file is damaged: it holds no object" + anew,
		`{"bookmarks":[]}`:             "the state file is damaged: its bookmarks are no object" + anew,
		`{"orders":"2026-01-02"}`:      "the state file has no bookmarks" + anew,
		`{"type":"STATE","value":{"bookmarks":{}}}`: "the state file has no bookmarks; give what stands in value",
	} {
		_, err := protocol.ParseState([]byte(input))
		require.EqualError(t, err, want, input)
		require.Equal(t, protocol.Config, protocol.KindOf(err))
	}
}
