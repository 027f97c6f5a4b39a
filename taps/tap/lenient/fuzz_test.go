package lenient

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap"
)

// FuzzMember makes valid JSON of any value, for every sort of column, and loses none that does not fit.
func FuzzMember(f *testing.F) {
	for _, value := range []string{`"12"`, `" 1e5 "`, `1.0`, `"yes"`, `"2026-11-02 10:00:00"`, `"2026-02-30"`, `""`, `{"a":[]}`, `-0`, `1e400`, `"0x1F"`, `"\u0000"`} {
		f.Add([]byte(value))
	}
	var columns []tap.Column
	for name, schema := range map[string]string{
		"integer": `{"type":"integer"}`, "number": `{"type":"number"}`, "boolean": `{"type":"boolean"}`, "text": `{"type":"string"}`,
		"instant": `{"type":"string","format":"date-time"}`, "day": `{"type":"string","format":"date"}`,
	} {
		columns = append(columns, tap.Column{Name: name, Schema: json.RawMessage(schema)})
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		value = bytes.TrimSpace(value)
		if end, err := rawjson.SkipValue(value, 0); err != nil || end != len(value) || !json.Valid(value) {
			return
		}
		r, err := newReader(columns, time.UTC)
		require.NoError(t, err)
		for _, c := range columns {
			row := append(appendMember(r, []byte("{"), c.Name, value), '}')
			require.True(t, json.Valid(row), "%s: %s", c.Name, row)
			var members map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(row, &members))
			none := c.Name == "instant" || c.Name == "day" // there are several ways to say that there is none
			if string(members[c.Name]) == "null" && rawjson.KindOf(value) != rawjson.Null && members[c.Name+tap.AsSent] == nil && !none {
				require.Equal(t, rawjson.String, rawjson.KindOf(value), "%s: %s", c.Name, row)
				require.Empty(t, r.unquoted(value), "%s: %s", c.Name, row)
			}
		}
		require.True(t, json.Valid((&Sender{Secrets: []string{"a"}, MaskURLs: true}).appendWithout(nil, value)))
	})
}
