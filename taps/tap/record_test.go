package tap_test

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap"
)

func TestColumns(t *testing.T) {
	t.Parallel()
	type stamps struct {
		CreatedAt time.Time  `json:"created_at"`
		UpdatedAt *time.Time `json:"updated_at" tap:"cursor"`
	}
	type line struct {
		SKU   string  `json:"sku" jsonschema:"required"`
		Price float64 `json:"price"`
	}
	type row struct {
		Account int64             `json:"account" tap:"key"`
		ID      string            `json:"id" tap:"key"`
		Paid    *bool             `json:"paid,omitempty"`
		Total   float64           `json:"total" jsonschema:"description=Gross"`
		Ratio   float64           `json:"ratio"`
		Lines   []line            `json:"lines"`
		Labels  map[string]string `json:"labels"`
		Raw     json.RawMessage   `json:"raw" tap:"unselected"`
		State   string            `json:"state" jsonschema:"enum=open,enum=closed"`
		stamps
		Hidden string `json:"-"`
	}
	record, err := tap.Columns[row]()
	require.NoError(t, err)
	require.Equal(t, []string{"account", "id"}, record.Key)
	require.Equal(t, "updated_at", record.Cursor)
	want := []struct{ name, schema string }{
		{"account", `{"type":"integer"}`},
		{"id", `{"type":"string"}`},
		{"paid", `{"type":["null","boolean"]}`},
		{"total", `{"type":["null","number"],"description":"Gross"}`},
		{"ratio", `{"type":["null","number"]}`},
		{"lines", `{"type":["null","array"],"items":{"type":["null","object"],"properties":{"sku":{"type":["null","string"]},
			"price":{"type":["null","number"]}}}}`},
		{"labels", `{"type":["null","object"]}`},
		{"raw", `{}`},
		{"state", `{"type":["null","string"],"enum":["open","closed",null]}`},
		{"created_at", `{"type":["null","string"],"format":"date-time"}`},
		{"updated_at", `{"type":["null","string"],"format":"date-time"}`},
	}
	require.Len(t, record.Columns, len(want))
	for i, w := range want {
		require.Equal(t, w.name, record.Columns[i].Name)
		require.JSONEq(t, w.schema, string(record.Columns[i].Schema), w.name)
		require.Equal(t, w.name == "raw", record.Columns[i].Unselected, w.name)
	}
}

func TestColumnsOfWrongTypes(t *testing.T) {
	t.Parallel()
	_, err := tap.Columns[int]()
	require.ErrorContains(t, err, "not a struct")
	_, err = tap.Columns[struct {
		A int `json:"a" tap:"primary"`
	}]()
	require.ErrorContains(t, err, `unknown tag tap:"primary"`)
	_, err = tap.Columns[struct {
		A int `json:"a" tap:"cursor"`
		B int `json:"b" tap:"cursor"`
	}]()
	require.ErrorContains(t, err, "two cursors, a and b")
	_, err = tap.Columns[struct {
		A int `json:"-" tap:"key"`
	}]()
	require.ErrorContains(t, err, "has no column")
	_, err = tap.Columns[struct {
		IP netip.Addr `json:"ip"`
	}]()
	require.NoError(t, err)
}
