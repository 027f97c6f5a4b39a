package rawjson_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol/rawjson"
)

func TestAppendUnquoted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value, want string
		flags       rawjson.Flags
		plain       bool
	}{
		{`""`, "", 0, true},
		{`"plain"`, "plain", 0, true},
		{`"größe, longer than a word"`, "größe, longer than a word", 0, true},
		{`"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t", 0, false},
		{`"\u0041\u00e9\u20AC"`, "Aé€", 0, false},
		{`"\ud83d\ude00!"`, "😀!", 0, false},
		{`"a\u0000b"`, "a\x00b", rawjson.HasNUL, false},
		{`"\ud83d"`, "\uFFFD", rawjson.LoneSurrogate, false},
		{`"\ude00"`, "\uFFFD", rawjson.LoneSurrogate, false},
		{`"\ud83d\ud83d\ude00"`, "\uFFFD😀", rawjson.LoneSurrogate, false},
		{`"\ud83dx"`, "\uFFFDx", rawjson.LoneSurrogate, false},
		{`"\ud83d\n"`, "\uFFFD\n", rawjson.LoneSurrogate, false},
		{`"\ud83d\u0000"`, "\uFFFD\x00", rawjson.LoneSurrogate | rawjson.HasNUL, false},
		{`"\ufffd"`, "\uFFFD", 0, false},
		{`"12345678\n12345678"`, "12345678\n12345678", 0, false},
	}
	for _, test := range tests {
		text, flags := rawjson.AppendUnquoted([]byte("before "), []byte(test.value))
		require.Equal(t, "before "+test.want, string(text), test.value)
		require.Equal(t, test.flags, flags, test.value)
		text, ok := rawjson.Plain([]byte(test.value))
		require.Equal(t, test.plain, ok, test.value)
		if ok {
			require.Equal(t, test.want, string(text))
		}
	}
	_, ok := rawjson.Plain([]byte("null"))
	require.False(t, ok)
}

func TestAppendString(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want, lossy string }{
		{"", `""`, `""`},
		{"plain text of some length", `"plain text of some length"`, `"plain text of some length"`},
		{`quote " and \ backslash`, `"quote \" and \\ backslash"`, `"quote \" and \\ backslash"`},
		{"\b\f\n\r\t\x00\x1f", `"\b\f\n\r\t\u0000\u001f"`, `"\b\f\n\r\t\u0000\u001f"`},
		{"<a href='x'>&\u2028\x7f", "\"<a href='x'>&\u2028\x7f\"", "\"<a href='x'>&\u2028\x7f\""},
		{"größe 😀", `"größe 😀"`, `"größe 😀"`},
		{"a\xffb", "\"a\xffb\"", "\"a\uFFFDb\""},
		{"\xe2\x82", "\"\xe2\x82\"", "\"\uFFFD\uFFFD\""},
		{"1234567\xf0\x9f\x98\"", "\"1234567\xf0\x9f\x98\\\"\"", "\"1234567\uFFFD\uFFFD\uFFFD\\\"\""},
		{"\uFFFD", "\"\uFFFD\"", "\"\uFFFD\""},
	}
	for _, test := range tests {
		require.Equal(t, "x"+test.want, string(rawjson.AppendString([]byte("x"), test.text)))
		require.Equal(t, "x"+test.want, string(rawjson.AppendString([]byte("x"), []byte(test.text))))
		require.Equal(t, "x"+test.lossy, string(rawjson.AppendStringLossy([]byte("x"), test.text)))
		require.Equal(t, "x"+test.lossy, string(rawjson.AppendStringLossy([]byte("x"), []byte(test.text))))
	}
}

// FuzzString: text that is quoted and unquoted is the same, and encoding/json agrees.
func FuzzString(f *testing.F) {
	for _, text := range []string{"", "plain", "\x00\x1f\"\\", "größe 😀", "a\xffb", "1234567\xe2\x82", "\u2028<>&"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted := rawjson.AppendStringLossy(nil, text)
		var decoded string
		if err := json.Unmarshal(quoted, &decoded); err != nil {
			t.Fatalf("%q: %v", quoted, err)
		}
		back, flags := rawjson.AppendUnquoted(nil, quoted)
		if string(back) != decoded || flags&rawjson.LoneSurrogate != 0 || strings.Contains(decoded, "\x00") != (flags&rawjson.HasNUL != 0) {
			t.Fatalf("%q became %q, flags %d", decoded, back, flags)
		}
		if utf8.ValidString(text) && (decoded != text || string(rawjson.AppendString(nil, text)) != string(quoted)) {
			t.Fatalf("%q became %q", text, decoded)
		}
	})
}

// FuzzUnquote holds the unquoting of any valid string against encoding/json.
func FuzzUnquote(f *testing.F) {
	for _, value := range []string{`"\ud83d\ude00"`, `"\ud83d\ud83d"`, `"a\u0000\/"`, `"\ud83d\u0041"`} {
		f.Add([]byte(value))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		var want string
		if json.Unmarshal(value, &want) != nil || len(value) == 0 || value[0] != '"' || value[len(value)-1] != '"' || !utf8.Valid(value) {
			return
		}
		if got, _ := rawjson.AppendUnquoted(nil, value); string(got) != want {
			t.Fatalf("%q: %q, not %q", value, got, want)
		}
	})
}

func TestShortIsPlain(t *testing.T) {
	t.Parallel()
	for n := range rawjson.ShortSize + 1 {
		for at := -1; at < rawjson.ShortSize; at++ {
			for _, odd := range []byte{'"', '\\', 0, 0x1f, ' ', 0x7f, 0xc3, '!', '#', '['} {
				buffer := bytes.Repeat([]byte{'"'}, 2*rawjson.ShortSize) // what stands behind the text does not count
				copy(buffer, "abcdefghijklmnop"[:n])
				if at >= 0 {
					buffer[at] = odd
				}
				text := buffer[:n]
				require.Equal(t, rawjson.PlainPrefix(text) == n, rawjson.ShortIsPlain(text), "%q", text)
			}
		}
	}
}
