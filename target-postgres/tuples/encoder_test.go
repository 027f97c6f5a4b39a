package tuples

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

const orders = `{"type":"object","properties":{"id":{"type":"integer"},"note":{"type":["null","string"]}}}`

// encoder encodes orders for a new table.
func encoder(t *testing.T, form Form, o columns.Options) *Encoder {
	t.Helper()
	schema, err := protocol.NewStream("orders", []byte(orders), []string{"id"}, nil)
	require.NoError(t, err)
	plan := columns.Diff(nil, columns.FromStream(schema, o), columns.DiffOptions{})
	for _, p := range plan.Places {
		form.Columns = append(form.Columns, Column{p.Column.Name, p.Column.Type, p.Want.Source})
	}
	form.Metadata = o.Metadata
	e, err := New(schema, columns.Table{Name: "orders"}, &form, plan.Places)
	require.NoError(t, err)
	return e
}

func record(t *testing.T, raw string) *protocol.Record {
	t.Helper()
	fields, err := new(rawjson.Scanner).Fields([]byte(raw))
	require.NoError(t, err)
	return &protocol.Record{Raw: []byte(raw), Fields: fields}
}

// fields spells a tuple: numbers of eight bytes as such, null as -, anything else as text.
func fields(tuple []byte) string {
	var list []string
	for rest := tuple[2:]; len(rest) > 0; {
		n := int32(binary.BigEndian.Uint32(rest))
		rest = rest[4:]
		if n < 0 {
			list = append(list, "-")
			continue
		}
		if n == 8 {
			list = append(list, fmt.Sprint(binary.BigEndian.Uint64(rest)))
		} else {
			list = append(list, fmt.Sprintf("%q", rest[:n]))
		}
		rest = rest[n:]
	}
	return strings.Join(list, " ")
}

func TestExtraFields(t *testing.T) {
	t.Parallel()
	plain, kept := columns.Options{}, columns.Options{Extra: true}
	for _, c := range []struct {
		extra  ExtraFields
		o      columns.Options
		record string
		want   string
	}{
		{KeepExtra, plain, `{"note":"x","id":7}`, `7 "x"`},
		{KeepExtra, kept, `{"note":"x","id":7}`, `7 "x" -`},
		{KeepExtra, kept, `{"a":1,"id":7,"b":null}`, `7 - "\x01{\"a\":1,\"b\":null}"`},
		{KeepExtra, plain, `{"id":7,"a":1}`, NeedsExtra.Reason},
		{AddExtra, plain, `{"id":7,"a":1}`, NeedsExtra.Reason},
		{AddExtra, plain, `{"id":7,"a":null}`, `7 -`},
		{DropExtra, plain, `{"id":7,"a":1}`, `7 -`},
		{FailExtra, plain, `{"id":7,"a":1}`, "a member that the schema does not declare"},
		{KeepExtra, plain, `{"id":7,"_sdc_sequence":1}`, `7 -`},
		{KeepExtra, plain, `{"id":null}`, "a key property without a value"},
		{KeepExtra, plain, `{"id":7,"id":8}`, `8 -`},
	} {
		dst, bad := encoder(t, Form{}, c.o).Append([]byte("before"), record(t, c.record), &Instant{}, c.extra)
		if bad != nil {
			require.Equal(t, "before", string(dst), "a problem leaves no half of a tuple")
			require.Equal(t, c.want, bad.Reason, "%s %s", c.extra, c.record)
			continue
		}
		require.Equal(t, c.want, fields(dst[len("before"):]), "%s %s", c.extra, c.record)
	}
}

func TestMetadataColumns(t *testing.T) {
	t.Parallel()
	e := encoder(t, Form{}, columns.Options{Metadata: columns.AllMetadata})
	require.True(t, e.Timed)
	at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	r := record(t, `{"id":7}`)
	r.TimeExtracted, r.Version, r.HasVersion = []byte("2000-01-01T00:00:01Z"), 3, true
	dst, bad := e.Append(nil, r, &Instant{At: at, Batched: at.Add(time.Microsecond), Started: 5}, KeepExtra)
	require.Nil(t, bad)
	require.Equal(t, fmt.Sprintf("7 - 1000000 0 1 - %d 3 5", at.UnixMilli()), fields(dst))
	r.TimeExtracted, r.HasVersion = []byte("yesterday"), false
	dst, bad = e.Append(nil, r, &Instant{At: at, Batched: at}, KeepExtra)
	require.Nil(t, bad)
	require.Equal(t, fmt.Sprintf("7 - - 0 0 - %d - 0", at.UnixMilli()), fields(dst), "what is no instant is null")
}

// The last field of a partial row has a bit for each column that the row leaves as it is.
func TestPartialRows(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"id":7,"note":null}`: `7 - "\x00\x00\x00\x02\x00"`,
		`{"id":7}`:             `7 - "\x00\x00\x00\x02@"`,
	} {
		dst, bad := encoder(t, Form{Partial: true, Keeps: true}, columns.Options{}).Append(nil, record(t, raw), &Instant{}, KeepExtra)
		require.Nil(t, bad)
		require.Equal(t, want, fields(dst), raw)
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	e := encoder(t, Form{}, columns.Options{})
	require.Equal(t, `{"id":8}`, e.Key(record(t, `{"id":7,"note":"x","id":8}`).Fields))
	require.Empty(t, e.Key(record(t, `{"note":"x"}`).Fields))
}

func TestUndeclared(t *testing.T) {
	t.Parallel()
	got := map[string]protocol.Kinds{}
	r := record(t, `{"id":1,"a":1.5,"b":true,"c":"x","d":[],"e":null,"f":NaN,"_sdc_sequence":1}`)
	for _, p := range encoder(t, Form{}, columns.Options{}).Undeclared(r.Fields) {
		got[p.Name] = p.Kinds &^ protocol.Null
	}
	require.Equal(t, map[string]protocol.Kinds{
		"a": protocol.Number, "b": protocol.Boolean, "c": protocol.String, "d": protocol.Object | protocol.Array, "f": protocol.Number,
	}, got)
}
