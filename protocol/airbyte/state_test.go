package airbyte_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/airbyte"
)

func TestStateForms(t *testing.T) {
	t.Parallel()
	const none = `{"bookmarks":{}}`
	const orders = `{"bookmarks":{"orders":{"until":"2026"}}}`
	for data, want := range map[string]string{
		`null`: none, `{}`: none, `[]`: none, ` [ ] `: none, `{"type":null}`: none,
		`[{"type":"STREAM","stream":{"stream_descriptor":{"name":"orders","namespace":null},"stream_state":{"until":"2026"}},"sourceStats":{"recordCount":2.0},"id":7}]`: orders,
		`{"type":"STREAM","stream":{"stream_descriptor":{"name":"orders"},"stream_state":{"until":"2026"}}}`:                                                             orders,
		`{"stream":{"stream_descriptor":{"name":"orders"},"stream_state":{"until":"2026"}}}`:                                                                             orders,
		`[{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"orders"},"stream_state":{"until":"2026"}}}}]`:                                  orders,
		`[{"type":"GLOBAL","global":{"shared_state":{"a":1},"stream_states":[{"stream_descriptor":{"name":"orders"},"stream_state":{"until":"2026"}}]}}]`:                orders,
		`[{"type":"LEGACY","data":{"orders":{"until":"2026"}}}]`:                                                                                                         orders,
		`{"type":"LEGACY","data":{"orders":{"until":"2026"}}}`:                                                                                                           orders,
		`{"orders":{"until":"2026"},"tags":null,"more":{}}`:                                                                                                              orders,
		`{"type":{"until":"2026"}}`: `{"bookmarks":{"type":{"until":"2026"}}}`,
		orders:                      orders,
		`[{"type":"STREAM","stream":{"stream_descriptor":{"name":"orders"},"stream_state":null}},{"type":"STREAM","stream":{"stream_descriptor":{"name":"tags"}}}]`:                               none,
		`[{"type":"STREAM","stream":{"stream_descriptor":{"name":"orders"},"stream_state":{"__ab_full_refresh_sync_complete":true,"__ab_no_cursor_state_message":true}}}]`:                        none,
		`[{"type":"STREAM","stream":{"stream_descriptor":{"name":"orders"},"stream_state":{"__ab_full_refresh_sync_complete":true, "until":"2026"}}}]`:                                            orders,
		`[{"type":"STREAM","stream":{"stream_descriptor":{"name":"orders"},"stream_state":{"until":"2025"}}},{"stream":{"stream_descriptor":{"name":"orders"},"stream_state":{"until":"2026"}}}]`: orders,
	} {
		state, err := airbyte.ParseState([]byte(data))
		require.NoError(t, err, data)
		require.Equal(t, want, string(state.AppendJSON(nil)), data)
	}
}

func TestBadStates(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		``:           "the state file is empty",
		`[`:          "the state file is damaged: it is no JSON",
		`7`:          "neither a list nor an object",
		`["secret"]`: "cannot be of type string",
		`[{"type":"STREAM","stream":{"stream_descriptor":{"name":"orders"},"stream_state":"secret"}}]`: `stream "orders": the state of the stream is damaged: it is no object`,
		`{"orders":"secret"}`:               `stream "orders": the state of the stream is damaged`,
		`{"type":"LEGACY","data":"secret"}`: "its data is no object",
	} {
		_, err := airbyte.ParseState([]byte(data))
		require.ErrorContains(t, err, want, data)
		require.NotContains(t, err.Error(), "secret")
		require.Equal(t, protocol.Config, protocol.KindOf(err))
	}
}
