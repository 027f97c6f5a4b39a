package airbyte_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/airbyte"
)

// TestCatalogOfPyAirbyte reads a configured catalog as PyAirbyte dumps its models: every key, most of them null.
func TestCatalogOfPyAirbyte(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/pyairbyte_catalog.json")
	require.NoError(t, err)
	catalog, err := airbyte.ParseConfiguredCatalog(data)
	require.NoError(t, err)
	require.Len(t, catalog.Streams, 2)
	orders, ok := catalog.Stream(airbyte.StreamDescriptor{Name: "orders"})
	require.True(t, ok)
	require.Equal(t, airbyte.Incremental, orders.SyncMode)
	require.Equal(t, airbyte.AppendDedup, orders.DestinationSyncMode)
	require.Equal(t, []string{"updated_at"}, orders.Cursor())
	require.Equal(t, [][]string{{"id"}}, orders.Key())
	require.Equal(t, []string{"id", "updated_at"}, orders.Properties())
	require.EqualValues(t, 1, *orders.GenerationID)
	tags := &catalog.Streams[1]
	require.Nil(t, tags.GenerationID)
	require.Nil(t, tags.Stream.JSONSchema)
	require.Empty(t, tags.Properties())
	require.Equal(t, []string{"at"}, tags.Cursor(), "the user's, as the source has none of its own")
	require.Equal(t, [][]string{{"a"}, {"b"}}, tags.Key())
	_, ok = catalog.Stream(airbyte.StreamDescriptor{Name: "tags"})
	require.False(t, ok, "it has a namespace")
}

func TestBadCatalogs(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		``:                 "the configured catalog is empty",
		`{`:                "the configured catalog is damaged",
		`{}`:               "the configured catalog has no streams",
		`{} x`:             "text after its end",
		`{"streams":[{}]}`: "stream 1 of the configured catalog has no name",
		`{"streams":[{"tap_stream_id":"a","stream":"a"}]}`:                                                                  "this is a catalog of Singer's; give it to the tap without the word read",
		`{"streams":[{"stream":{"name":7},"sync_mode":"incremental"}]}`:                                                     "streams.stream.name cannot be of type number",
		`{"streams":[{"stream":{"name":"a"},"sync_mode":"INVALID"}]}`:                                                       `stream "a": unknown sync_mode "INVALID"; it is full_refresh or incremental`,
		`{"streams":[{"stream":{"name":"a"}}]}`:                                                                             `stream "a": unknown sync_mode ""`,
		`{"streams":[{"stream":{"name":"a"},"sync_mode":"incremental","destination_sync_mode":"upsert"}]}`:                  `stream "a": unknown destination_sync_mode "upsert"`,
		`{"streams":[{"stream":{"name":"a"},"sync_mode":"incremental"},{"stream":{"name":"a"},"sync_mode":"incremental"}]}`: `stream "a": the configured catalog lists it twice`,
	} {
		_, err := airbyte.ParseConfiguredCatalog([]byte(data))
		require.ErrorContains(t, err, want)
		require.Equal(t, protocol.Config, protocol.KindOf(err), data)
	}
}
