package values

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// A valueCase is a value on its way into a column: the text that the server prints for it, or the reason why not.
type valueCase struct {
	schema string // JSON Schema, "" for a column of our own
	column string // "" for the type that the schema gives
	raw    string
	want   string
}

const isNullWord = "(null)"

const (
	anInteger  = `{"type":["null","integer"]}`
	aNumber    = `{"type":["null","number"]}`
	aDecimal   = `{"type":["null","string"],"format":"singer.decimal"}`
	aString    = `{"type":["null","string"]}`
	aDateTime  = `{"type":["null","string"],"format":"date-time"}`
	aDate      = `{"type":["null","string"],"format":"date"}`
	aTime      = `{"type":["null","string"],"format":"time"}`
	aDuration  = `{"type":["null","string"],"format":"duration"}`
	aUUID      = `{"type":["null","string"],"format":"uuid"}`
	aBoolean   = `{"type":["null","boolean"]}`
	anObject   = `{"type":["null","object","array"]}`
	anAddress  = `{"type":["null","string"],"format":"ipvanyaddress"}`
	base64Text = `{"type":"string","contentEncoding":"base64"}`
	base16Text = `{"type":"string","contentEncoding":"base16"}`
)

func arrayOf(items string) string { return `{"type":["null","array"],"items":` + items + `}` }

func valueCases() []valueCase {
	many := strings.Repeat("1234567890", 13107) + "12" // 131072 digits
	cases := []valueCase{
		{anInteger, "", `null`, isNullWord},
		{anInteger, "", ``, isNullWord},
		{`{"type":"integer"}`, "", `null`, isNullWord},
		{aBoolean, "", `true`, "t"},
		{aBoolean, "", `false`, "f"},
		{aBoolean, "", `"true"`, "!wrong_kind"},
		{aBoolean, "", `1`, "!wrong_kind"},
		{aBoolean, "text", `true`, "true"},
		{"", "boolean", `1`, "!wrong_kind"},

		{anInteger, "", `0`, "0"},
		{anInteger, "", `-0`, "0"},
		{anInteger, "", `42`, "42"},
		{anInteger, "", `-42`, "-42"},
		{anInteger, "", `9223372036854775807`, "9223372036854775807"},
		{anInteger, "", `9223372036854775808`, "!out_of_range"},
		{anInteger, "", `-9223372036854775808`, "-9223372036854775808"},
		{anInteger, "", `-9223372036854775809`, "!out_of_range"},
		{anInteger, "", `99999999999999999999`, "!out_of_range"},
		{anInteger, "", `1e400`, "!out_of_range"},
		{anInteger, "", `1e99999999999999999999`, "!out_of_range"},
		{anInteger, "", `1.0`, "1"},
		{anInteger, "", `1.50e1`, "15"},
		{anInteger, "", `1000e-3`, "1"},
		{anInteger, "", `0.0`, "0"},
		{anInteger, "", `0e5`, "0"},
		{anInteger, "", `1.5`, "!fraction"},
		{anInteger, "", `1e-1`, "!fraction"},
		{anInteger, "", `NaN`, "!not_finite"},
		{anInteger, "", `"abc"`, "!wrong_kind"},
		{anInteger, "", `"5"`, "!wrong_kind"},
		{anInteger, "", `true`, "!wrong_kind"},
		{anInteger, "", `{}`, "!wrong_kind"},
		{anInteger, "smallint", `32767`, "32767"},
		{anInteger, "smallint", `32768`, "!out_of_range"},
		{anInteger, "smallint", `-32768`, "-32768"},
		{anInteger, "integer", `-2147483648`, "-2147483648"},
		{anInteger, "integer", `2147483648`, "!out_of_range"},
		{anInteger, "numeric", `123456789012345678901234567890`, "123456789012345678901234567890"},
		{anInteger, "numeric", `1.5`, "!fraction"},
		{anInteger, "numeric", `Infinity`, "!not_finite"},
		{anInteger, "text", `12`, "12"},
		{anInteger, "text", `"abc"`, "!wrong_kind"},
		{anInteger, "jsonb", `12`, "12"},
		{anInteger, "jsonb", `"abc"`, "!wrong_kind"},
		{anInteger, "jsonb", `1.5`, "!fraction"},
		{anInteger, "double precision", `9007199254740992`, "9.007199254740992e+15"},
		{anInteger, "double precision", `9007199254740993`, "!out_of_range"},
		{anInteger, "double precision", `9223372036854775807`, "!out_of_range"},
		{anInteger, "real", `16777216`, "1.6777216e+07"},
		{anInteger, "real", `16777217`, "!out_of_range"},

		{aNumber, "", `5`, "5"},
		{aNumber, "", `0`, "0"},
		{aNumber, "", `-0`, "0"},
		{aNumber, "", `-0.0`, "0.0"},
		{aNumber, "", `10000`, "10000"},
		{aNumber, "", `100000000`, "100000000"},
		{aNumber, "", `999999999999999999`, "999999999999999999"},
		{aNumber, "", `1000000000000000000`, "1000000000000000000"},
		{aNumber, "", `0.1`, "0.1"},
		{aNumber, "", `0.00001`, "0.00001"},
		{aNumber, "", `1.50`, "1.50"},
		{aNumber, "", `-12345.67890`, "-12345.67890"},
		{aNumber, "", `1e2`, "100"},
		{aNumber, "", `1.5E+3`, "1500"},
		{aNumber, "", `1.50e1`, "15.0"},
		{aNumber, "", `1e-7`, "0.0000001"},
		{aNumber, "", `12e-9`, "0.000000012"},
		{aNumber, "", `0e-3`, "0.000"},
		{aNumber, "", `1e400`, "1" + strings.Repeat("0", 400)},
		{aNumber, "", `1e131071`, "1" + strings.Repeat("0", 131071)},
		{aNumber, "", `1e131072`, "!out_of_range"},
		{aNumber, "", many, many},
		{aNumber, "", many + "3", "!out_of_range"},
		{aNumber, "", `1e-16383`, "0." + strings.Repeat("0", 16382) + "1"},
		{aNumber, "", `1e-16384`, "!out_of_range"},
		{aNumber, "", `0e-99999`, "0." + strings.Repeat("0", 16383)},
		{aNumber, "", `NaN`, "NaN"},
		{aNumber, "", `Infinity`, "Infinity"},
		{aNumber, "", `-Infinity`, "-Infinity"},
		{aNumber, "numeric(5,2)", `123.456`, "123.46"},
		{aNumber, "numeric(5,2)", `1234`, "!out_of_range"},
		{aNumber, "numeric(5,2)", `NaN`, "NaN"},
		{aNumber, "numeric(5,2)", `Infinity`, "!not_finite"},
		{aNumber, "double precision", `0.1`, "0.1"},
		{aNumber, "double precision", `1e400`, "!out_of_range"},
		{aNumber, "double precision", `1e-400`, "0"},
		{aNumber, "double precision", `-0.0`, "-0"},
		{aNumber, "double precision", `NaN`, "NaN"},
		{aNumber, "double precision", `-Infinity`, "-Infinity"},
		{aNumber, "real", `3.4e39`, "!out_of_range"},
		{aNumber, "real", `1.5`, "1.5"},
		{aNumber, "bigint", `1.0`, "1"},
		{aNumber, "bigint", `Infinity`, "!not_finite"},
		{aNumber, "text", `1.50`, "1.50"},
		{aNumber, "text", `NaN`, "NaN"},
		{aNumber, "", `"1.5"`, "!wrong_kind"},
		{aDecimal, "", `"1.50"`, "1.50"},
		{aDecimal, "", `"+.5"`, "0.5"},
		{aDecimal, "", `"5."`, "5"},
		{aDecimal, "", `"00012.30"`, "12.30"},
		{aDecimal, "", `"\u0031"`, "1"},
		{aDecimal, "", `1.25`, "1.25"},
		{aDecimal, "", `"nan"`, "NaN"},
		{aDecimal, "", `"-inf"`, "-Infinity"},
		{aDecimal, "", `"abc"`, "!bad_format"},
		{aDecimal, "", `""`, "!bad_format"},
		{aDecimal, "", `"1,234"`, "!bad_format"},
		{aDecimal, "", `"1e"`, "!bad_format"},
		{aDecimal, "", `"0x10"`, "!bad_format"},
		{aDecimal, "", `" 1"`, "!bad_format"},
		{aDecimal, "", `true`, "!wrong_kind"},
		{aDecimal, "double precision", `"0x10"`, "!bad_format"},
		{aDecimal, "double precision", `"1e3"`, "1000"},
		{`{"type":"string","x-sql-datatype":"bigint"}`, "", `"12"`, "12"},

		{aString, "", `""`, ""},
		{aString, "", `"plain"`, "plain"},
		{aString, "", `"a\"b\\c\/d\n\t\u00e9\ud83d\ude00"`, "a\"b\\c/d\n\té😀"},
		{aString, "", `"é😀"`, "é😀"},
		{aString, "", `"a\u0000b"`, "a\uFFFDb"},
		{aString, "", `"\ud800x\udc00"`, "\uFFFDx\uFFFD"},
		{aString, "", "\"a\xffb\xc3\"", "a\uFFFDb\uFFFD"},
		{aString, "", `5`, "!wrong_kind"},
		{aString, "", `{"a":1}`, "!wrong_kind"},
		{aString, "bigint", `"5"`, "!wrong_kind"},
		{aString, "varchar(3)", `"héé"`, "héé"},
		{aString, "varchar(3)", `"héél"`, "!too_long"},
		{aString, "char(3)", `"ab"`, "ab "},
		{aString, "jsonb", `"a\u0000b"`, `"a` + "\uFFFD" + `b"`},
		{`{"type":["string","integer"]}`, "", `12`, "12"},
		{`{"type":["string","integer"]}`, "", `1.5`, "!fraction"},
		{`{}`, "text", `[1, {"a b": "c d"}]`, `[1,{"a b":"c d"}]`},
		{anObject, "text", `{ "a" : [ 1 , 2 ] }`, `{"a":[1,2]}`},

		{anObject, "", `{}`, `{}`},
		{anObject, "", `{"b":1,"a":[true,null,"x"]}`, `{"a": [true, null, "x"], "b": 1}`},
		{anObject, "", `{"a":1,"a":2}`, `{"a": 2}`},
		{anObject, "", `{"a\u0000":"\u0000"}`, `{"a` + "\uFFFD\": \"\uFFFD" + `"}`},
		{anObject, "", `{"a":"\\u0000"}`, `{"a": "\\u0000"}`},
		{anObject, "", `{"a":"\\\u0000\\"}`, `{"a": "\\` + "\uFFFD" + `\\"}`},
		{anObject, "", `["\ud83d\ude00","\ud83dx","\ude00","\ud83d\ud83d\ude00"]`, `["😀", "` + "\uFFFDx\", \"\uFFFD\", \"\uFFFD😀" + `"]`},
		{anObject, "", `[NaN,-Infinity,Infinity,"NaN","-Infinity \" NaN"]`, `["NaN", "-Infinity", "Infinity", "NaN", "-Infinity \" NaN"]`},
		{anObject, "", "[\"a\xffb\"]", `["a` + "\uFFFD" + `b"]`},
		{anObject, "", `[1e400,0.10,12345678901234567890123]`, "[1" + strings.Repeat("0", 400) + ", 0.10, 12345678901234567890123]"},
		{anObject, "", strings.Repeat("[", 1000) + strings.Repeat("]", 1000), strings.Repeat("[", 1000) + strings.Repeat("]", 1000)},
		{anObject, "", `"a"`, "!wrong_kind"},
		{anObject, "json", `{"b": "\u0000", "a": NaN}`, `{"b": "` + "\uFFFD" + `", "a": "NaN"}`},
		{`{}`, "", `"text"`, `"text"`},
		{`{}`, "", `NaN`, `"NaN"`},
		{`{}`, "", `-1.50`, `-1.50`},
		{`{}`, "", `true`, `true`},
		{`{"type":"null"}`, "", `null`, isNullWord},
		{`{"type":"null"}`, "", `1`, "!wrong_kind"},

		{aUUID, "", `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{aUUID, "", `"{A0EEBC999C0B4EF8BB6D6BB9BD380A11}"`, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{aUUID, "", `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1"`, "!bad_format"},
		{aUUID, "", `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111"`, "!bad_format"},
		{aUUID, "", `"a0eebc99--9c0b4ef8bb6d6bb9bd380a11"`, "!bad_format"},
		{aUUID, "", `""`, "!bad_format"},
		{aUUID, "", `"-a0eebc999c0b4ef8bb6d6bb9bd380a11"`, "!bad_format"},

		{aDateTime, "", `"2026-07-01T12:34:56Z"`, "2026-07-01 12:34:56+00"},
		{aDateTime, "", `"2026-07-01t12:34:56z"`, "2026-07-01 12:34:56+00"},
		{aDateTime, "", `"2026-07-01 12:34:56"`, "2026-07-01 12:34:56+00"},
		{aDateTime, "", `"2026-07-01T12:34:56.789012+00:00"`, "2026-07-01 12:34:56.789012+00"},
		{aDateTime, "", `"2026-07-01T12:34:56.1Z"`, "2026-07-01 12:34:56.1+00"},
		{aDateTime, "", `"2026-07-01T12:34:56,5Z"`, "2026-07-01 12:34:56.5+00"},
		{aDateTime, "", `"2026-07-01T12:34:56.1234564Z"`, "2026-07-01 12:34:56.123456+00"},
		{aDateTime, "", `"2026-07-01T12:34:56.123456500Z"`, "2026-07-01 12:34:56.123457+00"},
		{aDateTime, "", `"2026-12-31T23:59:59.9999999Z"`, "2027-01-01 00:00:00+00"},
		{aDateTime, "", `"1999-12-31T23:59:59.5Z"`, "1999-12-31 23:59:59.5+00"},
		{aDateTime, "", `"2026-07-01T12:34Z"`, "2026-07-01 12:34:00+00"},
		{aDateTime, "", `"2026-07-01T12:00:00+02"`, "2026-07-01 10:00:00+00"},
		{aDateTime, "", `"2026-07-01T12:00:00-0530"`, "2026-07-01 17:30:00+00"},
		{aDateTime, "", `"2026-07-01 12:00:00 +0200"`, "2026-07-01 10:00:00+00"},
		{aDateTime, "", `"2026-07-01 12:00:00 UTC"`, "2026-07-01 12:00:00+00"},
		{aDateTime, "", `"1890-01-01T00:00:00+00:53:28"`, "1889-12-31 23:06:32+00"},
		{aDateTime, "", `"2026-07-01T12:00:00+15:59"`, "2026-06-30 20:01:00+00"},
		{aDateTime, "", `"2026-07-01T12:00:00-15:59"`, "2026-07-02 03:59:00+00"},
		{aDateTime, "", `"2026-07-01"`, "2026-07-01 00:00:00+00"},
		{aDateTime, "", `"2016-12-31T23:59:60Z"`, "2017-01-01 00:00:00+00"},
		{aDateTime, "", `"2026-07-01T24:00:00Z"`, "2026-07-02 00:00:00+00"},
		{aDateTime, "", `"2026-07-01T24:00:01Z"`, "!bad_format"},
		{aDateTime, "", `"2024-02-29T00:00:00Z"`, "2024-02-29 00:00:00+00"},
		{aDateTime, "", `"2026-02-29T00:00:00Z"`, "!bad_format"},
		{aDateTime, "", `"1900-02-29T00:00:00Z"`, "!bad_format"},
		{aDateTime, "", `"0001-01-01T00:00:00Z"`, "0001-01-01 00:00:00+00"},
		{aDateTime, "", `"0000-01-01T00:00:00Z"`, "0001-01-01 00:00:00+00 BC"},
		{aDateTime, "", `"-0043-03-15T12:00:00Z"`, "0044-03-15 12:00:00+00 BC"},
		{aDateTime, "", `"0044-03-15 12:00:00+00 BC"`, "0044-03-15 12:00:00+00 BC"},
		{aDateTime, "", `"0044-03-15 12:00:00 BC"`, "0044-03-15 12:00:00+00 BC"},
		{aDateTime, "", `"0000-00-00T00:00:00Z"`, "!bad_format"},
		{aDateTime, "", `"9999-12-31T23:59:59.999999Z"`, "9999-12-31 23:59:59.999999+00"},
		{aDateTime, "", `"10000-01-01T00:00:00Z"`, "10000-01-01 00:00:00+00"},
		{aDateTime, "", `"+010000-01-01T00:00:00Z"`, "10000-01-01 00:00:00+00"},
		{aDateTime, "", `"294276-12-31T23:59:59.999999Z"`, "294276-12-31 23:59:59.999999+00"},
		{aDateTime, "", `"294277-01-01T00:00:00Z"`, "!out_of_range"},
		{aDateTime, "", `"294277-01-01T00:00:00+01"`, "294276-12-31 23:00:00+00"},
		{aDateTime, "", `"9999999-01-01T00:00:00Z"`, "!out_of_range"},
		{aDateTime, "", `"-4713-11-24T00:00:00Z"`, "4714-11-24 00:00:00+00 BC"},
		{aDateTime, "", `"-4713-11-23T23:59:59Z"`, "!out_of_range"},
		{aDateTime, "", `"infinity"`, "infinity"},
		{aDateTime, "", `"-Infinity"`, "-infinity"},
		{aDateTime, "", `"nan"`, "!bad_format"},
		{aDateTime, "", `""`, "!bad_format"},
		{aDateTime, "", `"yesterday"`, "!bad_format"},
		{aDateTime, "", `"2026-07-01T"`, "!bad_format"},
		{aDateTime, "", `"2026-07-01T12:34:56."`, "!bad_format"},
		{aDateTime, "", `"2026-07-01T12:34:56+"`, "!bad_format"},
		{aDateTime, "", `"2026-07-01T12:34:56+02:"`, "!bad_format"},
		{aDateTime, "", `"2026-07-01T12:60:00Z"`, "!bad_format"},
		{aDateTime, "", `"2026-07-01T25:00:00Z"`, "!bad_format"},
		{aDateTime, "", `"2026-7-1"`, "!bad_format"},
		{aDateTime, "", `"26-07-01"`, "!bad_format"},
		{aDateTime, "", `"07/01/2026"`, "!bad_format"},
		{aDateTime, "", `"2026-07-01T12:34:56Z "`, "!bad_format"},
		{aDateTime, "", `1751371200`, "!wrong_kind"},
		{aDateTime, "timestamp", `"2026-07-01T12:00:00+02:00"`, "2026-07-01 10:00:00"},
		{aDateTime, "timestamp", `"2026-07-01 12:00:00 -0530"`, "2026-07-01 17:30:00"},
		{aDateTime, "text", `"2026-07-01T12:00:00+02:00"`, "2026-07-01T12:00:00+02:00"},
		{aDateTime, "jsonb", `"2026-07-01"`, `"2026-07-01"`},

		{aDate, "", `"2026-07-01"`, "2026-07-01"},
		{aDate, "", `"2026-07-01T00:00:00+02:00"`, "2026-07-01"},
		{aDate, "", `"2026-07-01T00:00:01Z"`, "!fraction"},
		{aDate, "", `"0000-12-31"`, "0001-12-31 BC"},
		{aDate, "", `"0044-03-15 BC"`, "0044-03-15 BC"},
		{aDate, "", `"0000-03-15 BC"`, "!bad_format"},
		{aDate, "", `"-4713-11-24"`, "4714-11-24 BC"},
		{aDate, "", `"-4713-11-23"`, "!out_of_range"},
		{aDate, "", `"5874897-12-31"`, "5874897-12-31"},
		{aDate, "", `"5874898-06-03"`, "!out_of_range"},
		{aDate, "", `"-infinity"`, "-infinity"},
		{aDate, "", `"2026-13-01"`, "!bad_format"},
		{aDate, "timestamptz", `"2026-07-01"`, "2026-07-01 00:00:00+00"},

		{aTime, "", `"12:34:56"`, "12:34:56"},
		{aTime, "", `"12:34"`, "12:34:00"},
		{aTime, "", `"12:34:56.1234567Z"`, "12:34:56.123457"},
		{aTime, "", `"00:30:00+02:00"`, "22:30:00"},
		{aTime, "", `"23:30:00-02:00"`, "01:30:00"},
		{aTime, "", `"24:00:00"`, "24:00:00"},
		{aTime, "", `"23:59:60"`, "24:00:00"},
		{aTime, "", `"24:00:01"`, "!bad_format"},
		{aTime, "", `"12:34:56 PM"`, "!bad_format"},

		{aDuration, "", `"P1Y2M3DT4H5M6.789S"`, "1 year 2 mons 3 days 04:05:06.789"},
		{aDuration, "", `"P2W"`, "14 days"},
		{aDuration, "", `"PT36H"`, "36:00:00"},
		{aDuration, "", `"-P1DT1H"`, "-1 days -01:00:00"},
		{aDuration, "", `"P1DT-1H"`, "1 day -01:00:00"},
		{aDuration, "", `"P0.5D"`, "12:00:00"},
		{aDuration, "", `"PT0,5H"`, "00:30:00"},
		{aDuration, "", `"PT1.0000015S"`, "00:00:01.000002"},
		{aDuration, "", `"P0.5Y"`, "6 mons"},
		{aDuration, "", `"P0.3Y"`, "!fraction"},
		{aDuration, "", `"P1.5M"`, "!fraction"},
		{aDuration, "", `"P0D"`, "00:00:00"},
		{aDuration, "", `"P"`, "!bad_format"},
		{aDuration, "", `"P1DT"`, "!bad_format"},
		{aDuration, "", `"P1H"`, "!bad_format"},
		{aDuration, "", `"PT1D"`, "!bad_format"},
		{aDuration, "", `"P1"`, "!bad_format"},
		{aDuration, "", `"P2147483648D"`, "!out_of_range"},
		{aDuration, "", `"PT9223372036854775807H"`, "!out_of_range"},
		{aDuration, "", `"1:02:03.5"`, "01:02:03.5"},
		{aDuration, "", `"-01:02"`, "-01:02:00"},
		{aDuration, "", `"1 day, 2:03:04"`, "1 day 02:03:04"},
		{aDuration, "", `"-1 days +02:03:00"`, "-1 days +02:03:00"},
		{aDuration, "", `"5 days"`, "5 days"},
		{aDuration, "", `"5 years"`, "!bad_format"},

		{base64Text, "bytea", `"AAEC/w=="`, `\x000102ff`},
		{base64Text, "bytea", `"AAEC_w"`, `\x000102ff`},
		{base64Text, "bytea", `"AAEC/w==\n"`, `\x000102ff`},
		{base64Text, "bytea", `""`, `\x`},
		{base64Text, "bytea", `"*"`, "!bad_format"},
		{base64Text, "text", `"AAEC/w=="`, "AAEC/w=="},
		{base16Text, "bytea", `"00fF"`, `\x00ff`},
		{base16Text, "bytea", `"0"`, "!bad_format"},
		{`{"type":"string","x-sql-datatype":"bytea"}`, "", `"\\x00ff"`, `\x00ff`},
		{`{"type":"string","x-sql-datatype":"bytea"}`, "", `"00ff"`, "!bad_format"},

		{arrayOf(anInteger), "", `[1, 2,null ,-3]`, "{1,2,NULL,-3}"},
		{arrayOf(anInteger), "", `[]`, "{}"},
		{arrayOf(anInteger), "", `[ ]`, "{}"},
		{arrayOf(anInteger), "", `null`, isNullWord},
		{arrayOf(anInteger), "", `[null]`, "{NULL}"},
		{arrayOf(anInteger), "", `[1,"2"]`, "!wrong_kind"},
		{arrayOf(anInteger), "", `[1.5]`, "!fraction"},
		{arrayOf(anInteger), "", `[9223372036854775808]`, "!out_of_range"},
		{arrayOf(anInteger), "", `[[1]]`, "!wrong_kind"},
		{arrayOf(anInteger), "", `{"a":1}`, "!wrong_kind"},
		{arrayOf(anInteger), "", `1`, "!wrong_kind"},
		{arrayOf(anInteger), "numeric[]", `[1,10000000000000000000000000000000000000000]`, "{1,10000000000000000000000000000000000000000}"},
		{arrayOf(anInteger), "text[]", `[1,2]`, "{1,2}"},
		{arrayOf(anInteger), "jsonb", `[1,2]`, "[1, 2]"},
		{arrayOf(aNumber), "", `[1.50,NaN]`, "{1.50,NaN}"},
		{arrayOf(aNumber), "real[]", `[1.5]`, "{1.5}"},
		{arrayOf(aNumber), "double precision[]", `[0.1]`, "{0.1}"},
		{arrayOf(anInteger), "smallint[]", `[32767]`, "{32767}"},
		{arrayOf(anInteger), "smallint[]", `[32768]`, "!out_of_range"},
		{arrayOf(anInteger), "integer[]", `[1]`, "{1}"},
		{arrayOf(aDecimal), "", `["1.50",2]`, "{1.50,2}"},
		{arrayOf(aString), "", `["a","","NULL","a,b\"c","a\u0000",null,"é"]`, `{a,"","NULL","a,b\"c",a` + "\uFFFD" + `,NULL,é}`},
		{arrayOf(aString), "varchar(2)[]", `["ab"]`, "{ab}"},
		{arrayOf(aString), "varchar(2)[]", `["abc"]`, "!too_long"},
		{arrayOf(aString), "char(2)[]", `["a"]`, `{"a "}`},
		{arrayOf(aString), "bigint[]", `["1"]`, "!wrong_kind"},
		{arrayOf(aBoolean), "", `[true,false]`, "{t,f}"},
		{arrayOf(aDateTime), "", `["2026-07-01T12:00:00+02:00"]`, `{"2026-07-01 10:00:00+00"}`},
		{arrayOf(aDateTime), "timestamp[]", `["2026-07-01T12:00:00+02:00"]`, `{"2026-07-01 10:00:00"}`},
		{arrayOf(aDateTime), "", `["yesterday"]`, "!bad_format"},
		{arrayOf(aDate), "", `["2026-07-01"]`, "{2026-07-01}"},
		{arrayOf(aTime), "", `["12:34"]`, "{12:34:00}"},
		{arrayOf(aDuration), "", `["PT1H"]`, "{01:00:00}"},
		{arrayOf(aUUID), "", `["A0EEBC999C0B4EF8BB6D6BB9BD380A11"]`, "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"},
		{arrayOf(base64Text), "", `["AAE="]`, `{"\\x0001"}`},
		{arrayOf(anAddress), "", `["10.0.0.1"]`, "{10.0.0.1}"},
		{arrayOf(anObject), "", `[{"a":1}]`, `[{"a": 1}]`},
		{arrayOf(anObject), "jsonb[]", `[{"a":1},[2],null]`, `{"{\"a\": 1}",[2],NULL}`},
		{arrayOf(anObject), "json[]", `[{"a":1}]`, `{"{\"a\":1}"}`},
		{arrayOf(arrayOf(anInteger)), "", `[[1],[2,3]]`, `[[1], [2, 3]]`},
		{`{"type":["null","array"]}`, "", `[1,"a"]`, `[1, "a"]`},
		{`{"type":["array","string"],"items":{"type":"string"}}`, "", `"a"`, `"a"`},
		{`{"type":"array","x-sql-datatype":"text[]"}`, "", `["a",1,{"b":null}]`, `{a,1,"{\"b\":null}"}`},
		{"", "bigint[]", `[1,"2"]`, "{1,2}"},

		{anAddress, "", `"192.168.0.1"`, "192.168.0.1"},
		{anAddress, "", `"192.168.0.1/24"`, "192.168.0.1/24"},
		{anAddress, "", `"fe80::1"`, "fe80::1"},
		{anAddress, "", `"2001:DB8::/32"`, "2001:db8::/32"},
		{anAddress, "", `"::ffff:10.0.0.1"`, "::ffff:10.0.0.1"},
		{anAddress, "", `"fe80::1%eth0"`, "!bad_format"},
		{anAddress, "", `"192.168.0.256"`, "!bad_format"},
		{anAddress, "", `"192.168.0.1/33"`, "!bad_format"},
		{anAddress, "", `""`, "!bad_format"},
		{anAddress, "", `"localhost"`, "!bad_format"},
		{anAddress, "", `167772161`, "!wrong_kind"},
		{anAddress, "text", `"fe80::1%eth0"`, "fe80::1%eth0"},

		{"", "timestamptz", `"2026-07-01"`, "2026-07-01 00:00:00+00"},
		{"", "bigint", `"12"`, "12"},
		{"", "jsonb", `[1]`, "[1]"},
	}
	for _, p := range policies() {
		cases = append(cases, p.examples...)
	}
	return cases
}

// encoderFor makes the encoder of a case.
func (c valueCase) encoder(t testing.TB) (Encoder, columns.Type) {
	t.Helper()
	var s *protocol.Schema
	typ := columns.ParseType(c.column)
	if c.schema != "" {
		var err error
		s, err = protocol.ParseSchema([]byte(c.schema))
		require.NoError(t, err)
		if c.column == "" {
			typ = columns.TypeOf(s, columns.Types{Bytes: true, Arrays: true, Addresses: true})
		}
	}
	e, err := New(s, typ)
	require.NoError(t, err)
	return e, typ
}

// Every accepted value is copied in binary into a real table, and the server prints what it has.
func TestServerPrintsWhatWasSent(t *testing.T) {
	t.Parallel()
	conn := servertest.Connect(t, servertest.Database(t))
	_, err := conn.Exec(t.Context(), "SET TIME ZONE 'UTC'; SET extra_float_digits = 1")
	require.NoError(t, err)

	loaded := map[string][]valueCase{}
	rows := map[string][]byte{}
	for _, test := range valueCases() {
		e, typ := test.encoder(t)
		name := fmt.Sprintf("%s → %s: %.60s", test.schema, typ, test.raw)
		prefix := []byte("before")
		field, err := e.Append(prefix, []byte(test.raw))
		if reason, rejected := strings.CutPrefix(test.want, "!"); rejected {
			var p *Problem
			require.ErrorAs(t, err, &p, name)
			require.Equal(t, Reason(reason), p.Reason, name)
			require.Equal(t, "before", string(field), name)
			continue
		}
		require.NoError(t, err, name)
		field, ok := bytes.CutPrefix(field, prefix)
		require.True(t, ok, name)
		key := typ.String()
		row := binary.BigEndian.AppendUint16(rows[key], 2)
		row = binary.BigEndian.AppendUint32(append(row, 0, 0, 0, 4), uint32(len(loaded[key])))
		rows[key] = append(row, field...)
		loaded[key] = append(loaded[key], test)
	}

	for typ, cases := range loaded {
		_, err := conn.Exec(t.Context(), "CREATE TEMP TABLE received (n integer, v "+typ+")")
		require.NoError(t, err)
		data := append([]byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"), rows[typ]...)
		data = append(data, 0xff, 0xff)
		_, err = conn.PgConn().CopyFrom(t.Context(), bytes.NewReader(data), "COPY received FROM STDIN (FORMAT binary)")
		require.NoError(t, err, typ)
		result := conn.PgConn().ExecParams(t.Context(), "SELECT v FROM received ORDER BY n", nil, nil, nil, nil).Read()
		require.NoError(t, result.Err)
		require.Len(t, result.Rows, len(cases))
		for n, test := range cases {
			got := isNullWord
			if v := result.Rows[n][0]; v != nil {
				got = string(v)
			}
			assert.Equal(t, test.want, got, "%s: %.60s", typ, test.raw)
		}
		_, err = conn.Exec(t.Context(), "DROP TABLE received")
		require.NoError(t, err)
	}
}
