package rawjson_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol/rawjson"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]rawjson.Kind{
		"": rawjson.Invalid, "x": rawjson.Invalid, "null": rawjson.Null, "true": rawjson.True, "false": rawjson.False, "0": rawjson.Number,
		"-1.5": rawjson.Number, "NaN": rawjson.NonFinite, "Infinity": rawjson.NonFinite, "-Infinity": rawjson.NonFinite,
		`""`: rawjson.String, "{}": rawjson.Object, "[]": rawjson.Array,
	} {
		require.Equal(t, want, rawjson.KindOf([]byte(value)), value)
	}
}

func TestAppendCompact(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":    "",
		" 1 ": "1",
		"{ \"a\" : [ 1 , 2 ] ,\n\t\"b\": \" x \\\" y \" }\r\n": `{"a":[1,2],"b":" x \" y "}`,
		`{"a":1}`:            `{"a":1}`,
		"[ NaN, -Infinity ]": "[NaN,-Infinity]",
	}
	for value, want := range tests {
		require.Equal(t, "x"+want, string(rawjson.AppendCompact([]byte("x"), []byte(value))))
	}
	require.Equal(t, "\x01", string(rawjson.AppendCompact(nil, []byte("\x01"))), "what is no JSON comes to an end as well")
}

func TestEqual(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want bool
	}{
		{`{"a":1,"b":[true,null]}`, ` { "b" : [ true , null ] , "a" : 1 } `, true},
		{`{"a":"é\/"}`, `{"\u0061":"\u00e9/"}`, true},
		{`{"a":1,"a":2}`, `{"a":2}`, true},
		{`{"a":{"y":1,"x":[{"q":1,"p":2}]}}`, `{"a":{"x":[{"p":2,"q":1}],"y":1}}`, true},
		{`[1,2]`, `[2,1]`, false},
		{`1`, `1.0`, false},
		{`"\ud800"`, `"\ud801"`, false},
		{`{"a":1}`, `{"a":1,"b":1}`, false},
		{`{}`, `[]`, false},
		{`[]`, `[ ]`, true},
		{`NaN`, `NaN`, true},
	}
	for _, test := range tests {
		require.Equal(t, test.want, rawjson.Equal([]byte(test.a), []byte(test.b)), "%s = %s", test.a, test.b)
	}
}

// FuzzCompact holds compacting against encoding/json, and the canonical spelling must be stable.
func FuzzCompact(f *testing.F) {
	for _, value := range []string{`{ "b" : 1 , "a" : [ "x y" , 2 ] }`, " [ ] ", `"\" "`} {
		f.Add([]byte(value))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		compact := rawjson.AppendCompact(nil, value)
		canonical := rawjson.AppendCanonical(nil, value)
		if rawjson.Valid(value) != nil {
			return
		}
		var want bytes.Buffer
		if json.Compact(&want, value) == nil && want.String() != string(compact) {
			t.Fatalf("%q: %q, not %q", value, compact, &want)
		}
		if again := rawjson.AppendCanonical(nil, canonical); string(again) != string(canonical) {
			t.Fatalf("%q: %q, then %q", value, canonical, again)
		}
		if !rawjson.Equal(value, compact) {
			t.Fatalf("%q differs from its compact form", value)
		}
	})
}
