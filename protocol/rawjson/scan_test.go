package rawjson_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol/rawjson"
)

func TestFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, object string
		want         []string // name, value, name, value …
	}{
		{"empty", `{}`, nil},
		{"empty with space", " {\t\r\n} ", nil},
		{"one of each", `{"s":"x","n":-1.5e+10,"t":true,"f":false,"z":null,"o":{"a":[1]},"a":[{},[]]}`,
			[]string{"s", `"x"`, "n", "-1.5e+10", "t", "true", "f", "false", "z", "null", "o", `{"a":[1]}`, "a", "[{},[]]"}},
		{"Python's spaces", `{"a": 1, "b" : [1, 2] , "c": {"d": 3} }`, []string{"a", "1", "b", "[1, 2]", "c", `{"d": 3}`}},
		{"non-finite", `{"a":NaN,"b":Infinity,"c":-Infinity,"d":[NaN]}`, []string{"a", "NaN", "b", "Infinity", "c", "-Infinity", "d", "[NaN]"}},
		{"duplicates stay", `{"a":1,"a":2}`, []string{"a", "1", "a", "2"}},
		{"escaped names", `{"gr\u00f6\u00dfe":1,"b\"":2,"\ud83d\ude00":3}`, []string{"größe", "1", `b"`, "2", "😀", "3"}},
		{"empty name", `{"":0}`, []string{"", "0"}},
		{"escapes at the ends of words", `{"a":"1234567\n","b":"12345678\"","c":"\\1234567"}`,
			[]string{"a", `"1234567\n"`, "b", `"12345678\""`, "c", `"\\1234567"`}},
		{"big numbers", `{"a":123456789012345678901234567890.123456789,"b":1e400,"c":-0,"d":0.0}`,
			[]string{"a", "123456789012345678901234567890.123456789", "b", "1e400", "c", "-0", "d", "0.0"}},
	}
	var s rawjson.Scanner // one for all: what a call leaves behind must not show in the next
	for _, test := range tests {
		fields, err := s.Fields([]byte(test.object))
		require.NoError(t, err, test.name)
		var got []string
		for _, f := range fields {
			got = append(got, string(f.Name), string(f.Value))
		}
		require.Equal(t, test.want, got, test.name)
	}
}

func TestFieldsPointIntoTheLine(t *testing.T) {
	t.Parallel()
	data := []byte(`{"name":"value"}`)
	var s rawjson.Scanner
	fields, err := s.Fields(data)
	require.NoError(t, err)
	require.Same(t, &data[2], &fields[0].Name[0])
	require.Same(t, &data[8], &fields[0].Value[0])
	require.Equal(t, len(fields[0].Value), cap(fields[0].Value), "an append to a span must not write into the line")
}

func TestFieldsAllocateNothing(t *testing.T) {
	data := []byte(`{"gr\u00f6\u00dfe":1,"b":{"c":[1,2,3]},"d":"\ud83d\ude00"}`)
	var s rawjson.Scanner
	_, err := s.Fields(data)
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = s.Fields(data) }))
}

func TestSyntaxErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text   string
		offset int
	}{
		{``, 0}, {`  `, 2}, {`{`, 1}, {`{"a"`, 4}, {`{"a":`, 5}, {`{"a":1`, 6}, {`{"a":1,`, 7}, {`{"a":1,}`, 7}, {`{,}`, 1}, {`{"a" 1}`, 5},
		{`{a:1}`, 1}, {`{"a":1 "b":2}`, 7}, {`{"a":1]`, 6}, {`[`, 1}, {`[1`, 2}, {`[1,`, 3}, {`[1,]`, 3}, {`[,1]`, 1}, {`[1 2]`, 3}, {`]`, 0},
		{`"`, 1}, {`"abc`, 4}, {`"abcdefghijkl`, 13}, {`"\`, 2}, {`"\x"`, 2}, {`"\u12"`, 2}, {`"\u12g4"`, 2}, {"\"a\nb\"", 2}, {"\"12345678\x01\"", 9},
		{`-`, 1}, {`+1`, 0}, {`.5`, 0}, {`1.`, 2}, {`1.e5`, 2}, {`1e`, 2}, {`1e+`, 3}, {`01`, 1}, {`-01`, 2}, {`0x1`, 1}, {`1 2`, 2}, {`--1`, 1},
		{`tru`, 0}, {`nul`, 0}, {`falsy`, 0}, {`True`, 0}, {`nan`, 0}, {`Inf`, 0}, {`-Inf`, 1}, {`NaNs`, 3}, {`+Infinity`, 0}, {`'a'`, 0}, {`{}{}`, 2},
		{"\v1", 0}, {"\u00a01", 0}, {"\x001", 0},
	}
	for _, test := range tests {
		err := rawjson.Valid([]byte(test.text))
		var syntax *rawjson.SyntaxError
		require.ErrorAs(t, err, &syntax, test.text)
		require.Equal(t, test.offset, syntax.Offset, "%s: %s", test.text, syntax)
	}
}

func TestFieldsWantAnObject(t *testing.T) {
	t.Parallel()
	var s rawjson.Scanner
	for _, text := range []string{``, `[]`, `1`, `"a"`, `{} x`, `{"a":}`} {
		_, err := s.Fields([]byte(text))
		require.Error(t, err, text)
	}
}

func TestDepth(t *testing.T) {
	t.Parallel()
	nest := func(levels int) []byte {
		return []byte(strings.Repeat(`[{"a":`, levels/2) + "1" + strings.Repeat(`}]`, levels/2))
	}
	require.NoError(t, rawjson.Valid(nest(rawjson.MaxDepth)))
	require.Error(t, rawjson.Valid(nest(rawjson.MaxDepth+2)))
	require.Error(t, rawjson.Valid([]byte(strings.Repeat("[", 1<<20))))
}

func TestObject(t *testing.T) {
	t.Parallel()
	data := []byte(`x {"a":1, "\u0062":{"c":2,"d":3}} y`)
	var outer, inner rawjson.Scanner
	var got []string
	end, err := outer.Object(data, 2, func(name []byte, pos int) (int, error) {
		got = append(got, string(name))
		if data[pos] != '{' {
			return rawjson.SkipValue(data, pos)
		}
		fields, end, err := inner.Members(data, pos)
		for _, f := range fields {
			got = append(got, string(f.Name))
		}
		return end, err
	})
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c", "d"}, got)
	require.Equal(t, " y", string(data[end:]))

	stop := errors.New("stop")
	_, err = outer.Object(data, 2, func([]byte, int) (int, error) { return 0, stop })
	require.ErrorIs(t, err, stop)
}

// FuzzValid holds the scanner against encoding/json.
func FuzzValid(f *testing.F) {
	for _, text := range []string{`{"a":[1,-2.5e3,true,null,"x\n\u00e9"]}`, ` [ ] `, `{"a":NaN}`, `"\ud800"`, `{"a":1,"a":{}}`, "\"12345678\x01\"", `-Infinity`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := rawjson.Valid(data)
		if json.Valid(data) {
			if err != nil && !strings.Contains(err.Error(), "deeper") {
				t.Fatalf("%q: %v", data, err)
			}
			return
		}
		if err == nil && !strings.ContainsAny(string(data), "NI") {
			t.Fatalf("%q was accepted", data)
		}
		var syntax *rawjson.SyntaxError
		if errors.As(err, &syntax) && (syntax.Offset < 0 || syntax.Offset > len(data)) {
			t.Fatalf("%q: offset %d", data, syntax.Offset)
		}
	})
}

// FuzzFields checks that the members are those that encoding/json finds.
func FuzzFields(f *testing.F) {
	for _, text := range []string{`{"a":1,"b":{"c":[]}}`, `{"gr\u00f6\u00dfe":"\ud83d\ude00"}`, `{"a": 1 , "a":2}`, `{"\ud800":0}`} {
		f.Add([]byte(text))
	}
	var s rawjson.Scanner
	f.Fuzz(func(t *testing.T, data []byte) {
		fields, err := s.Fields(data)
		var want map[string]json.RawMessage
		if json.Unmarshal(data, &want) != nil || want == nil || err != nil {
			return // FuzzValid compares what is accepted
		}
		got := map[string]string{}
		for _, f := range fields {
			got[strings.ToValidUTF8(string(f.Name), "\uFFFD")] = string(f.Value)
		}
		for name, value := range want {
			if got[strings.ToValidUTF8(name, "\uFFFD")] != string(value) && !strings.ContainsRune(name, '\uFFFD') {
				t.Fatalf("%q: %q is %q, not %q", data, name, got[name], value)
			}
		}
	})
}
