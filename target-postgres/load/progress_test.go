package load

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// What was reached is the newest instant among the records that were looked at: the latest one each time, however many came between.
func TestProgressReached(t *testing.T) {
	t.Parallel()
	schema, err := protocol.NewStream("s", []byte(`{"properties":{"n":{"type":"integer"},"at":{"type":"string","format":"date-time"}}}`), nil, []string{"at"})
	require.NoError(t, err)
	progress := &Progress{}
	s := progress.of("s")
	s.declare(schema)
	add := func(record, extracted string) {
		var scan rawjson.Scanner
		fields, err := scan.Fields([]byte(record))
		require.NoError(t, err)
		s.add(&protocol.Record{Fields: fields, TimeExtracted: []byte(extracted)}, len(record))
	}
	reached := func() string {
		streams, _ := progress.Now()
		if streams[0].Newest.IsZero() {
			return ""
		}
		return streams[0].Newest.Format(time.RFC3339)
	}
	require.Empty(t, reached())
	add(`{"n":1,"at":"2026-01-01T00:00:00Z"}`, "")
	require.Equal(t, "2026-01-01T00:00:00Z", reached())
	add(`{"at":"2026-01-02T00:00:00Z"}`, "")
	add(`{"n":1,"at":"2026-01-03T00:00:00Z"}`, "")
	s.publish() // its segment leaves
	require.Equal(t, "2026-01-03T00:00:00Z", reached())
	add(`{"at":"2025-01-01T00:00:00Z"}`, "")
	require.Equal(t, "2026-01-03T00:00:00Z", reached(), "an older record does not go back")
	add(`{"at":null}`, "")
	require.Equal(t, "2026-01-03T00:00:00Z", reached())
	add(`{"n":1}`, "2026-01-04T00:00:00+01:00")
	require.Equal(t, "2026-01-04T00:00:00+01:00", reached(), "without a cursor time_extracted tells")
	streams, _ := progress.Now()
	require.Equal(t, int64(6), streams[0].Rows)
}
