package lenient

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap"
)

func TestAppendMember(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	for name, c := range map[string]struct{ schema, value, want string }{
		"null":                       {`{"type":["null","integer"]}`, `null`, `null`},
		"number":                     {`{"type":["null","number"]}`, `35.50`, `35.50`},
		"number as text":             {`{"type":["null","number"]}`, `" 35.50 "`, `35.50`},
		"number, all digits":         {`{"type":["null","number"]}`, `"0.1234567890123456789"`, `0.1234567890123456789`},
		"number, empty":              {`{"type":["null","number"]}`, `""`, `null`},
		"number, words":              {`{"type":["null","number"]}`, `"n/a"`, `null,"v_as_sent":"n/a"`},
		"number, null as a word":     {`{"type":["null","number"]}`, `"null"`, `null,"v_as_sent":"null"`},
		"number, two":                {`{"type":["null","number"]}`, `"1 2"`, `null,"v_as_sent":"1 2"`},
		"number, list":               {`{"type":["null","number"]}`, `[1]`, `null,"v_as_sent":[1]`},
		"integer":                    {`{"type":["null","integer"]}`, `"12"`, `12`},
		"integer with zeros":         {`{"type":["null","integer"]}`, `12.00`, `12`},
		"integer, negative":          {`{"type":["null","integer"]}`, `"-7.0"`, `-7`},
		"integer, boolean":           {`{"type":["null","integer"]}`, `true`, `1`},
		"integer, no":                {`{"type":["null","integer"]}`, `false`, `0`},
		"integer, fraction":          {`{"type":["null","integer"]}`, `1.5`, `null,"v_as_sent":1.5`},
		"integer, exponent":          {`{"type":["null","integer"]}`, `1e3`, `null,"v_as_sent":1e3`},
		"integer, empty":             {`{"type":["null","integer"]}`, `""`, `null`},
		"boolean":                    {`{"type":["null","boolean"]}`, `true`, `true`},
		"boolean as number":          {`{"type":["null","boolean"]}`, `0`, `false`},
		"boolean as text":            {`{"type":["null","boolean"]}`, `"1"`, `true`},
		"boolean, empty":             {`{"type":["null","boolean"]}`, `""`, `null`},
		"boolean, words":             {`{"type":["null","boolean"]}`, `"maybe"`, `null,"v_as_sent":"maybe"`},
		"text":                       {`{"type":["null","string"]}`, `"a\u00e9"`, `"a\u00e9"`},
		"text as number":             {`{"type":["null","string"]}`, `12.50`, `"12.50"`},
		"text as boolean":            {`{"type":["null","string"]}`, `false`, `"false"`},
		"text, empty":                {`{"type":["null","string"]}`, `""`, `""`},
		"text, object":               {`{"type":["null","string"]}`, `{"a":1}`, `null,"v_as_sent":{"a":1}`},
		"instant":                    {`{"type":["null","string"],"format":"date-time"}`, `"2026-09-18T13:16:09-07:00"`, `"2026-09-18T20:16:09Z"`},
		"instant with a fraction":    {`{"type":["null","string"],"format":"date-time"}`, `"2018-02-14T12:55:55.759+03:00"`, `"2018-02-14T09:55:55.759Z"`},
		"instant without an offset":  {`{"type":["null","string"],"format":"date-time"}`, `"2026-01-02 11:20:00"`, `"2026-01-02T16:20:00Z"`},
		"instant, T and no offset":   {`{"type":["null","string"],"format":"date-time"}`, `"2026-01-02T11:20:00.5"`, `"2026-01-02T16:20:00.5Z"`},
		"instant, a day alone":       {`{"type":["null","string"],"format":"date-time"}`, `"2026-07-02"`, `"2026-07-02T04:00:00Z"`},
		"instant, MySQL's zero":      {`{"type":["null","string"],"format":"date-time"}`, `"0000-00-00 00:00:00"`, `null`},
		"day, MySQL's zero":          {`{"type":["null","string"],"format":"date"}`, `"0000-00-00"`, `null`},
		"instant, Go's zero":         {`{"type":["null","string"],"format":"date-time"}`, `"0001-01-01T00:00:00Z"`, `null`},
		"instant, empty":             {`{"type":["null","string"],"format":"date-time"}`, `""`, `null`},
		"instant, words":             {`{"type":["null","string"],"format":"date-time"}`, `"yesterday"`, `null,"v_as_sent":"yesterday"`},
		"instant, seconds":           {`{"type":["null","string"],"format":"date-time"}`, `1767323100`, `"2026-01-02T03:05:00Z"`},
		"instant, no seconds":        {`{"type":["null","string"],"format":"date-time"}`, `0`, `null`},
		"instant, milliseconds":      {`{"type":["null","string"],"format":"date-time"}`, `1767323100000`, `null,"v_as_sent":1767323100000`},
		"instant, fraction":          {`{"type":["null","string"],"format":"date-time"}`, `1767323100.5`, `null,"v_as_sent":1767323100.5`},
		"day":                        {`{"type":["null","string"],"format":"date"}`, `"2026-01-02"`, `"2026-01-02"`},
		"day of an instant":          {`{"type":["null","string"],"format":"date"}`, `"2026-01-02T23:00:00-05:00"`, `"2026-01-02"`},
		"day, empty":                 {`{"type":["null","string"],"format":"date"}`, `""`, `null`},
		"day, words":                 {`{"type":["null","string"],"format":"date"}`, `"Monday"`, `null,"v_as_sent":"Monday"`},
		"anything":                   {`{}`, `[1,{"a":null}]`, `[1,{"a":null}]`},
		"a list is left as it comes": {`{"type":["null","array"],"items":{"type":"string"}}`, `["a"]`, `["a"]`},
	} {
		r, err := newReader([]tap.Column{{Name: "v", Schema: json.RawMessage(c.schema)}}, zone)
		require.NoError(t, err)
		got := appendMember(r, appendMember(r, []byte("{"), "other", []byte(`"1"`)), []byte("v"), []byte(c.value))
		require.Equal(t, `{"other":"1","v":`+c.want, string(got), name)
	}
}
