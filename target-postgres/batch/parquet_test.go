package batch

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

// written is a Parquet file of rows, each a value for every column.
func written(t *testing.T, schema parquet.Node, rows []parquet.Row, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[any](&b, append(options, parquet.NewSchema("orders", schema))...)
	_, err := w.WriteRows(rows)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// asLines is what a Parquet file becomes.
func asLines(t *testing.T, file []byte) (string, error) {
	t.Helper()
	f, err := os.Open(write(t, t.TempDir(), "a.parquet", file))
	require.NoError(t, err)
	defer f.Close()
	stream, err := protocol.NewStream("orders", []byte(`{"properties":{"coded":{"type":"string","contentEncoding":"base64"}}}`), nil, nil)
	require.NoError(t, err)
	r, err := openRows(f, stream)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), err
}

func TestValues(t *testing.T) {
	t.Parallel()
	fixed := func(size int, text string) (parquet.Node, parquet.Value) {
		return parquet.Leaf(parquet.FixedLenByteArrayType(size)), parquet.FixedLenByteArrayValue([]byte(text))
	}
	decimal := func(scale, precision int, of parquet.Type) parquet.Node { return parquet.Decimal(scale, precision, of) }
	text := func(s string) parquet.Value { return parquet.ByteArrayValue([]byte(s)) }
	leaf := parquet.Leaf
	plain, plainValue := fixed(3, "abc")
	for _, c := range []struct {
		node  parquet.Node
		value parquet.Value
		want  string
	}{
		{leaf(parquet.BooleanType), parquet.BooleanValue(true), `true`},
		{leaf(parquet.Int32Type), parquet.Int32Value(-5), `-5`},
		{parquet.Int(8), parquet.Int32Value(-128), `-128`},
		{parquet.Int(64), parquet.Int64Value(-9223372036854775808), `-9223372036854775808`},
		{parquet.Uint(32), parquet.Int32Value(-1), `4294967295`},
		{parquet.Uint(64), parquet.Int64Value(-1), `18446744073709551615`},
		{leaf(parquet.FloatType), parquet.FloatValue(0.1), `0.1`},
		{leaf(parquet.DoubleType), parquet.DoubleValue(1e300), `1e+300`},
		{leaf(parquet.DoubleType), parquet.ValueOf(negativeInfinity()), `-Infinity`},
		{decimal(2, 9, parquet.Int32Type), parquet.Int32Value(-5), `-0.05`},
		{decimal(2, 9, parquet.Int32Type), parquet.Int32Value(12345), `123.45`},
		{decimal(0, 18, parquet.Int64Type), parquet.Int64Value(12345), `12345`},
		{decimal(18, 18, parquet.Int64Type), parquet.Int64Value(1), `0.000000000000000001`},
		{decimal(4, 38, parquet.FixedLenByteArrayType(16)), parquet.FixedLenByteArrayValue(append(bytes.Repeat([]byte{0xff}, 14), 0xcf, 0xc7)), `-1.2345`},
		{decimal(1, 30, parquet.ByteArrayType), text("\x0a\x00\x00\x00\x00\x00\x00\x00\x00"), `18446744073709551616.0`},
		{parquet.Date(), parquet.Int32Value(0), `"1970-01-01"`},
		{parquet.Date(), parquet.Int32Value(-719468 - 60 - 1), `"0002-12-31 BC"`},
		{parquet.Date(), parquet.Int32Value(2932897), `"10000-01-01"`},
		{parquet.Time(parquet.Millisecond), parquet.Int32Value(3_723_004), `"01:02:03.004"`},
		{parquet.Time(parquet.Microsecond), parquet.Int64Value(86_399_999_999), `"23:59:59.999999"`},
		{parquet.TimeAdjusted(parquet.Nanosecond, false), parquet.Int64Value(1), `"00:00:00.000000001"`},
		{parquet.Timestamp(parquet.Millisecond), parquet.Int64Value(-1), `"1969-12-31T23:59:59.999Z"`},
		{parquet.Timestamp(parquet.Microsecond), parquet.Int64Value(1_700_000_000_123_456), `"2023-11-14T22:13:20.123456Z"`},
		{parquet.TimestampAdjusted(parquet.Nanosecond, false), parquet.Int64Value(1_700_000_000_000_000_001), `"2023-11-14T22:13:20.000000001"`},
		{parquet.Timestamp(parquet.Millisecond), parquet.Int64Value(253402300800000), `"10000-01-01T00:00:00Z"`},
		{leaf(parquet.Int96Type), parquet.Int96Value(deprecated.Int96{1000, 0, 2440589}), `"1970-01-02T00:00:00.000001Z"`},
		{parquet.String(), text("a\"\n\u00e9"), `"a\"\n` + "\u00e9" + `"`},
		{parquet.Enum(), text("A"), `"A"`},
		{parquet.JSON(), text("{ \"a\" :\n[1, 2]}"), `{"a":[1,2]}`},
		{parquet.JSON(), text("no json"), `"no json"`},
		{parquet.UUID(), parquet.FixedLenByteArrayValue([]byte("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff")), `"00112233-4455-6677-8899-aabbccddeeff"`},
		{leaf(parquet.ByteArrayType), text("text"), `"text"`},
		{plain, plainValue, `"abc"`},
		{parquet.IntervalNode(), parquet.FixedLenByteArrayValue([]byte("\x0e\x00\x00\x00\x03\x00\x00\x00\xdc\x05\x00\x00")), `"P14M3DT1.5S"`},
		{parquet.Optional(parquet.String()), parquet.NullValue(), `null`},
	} {
		level := 0
		if c.node.Optional() && !c.value.IsNull() {
			level = 1
		}
		file := written(t, parquet.Group{"v": c.node}, []parquet.Row{{c.value.Level(0, level, 0)}})
		got, err := asLines(t, file)
		require.NoError(t, err, c.want)
		require.Equal(t, `{"v":`+c.want+"}\n", got, c.node.String())
	}
	got, err := asLines(t, written(t, parquet.Group{"coded": leaf(parquet.ByteArrayType)}, []parquet.Row{{text("\xff\x00")}}))
	require.NoError(t, err)
	require.Equal(t, `{"coded":"/wA="}`+"\n", got)
}

func negativeInfinity() float64 { zero := 0.0; return -1 / zero }

// Old writers name types in another way.
func TestOldTypes(t *testing.T) {
	t.Parallel()
	element := func(physical format.Type, converted deprecated.ConvertedType) *format.SchemaElement {
		e := &format.SchemaElement{}
		e.Type.V, e.Type.Valid, e.ConvertedType.V, e.ConvertedType.Valid, e.Scale.V = physical, true, converted, true, 1
		return e
	}
	text := parquet.ByteArrayValue([]byte("{}"))
	for _, c := range []struct {
		element *format.SchemaElement
		value   parquet.Value
		want    string
	}{
		{element(format.ByteArray, deprecated.UTF8), text, `"{}"`},
		{element(format.ByteArray, deprecated.Enum), text, `"{}"`},
		{element(format.ByteArray, deprecated.Bson), text, `"{}"`},
		{element(format.ByteArray, deprecated.Json), text, `{}`},
		{element(format.Int32, deprecated.Decimal), parquet.Int32Value(15), `1.5`},
		{element(format.Int32, deprecated.Date), parquet.Int32Value(1), `"1970-01-02"`},
		{element(format.Int32, deprecated.TimeMillis), parquet.Int32Value(1000), `"00:00:01"`},
		{element(format.Int64, deprecated.TimeMicros), parquet.Int64Value(1), `"00:00:00.000001"`},
		{element(format.Int64, deprecated.TimestampMillis), parquet.Int64Value(1), `"1970-01-01T00:00:00.001Z"`},
		{element(format.Int64, deprecated.TimestampMicros), parquet.Int64Value(1), `"1970-01-01T00:00:00.000001Z"`},
		{element(format.Int32, deprecated.Uint8), parquet.Int32Value(255), `255`},
		{element(format.Int32, deprecated.Int8), parquet.Int32Value(-1), `-1`},
	} {
		write, err := valueOf(c.element, nil)
		require.NoError(t, err)
		require.Equal(t, c.want, string(write(nil, c.value)))
	}
}

func TestHalf(t *testing.T) {
	t.Parallel()
	for bits, want := range map[uint16]string{0x3c00: "1", 0xc000: "-2", 0x7bff: "65504", 1: "5.9604645e-08", 0x8000: "-0", 0x7c00: "Infinity", 0x7e00: "NaN"} {
		require.Equal(t, want, string(appendFloat(nil, half(bits), 32)))
	}
}

type line struct {
	SKU      string            `parquet:"sku"`
	Discount *float64          `parquet:"discount,optional"`
	Tags     []string          `parquet:"tags,list"`
	Prices   map[int32]float64 `parquet:"prices"`
}

type order struct {
	ID      int64             `parquet:"id"`
	Note    *string           `parquet:"note,optional"`
	Lines   []line            `parquet:"lines,list"`
	Labels  map[string]string `parquet:"labels,optional"`
	Plain   []int64           `parquet:"plain"`
	Address *struct {
		City string `parquet:"city"`
	} `parquet:"address,optional"`
}

func TestNested(t *testing.T) {
	t.Parallel()
	note, half := "x", 0.5
	var b bytes.Buffer
	w := parquet.NewGenericWriter[order](&b, parquet.Compression(&parquet.Snappy))
	_, err := w.Write([]order{
		{ID: 1},
		{ID: 2, Note: &note, Plain: []int64{7, 8}, Labels: map[string]string{"a\"": "b"},
			Lines: []line{{SKU: "s", Discount: &half, Tags: []string{"t", "u"}, Prices: map[int32]float64{-1: 2.5}}, {SKU: "z"}},
			Address: &struct {
				City string `parquet:"city"`
			}{"Oslo"}},
	})
	require.NoError(t, err)
	require.NoError(t, w.Close())
	got, err := asLines(t, b.Bytes())
	require.NoError(t, err)
	require.Equal(t, `{"id":1,"note":null,"lines":[],"labels":null,"plain":[],"address":null}
{"id":2,"note":"x","lines":[{"sku":"s","discount":0.5,"tags":["t","u"],"prices":{"-1":2.5}},{"sku":"z","discount":null,"tags":[],"prices":{}}],"labels":{"a\"":"b"},"plain":[7,8],"address":{"city":"Oslo"}}
`, got)
}

// Lists come in several forms, whose groups have names of all sorts.
func TestListForms(t *testing.T) {
	t.Parallel()
	values := func(values ...parquet.Value) [][]parquet.Value { return [][]parquet.Value{values} }
	at := func(v int64, repetition, definition int) parquet.Value {
		return parquet.Int64Value(v).Level(repetition, definition, 0)
	}
	null := func(repetition, definition int) parquet.Value {
		return parquet.NullValue().Level(repetition, definition, 0)
	}
	leaf := func(name string, repetition format.FieldRepetitionType) format.SchemaElement {
		e := format.SchemaElement{Name: name}
		e.Type.V, e.Type.Valid, e.RepetitionType.V = format.Int64, true, repetition
		return e
	}
	group := func(name string, repetition format.FieldRepetitionType, list bool) format.SchemaElement {
		e := format.SchemaElement{Name: name}
		e.NumChildren.V, e.NumChildren.Valid, e.RepetitionType.V = 1, true, repetition
		e.ConvertedType.V, e.ConvertedType.Valid = deprecated.List, list
		return e
	}
	root := group("schema", format.Required, false)
	for _, c := range []struct {
		name     string
		elements []format.SchemaElement
		values   [][]parquet.Value
		want     string
	}{
		{"three levels", []format.SchemaElement{root, group("v", format.Optional, true), group("bag", format.Repeated, false), leaf("x", format.Optional)},
			values(at(1, 0, 3), null(1, 2), at(3, 1, 3)), `{"v":[1,null,3]}`},
		{"three levels, empty", []format.SchemaElement{root, group("v", format.Optional, true), group("bag", format.Repeated, false), leaf("x", format.Optional)},
			values(null(0, 1)), `{"v":[]}`},
		{"two levels", []format.SchemaElement{root, group("v", format.Optional, true), leaf("x", format.Repeated)},
			values(at(1, 0, 2), at(2, 1, 2)), `{"v":[1,2]}`},
		{"array", []format.SchemaElement{root, group("v", format.Required, true), group("array", format.Repeated, false), leaf("x", format.Required)},
			values(at(1, 0, 1), at(2, 1, 1)), `{"v":[{"x":1},{"x":2}]}`},
		{"tuple", []format.SchemaElement{root, group("v", format.Required, true), group("v_tuple", format.Repeated, false), leaf("x", format.Required)},
			values(at(1, 0, 1)), `{"v":[{"x":1}]}`},
		{"lists in lists", []format.SchemaElement{root, group("v", format.Required, true), group("list", format.Repeated, false), group("element", format.Required, true), group("list", format.Repeated, false), leaf("element", format.Required)},
			values(at(1, 0, 2), at(2, 2, 2), null(1, 1), at(3, 1, 2)), `{"v":[[1,2],[],[3]]}`},
		{"repeated group", []format.SchemaElement{root, group("v", format.Repeated, false), leaf("x", format.Optional)},
			values(null(0, 1), at(2, 1, 2)), `{"v":[{"x":null},{"x":2}]}`},
	} {
		tree, err := newTree(c.elements, &protocol.Stream{Schema: &protocol.Schema{}})
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, string(tree.append(nil, c.values)), c.name)
		require.Empty(t, c.values[0], c.name)
	}
	_, err := newTree([]format.SchemaElement{root}, &protocol.Stream{Schema: &protocol.Schema{}})
	require.ErrorIs(t, err, errSchema)
	variant := group("v", format.Required, false)
	variant.LogicalType.Value = &format.VariantType{}
	_, err = newTree([]format.SchemaElement{root, variant, leaf("x", format.Required)}, &protocol.Stream{Schema: &protocol.Schema{}})
	require.EqualError(t, err, `its column "v" is a VARIANT; write it as JSON`)
}

// Every compression, several row groups and pages, all rows.
func TestRowGroups(t *testing.T) {
	t.Parallel()
	for _, codec := range []compress.Codec{&parquet.Uncompressed, &parquet.Gzip, &parquet.Zstd, &parquet.Snappy, &parquet.Brotli, &parquet.Lz4Raw} {
		var rows []parquet.Row
		var want strings.Builder
		for i := range 1000 {
			rows = append(rows, parquet.Row{parquet.Int64Value(int64(i)).Level(0, 0, 0), parquet.ByteArrayValue(fmt.Append(nil, i%7)).Level(0, 0, 1)})
			fmt.Fprintf(&want, "{\"n\":%d,\"text\":\"%d\"}\n", i, i%7)
		}
		schema := parquet.Group{"n": parquet.Int(64), "text": parquet.Encoded(parquet.String(), &parquet.RLEDictionary)}
		file := written(t, schema, rows, parquet.Compression(codec), parquet.MaxRowsPerRowGroup(300), parquet.PageBufferSize(500))
		got, err := asLines(t, file)
		require.NoError(t, err)
		require.Equal(t, want.String(), got, codec.String())
	}
}

// A damaged file is an error or other rows, and never the end of the program.
func TestDamaged(t *testing.T) {
	t.Parallel()
	whole := written(t, parquet.Group{"n": parquet.Int(64), "text": parquet.Optional(parquet.String())}, []parquet.Row{
		{parquet.Int64Value(1).Level(0, 0, 0), parquet.ByteArrayValue([]byte("a")).Level(0, 1, 1)},
		{parquet.Int64Value(2).Level(0, 0, 0), parquet.NullValue().Level(0, 0, 1)},
	})
	random := rand.New(rand.NewPCG(1, 2))
	failed := 0
	for range 150 {
		file := bytes.Clone(whole)
		for range 1 + random.IntN(3) {
			file[random.IntN(len(file))] ^= byte(1 + random.IntN(255))
		}
		if _, err := asLines(t, file); err != nil {
			failed++
		}
	}
	require.Greater(t, failed, 25)
	for n := 0; n < len(whole); n += 7 {
		_, err := asLines(t, whole[:n])
		require.Error(t, err)
	}
}
