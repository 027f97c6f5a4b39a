package protocol_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

const ordersSchema = `{"type":"object","properties":{"id":{"type":"integer"},"updated_at":{"type":"string"},"note":{"type":"string"},` +
	`"customer":{"type":"object","properties":{"name":{"type":"string"},"address":{"type":"object","properties":{"city":{}}}}}}}`

func orders(t *testing.T) protocol.CatalogStream {
	t.Helper()
	s, err := protocol.NewStream("orders", []byte(ordersSchema), []string{"id"}, []string{"updated_at"})
	require.NoError(t, err)
	return protocol.NewCatalogStream(s, "note", "id")
}

func TestNewCatalogStream(t *testing.T) {
	t.Parallel()
	c := protocol.Catalog{Streams: []protocol.CatalogStream{orders(t)}}
	const want = `{
  "streams": [
    {
      "tap_stream_id": "orders",
      "stream": "orders",
      "key_properties": [
        "id"
      ],
      "replication_key": "updated_at",
      "replication_method": "INCREMENTAL",
      "schema": SCHEMA,
      "metadata": [
        {
          "breadcrumb": [],
          "metadata": {
            "replication-key": "updated_at",
            "inclusion": "available",
            "selected-by-default": true,
            "valid-replication-keys": [
              "updated_at"
            ],
            "forced-replication-method": "INCREMENTAL",
            "table-key-properties": [
              "id"
            ]
          }
        },
        FIELDS
      ]
    }
  ]
}
`
	fields := []string{
		`{"breadcrumb":["properties","id"],"metadata":{"inclusion":"automatic"}}`,
		`{"breadcrumb":["properties","updated_at"],"metadata":{"inclusion":"automatic"}}`,
		`{"breadcrumb":["properties","note"],"metadata":{"inclusion":"available","selected-by-default":false}}`,
		`{"breadcrumb":["properties","customer"],"metadata":{"inclusion":"available"}}`,
		`{"breadcrumb":["properties","customer","properties","name"],"metadata":{"inclusion":"available"}}`,
		`{"breadcrumb":["properties","customer","properties","address"],"metadata":{"inclusion":"available"}}`,
		`{"breadcrumb":["properties","customer","properties","address","properties","city"],"metadata":{"inclusion":"available"}}`,
	}
	got := string(c.AppendJSON(nil))
	require.JSONEq(t, strings.NewReplacer("SCHEMA", ordersSchema, "FIELDS", strings.Join(fields, ",")).Replace(want), got)
	require.True(t, strings.HasPrefix(got, want[:strings.Index(want, "SCHEMA")]), got)
	require.Less(t, strings.Index(got, `"updated_at": {`), strings.Index(got, `"customer": {`), "the order of the columns stays")

	read, err := protocol.ParseCatalog([]byte(got))
	require.NoError(t, err)
	require.Equal(t, got, string(read.AppendJSON(nil)))
	entry, ok := read.Stream("orders")
	require.True(t, ok)
	_, ok = read.Stream("customers")
	require.False(t, ok)
	selection := entry.Selection()
	for path, want := range map[string]bool{"": true, "id": true, "updated_at": true, "note": false, "customer": true, "customer/name": true,
		"customer/address/city": true, "not in the catalog": true} {
		require.Equal(t, want, selection.Selected(split(path)...), path)
	}
	full, err := protocol.NewStream("full", []byte(ordersSchema), nil, nil)
	require.NoError(t, err)
	fullEntry := protocol.NewCatalogStream(full)
	require.Equal(t, protocol.FullTable, fullEntry.ReplicationMethod)
	require.Empty(t, fullEntry.ReplicationKey)
	require.Empty(t, fullEntry.Keys())
}

func split(path string) []string {
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// The rules of the SDK, one after the other.
func TestSelection(t *testing.T) {
	t.Parallel()
	const (
		root    = `{"breadcrumb":[],"metadata":%s}`
		a       = `{"breadcrumb":["properties","a"],"metadata":%s}`
		nested  = `{"breadcrumb":["properties","a","properties","b"],"metadata":%s}`
		inArray = `{"breadcrumb":["properties","a","items","properties","b"],"metadata":%s}`
	)
	entry := func(breadcrumb, metadata string) string { return strings.Replace(breadcrumb, "%s", metadata, 1) }
	tests := []struct {
		name, schema string
		metadata     []string
		want         map[string]bool
	}{
		{"no metadata", `{}`, nil, map[string]bool{"": true, "a": true, "a/b": true}},
		{"selected", `{}`, []string{entry(root, `{"selected":true}`)}, map[string]bool{"": true, "a": true, "a/b": true}},
		{"deselected", `{}`, []string{entry(root, `{"selected":false}`), entry(a, `{"selected":true}`)}, map[string]bool{"": false, "a": false, "a/b": false}},
		{"deselected keeps no automatic field", `{}`, []string{entry(root, `{"selected":false}`), entry(a, `{"inclusion":"automatic"}`)},
			map[string]bool{"": false, "a": false}},
		{"nothing said of the stream", `{}`, []string{entry(root, `{}`)}, map[string]bool{"": false, "a": false}},
		{"by default", `{}`, []string{entry(root, `{"selected-by-default":true}`), entry(a, `{"selected-by-default":false}`)},
			map[string]bool{"": true, "a": false, "c": true, "a/b": false}},
		{"selected beats the default", `{}`, []string{entry(root, `{"selected":true,"selected-by-default":false}`), entry(a, `{"selected":true,"selected-by-default":false}`)},
			map[string]bool{"": true, "a": true}},
		{"unsupported", `{}`, []string{entry(root, `{"selected":true}`), entry(a, `{"selected":true,"inclusion":"unsupported"}`)}, map[string]bool{"a": false, "a/b": false}},
		{"automatic", `{}`, []string{entry(root, `{"selected":true}`), entry(a, `{"selected":false,"inclusion":"automatic"}`)}, map[string]bool{"a": true}},
		{"an automatic stream", `{}`, []string{entry(root, `{"selected":false,"inclusion":"automatic"}`)}, map[string]bool{"": true}},
		{"nested", `{}`, []string{entry(root, `{"selected":true}`), entry(a, `{"selected":true}`), entry(nested, `{"selected":false}`)},
			map[string]bool{"a": true, "a/b": false, "a/c": true, "a/b/x": false}},
		{"nested below a deselected one", `{}`, []string{entry(root, `{"selected":true}`), entry(a, `{"selected":false}`), entry(nested, `{"selected":true}`)},
			map[string]bool{"a": false, "a/b": false}},
		{"in an array", `{}`, []string{entry(root, `{"selected":true}`), entry(inArray, `{"selected":false}`)}, map[string]bool{"a": true, "a/b": false}},
		{"fields alone", `{}`, []string{entry(a, `{"inclusion":"available"}`)}, map[string]bool{"": true, "a": false}},
		{"old: selected in the schema", `{"selected":true,"properties":{"a":{"selected":false},"b":{"selected":true},"c":{}}}`,
			[]string{entry(root, `{"inclusion":"available"}`)}, map[string]bool{"": true, "a": false, "b": true, "c": true}},
		{"old: deselected in the schema", `{"selected":false,"properties":{"a":{}}}`, nil, map[string]bool{"": false, "a": false}},
		{"the metadata beats the schema", `{"selected":true}`, []string{entry(root, `{"selected":false}`)}, map[string]bool{"": false, "a": false}},
		{"old and nested", `{"selected":true,"properties":{"a":{"type":"array","items":{"properties":{"b":{"selected":false}}}}}}`, nil,
			map[string]bool{"": true, "a": true, "a/b": false}},
	}
	for _, test := range tests {
		c, err := protocol.ParseCatalog([]byte(`{"streams":[{"tap_stream_id":"s","schema":` + test.schema + `,"metadata":[` + strings.Join(test.metadata, ",") + `]}]}`))
		require.NoError(t, err, test.name)
		selection := c.Streams[0].Selection()
		for path, want := range test.want {
			require.Equal(t, want, selection.Selected(split(path)...), "%s: %q", test.name, path)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, entry string
		keys        []string
	}{
		{"nothing", `"metadata":[]`, nil},
		{"of the entry", `"key_properties":["id"]`, []string{"id"}},
		{"of the tap", `"metadata":[{"breadcrumb":[],"metadata":{"table-key-properties":["id"]}}]`, []string{"id"}},
		{"of the user", `"key_properties":["id"],"metadata":[{"breadcrumb":[],"metadata":{"key-properties":["a","b"]}}]`, []string{"a", "b"}},
		{"of a view", `"metadata":[{"breadcrumb":[],"metadata":{"view-key-properties":["v"],"table-key-properties":[]}}]`, []string{"v"}},
		{"no key, by the user", `"key_properties":["id"],"metadata":[{"breadcrumb":[],"metadata":{"key-properties":[]}}]`, []string{}},
	}
	for _, test := range tests {
		c, err := protocol.ParseCatalog([]byte(`{"streams":[{"tap_stream_id":"s",` + test.entry + `}]}`))
		require.NoError(t, err, test.name)
		require.Equal(t, test.keys, c.Streams[0].Keys(), test.name)
	}
}

func TestDamagedCatalog(t *testing.T) {
	t.Parallel()
	const anew = "; make it anew with --discover"
	for input, want := range map[string]string{
		``:                            "the catalog is empty" + anew,
		`{"streams":[{"tap_`:          "the catalog is damaged: unexpected EOF" + anew,
		`{}`:                          "the catalog has no streams" + anew,
		`{"streams":null}`:            "the catalog has no streams" + anew,
		`{"streams":{}}`:              "the catalog is damaged: streams cannot be of type object (byte 12)" + anew,
		`{"streams":[]} {}`:           "the catalog is damaged: text after its end" + anew,
		`{"streams":[{"schema":{}}]}`: "stream 1 of the catalog has no tap_stream_id" + anew,
		`{"streams":[{"stream":"a"},{"tap_stream_id":"a"}]}`: `the catalog lists the stream "a" twice; keep one of them`,
		`{"streams":[{"tap_stream_id":"a","metadata":[{"breadcrumb":[],"metadata":{"selected":"yes"}}]}]}`: "the catalog is damaged: " +
			"streams.metadata.metadata.selected cannot be of type string (byte 90)" + anew,
		`{"streams":[{"stream":{"name":"a","json_schema":{}},"sync_mode":"full_refresh"}]}`: "this is a catalog of Airbyte's protocol; give it to the command read",
	} {
		_, err := protocol.ParseCatalog([]byte(input))
		require.EqualError(t, err, want)
		require.Equal(t, protocol.Config, protocol.KindOf(err))
	}
}

func TestCheckCatalog(t *testing.T) {
	t.Parallel()
	parse := func(streams string) *protocol.Catalog {
		c, err := protocol.ParseCatalog([]byte(`{"streams":[` + streams + `]}`))
		require.NoError(t, err)
		return c
	}
	const off = `"metadata":[{"breadcrumb":[],"metadata":{"selected":false}}]`
	known := []string{"orders", "customers"}
	require.NoError(t, parse(``).Check(known))
	require.NoError(t, parse(`{"stream":"orders"},{"stream":"gone",`+off+`}`).Check(known))
	const hint = "; this tap has: orders, customers; make it anew with --discover"
	for streams, want := range map[string]string{
		`{"stream":"orders"},{"stream":"x"},{"stream":"y"}`: "the catalog selects what this tap does not have: x, y" + hint,
		`{"stream":"x",` + off + `}`:                        "the catalog selects what this tap does not have: x" + hint,
	} {
		err := parse(streams).Check(known)
		require.EqualError(t, err, want)
		require.Equal(t, protocol.Config, protocol.KindOf(err))
	}
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		patterns string // separated by spaces
		want     map[string]bool
	}{
		{"", map[string]bool{"orders": true, "orders/id": true}},
		{"*.*", map[string]bool{"orders": true, "orders/id": true, "orders/a/b": true}},
		{"orders", map[string]bool{"orders": true, "orders/id": true, "orders/a/b": true, "customers": false, "customers/id": false}},
		{"orders.id", map[string]bool{"orders": true, "orders/id": true, "orders/note": false, "customers": false}},
		{"orders.*_at", map[string]bool{"orders/created_at": true, "orders/id": false}},
		{"orders.a", map[string]bool{"orders/a": true, "orders/a/b": true, "orders/ab": false}},
		{"orders.a.b", map[string]bool{"orders/a": true, "orders/a/b": true, "orders/a/c": false, "orders/b": false}},
		{"*.id", map[string]bool{"orders": true, "orders/id": true, "customers/id": true, "customers/name": false}},
		{"orders.* !orders.card*", map[string]bool{"orders": true, "orders/id": true, "orders/card_number": false, "orders/card/x": false}},
		{"!orders.card orders.*", map[string]bool{"orders/card": false, "orders/id": true}},
		{"!orders", map[string]bool{"orders": false, "orders/id": false, "customers": true, "customers/id": true}},
		{"!*.email", map[string]bool{"orders": true, "orders/email": false, "customers/email": false, "customers/name": true}},
		{"*.* !orders.*", map[string]bool{"orders": false, "customers": true}},
		{`public\.orders.id`, map[string]bool{"public.orders": true, "public.orders/id": true, "public": false}},
		{`orders.a\.b`, map[string]bool{"orders/a.b": true}},
		{"ord?rs c[a-u]stomers", map[string]bool{"orders": true, "customers": true, "others": false}},
		{"[!o]*", map[string]bool{"orders": false, "customers": true}},
	}
	for _, test := range tests {
		p, err := protocol.ParsePatterns(strings.Fields(test.patterns))
		require.NoError(t, err, test.patterns)
		for path, want := range test.want {
			parts := split(path)
			got := p.Stream(parts[0])
			if len(parts) > 1 {
				got = p.Field(parts[0], parts[1:]...)
			}
			require.Equal(t, want, got, "%s: %s", test.patterns, path)
		}
	}
	for _, empty := range []string{"", "!", " "} {
		_, err := protocol.ParsePatterns([]string{empty})
		require.Equal(t, protocol.Config, protocol.KindOf(err))
	}
}

func TestByGlob(t *testing.T) {
	t.Parallel()
	globs := map[string]int{"*": 1, "log_*": 2, "log_a*": 3, "log_a": 4, "*_abc": 5}
	for name, want := range map[string]int{"x": 1, "log_x": 2, "log_ab": 3, "log_a": 4, "log_abc": 3, "x_abc": 5} {
		got, ok := protocol.ByGlob(globs, name)
		require.True(t, ok)
		require.Equal(t, want, got, name)
	}
	_, ok := protocol.ByGlob(map[string]int{"a*": 1}, "b")
	require.False(t, ok)
}

func TestGlob(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "a.b/c", true}, {"a*c", "abbc", true}, {"a*c", "abbd", false},
		{"a**c", "ac", true}, {"?", "é", true}, {"?", "", false}, {"[é-ü]", "ö", true}, {"[!é-ü]", "ö", false}, {"[]]", "]", true}, {"[!]]", "x", true},
		{"[a-]", "-", true}, {"[", "[", true}, {"[a", "[a", true}, {"a[", "a", false}, {"[!", "[!", true}, {"A", "a", false}, {"a.b", "axb", false},
		{"*b*d*", "abcde", true}, {"*é", "caf\u00e9", true},
	}
	for _, test := range tests {
		require.Equal(t, test.want, protocol.Glob(test.pattern, test.name), "%s %s", test.pattern, test.name)
	}
}
