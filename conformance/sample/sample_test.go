package sample

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEventsAreTheSameInBothForms(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for n := range 1000 {
		line := AppendEventRecord(nil, "events", n)
		var message struct{ Record map[string]json.RawMessage }
		require.NoError(t, json.Unmarshal(line, &message))
		cells, err := csv.NewReader(bytes.NewReader(AppendEventCSV(nil, n))).Read()
		require.NoError(t, err)
		require.Len(t, cells, len(EventColumns))
		for i, name := range EventColumns {
			require.Equal(t, strings.Trim(string(message.Record[name]), `"`), strings.Trim(cells[i], `"`), name)
		}
		require.False(t, seen[cells[0]], "ids are distinct")
		seen[cells[0]] = true
		require.InDelta(t, 530, len(line), 60)
	}
	require.True(t, json.Valid(EventSchema("events", true)))
	require.True(t, json.Valid(AppendEventState(nil, "events", 7)))
}

func TestExportsAreReproducible(t *testing.T) {
	t.Parallel()
	for day := range 5 {
		first, second := Exports(day+1, 50), Exports(day+1, 50)
		require.Len(t, first, 2*len(clients))
		for i := range first {
			require.Equal(t, first[i].Key, second[i].Key)
			require.True(t, bytes.Equal(first[i].Body, second[i].Body), first[i].Key)
		}
	}
}

// The odd row aside, an export is what encoding/csv reads too.
func TestOrdersAreCSV(t *testing.T) {
	t.Parallel()
	rows, err := csv.NewReader(bytes.NewReader(Orders("globex", 3, 100))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+100+13)
	require.Len(t, rows[0], len(orderColumns)+3)
	_, err = csv.NewReader(bytes.NewReader(Orders("acme", 4, 100))).ReadAll()
	require.ErrorContains(t, err, "quote")
}
