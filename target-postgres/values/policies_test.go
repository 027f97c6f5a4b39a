package values

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/values.md anew")

// A policy is one row of docs/values.md: how values are treated that do not go into their column as they are. Its examples
// are among the values that a server is sent.
type policy struct {
	value    string // what comes in
	column   string // the types of column that the row is for
	result   string // what is stored, or the reason why the record is rejected
	examples []valueCase
}

func policies() []policy {
	return []policy{
		{"null, or an absent member", "any", "null, whatever the schema says of null; a key column rejects it", []valueCase{
			{aString, "", `null`, isNullWord},
			{`{"type":"integer"}`, "", ``, isNullWord},
		}},
		{"a JSON type that the schema does not declare", "any", "rejected: wrong_kind. A record never widens a column, and text is never guessed to be a number or a boolean", []valueCase{
			{anInteger, "text", `"5"`, "!wrong_kind"},
			{aBoolean, "", `1`, "!wrong_kind"},
		}},
		{"a whole number written 1.0 or 1e3", "smallint, integer, bigint", "the whole number", []valueCase{
			{anInteger, "", `1e3`, "1000"},
		}},
		{"a number with a fraction", "smallint, integer, bigint; any column of a declared integer", "rejected: fraction", []valueCase{
			{anInteger, "", `1.5`, "!fraction"},
			{anInteger, "numeric", `1.5`, "!fraction"},
		}},
		{"a number beyond the type's bits", "smallint, integer, bigint", "rejected: out_of_range", []valueCase{
			{anInteger, "", `9223372036854775808`, "!out_of_range"},
			{anInteger, "", `1e400`, "!out_of_range"},
		}},
		{"any number of digits", "numeric", "every digit as sent, trailing zeros included", []valueCase{
			{aNumber, "", `10000000000000000000000000000000000000000`, "10000000000000000000000000000000000000000"},
			{aNumber, "", `0.10`, "0.10"},
			{aNumber, "", `1e400`, "1" + strings.Repeat("0", 400)},
			{`{"type":"integer","maximum":1e30}`, "", `9223372036854775808`, "9223372036854775808"},
		}},
		{"more than 131072 digits before the point or 16383 after it", "numeric", "rejected: out_of_range", []valueCase{
			{aNumber, "", `1e131072`, "!out_of_range"},
			{aNumber, "", `1e-16384`, "!out_of_range"},
		}},
		{"more fractional digits than the scale", "numeric(p,s)", "rounded by PostgreSQL", []valueCase{
			{aNumber, "numeric(5,2)", `123.456`, "123.46"},
		}},
		{"a number", "real, double precision", "the nearest float; rejected as out_of_range where there is none, and where a declared integer would change", []valueCase{
			{aNumber, "double precision", `0.1`, "0.1"},
			{aNumber, "double precision", `1e400`, "!out_of_range"},
			{anInteger, "double precision", `9007199254740993`, "!out_of_range"},
		}},
		{"NaN, Infinity, -Infinity", "numeric, real, double precision", "stored as such (infinity in numeric needs PostgreSQL 14)", []valueCase{
			{aNumber, "", `NaN`, "NaN"},
			{aNumber, "double precision", `-Infinity`, "-Infinity"},
		}},
		{"NaN, Infinity, -Infinity", "smallint, integer, bigint; any column of a declared integer", "rejected: not_finite", []valueCase{
			{anInteger, "", `NaN`, "!not_finite"},
		}},
		{"NaN, Infinity, -Infinity", "jsonb, json", "the string of that name, counted; to_jsonb does the same", []valueCase{
			{anObject, "", `[NaN, -Infinity]`, `["NaN", "-Infinity"]`},
		}},
		{"a string", "numeric, when the schema's format is singer.decimal", "the number; NaN, Infinity and Inf in any case too", []valueCase{
			{aDecimal, "", `"1.50"`, "1.50"},
			{aDecimal, "", `"-inf"`, "-Infinity"},
		}},
		{"a string", "any number, otherwise", "rejected: wrong_kind", []valueCase{
			{aString, "bigint", `"5"`, "!wrong_kind"},
		}},
		{"a number", "text, varchar, char", "the number as it was written", []valueCase{
			{aNumber, "text", `1.50`, "1.50"},
			{`{"type":["string","integer"]}`, "", `12`, "12"},
		}},
		{"true, false", "text, varchar, char", "true, false", []valueCase{
			{aBoolean, "text", `true`, "true"},
		}},
		{"an object or array", "text, varchar, char", "its JSON without space between tokens", []valueCase{
			{anObject, "text", `{ "a" : [ 1 ] }`, `{"a":[1]}`},
		}},
		{"an empty string", "text, varchar, char", "an empty string, not null", []valueCase{
			{aString, "", `""`, ""},
		}},
		{"more characters than n", "varchar(n), char(n)", "rejected: too_long", []valueCase{
			{aString, "varchar(3)", `"héél"`, "!too_long"},
		}},
		{"U+0000", "text, varchar, char, jsonb, json", "U+FFFD, counted; inside objects and in member names too", []valueCase{
			{aString, "", `"a\u0000b"`, "a\uFFFDb"},
			{anObject, "", `{"a\u0000":["\u0000"]}`, `{"a` + "\uFFFD\": [\"\uFFFD\"]" + `}`},
		}},
		{"half of a surrogate pair", "text, varchar, char, jsonb, json", "U+FFFD, counted", []valueCase{
			{aString, "", `"\ud800x"`, "\uFFFDx"},
			{anObject, "", `["\udc00"]`, "[\"\uFFFD\"]"},
		}},
		{"bytes that are not UTF-8", "text, varchar, char, jsonb, json", "U+FFFD for each, counted", []valueCase{
			{aString, "", "\"a\xffb\"", "a\uFFFDb"},
		}},
		{"a member that comes twice", "jsonb", "the last one counts", []valueCase{
			{anObject, "", `{"a":1,"a":2}`, `{"a": 2}`},
		}},
		{"a number in an object", "jsonb", "every digit as sent; one beyond the limits of numeric is rejected by the server", []valueCase{
			{anObject, "", `{"a":1e400}`, `{"a": 1` + strings.Repeat("0", 400) + `}`},
			{anObject, "", `{"a":0.10}`, `{"a": 0.10}`},
		}},
		{"a date and time with an offset: Z, UTC, +hh, +hhmm, +hh:mm, +hh:mm:ss, a space before it or not", "timestamptz", "that instant", []valueCase{
			{aDateTime, "", `"2026-07-01T12:00:00+02:00"`, "2026-07-01 10:00:00+00"},
			{aDateTime, "", `"2026-07-01T12:00:00+15:59"`, "2026-06-30 20:01:00+00"},
			{aDateTime, "", `"2026-07-01T12:00:00-15:59"`, "2026-07-02 03:59:00+00"},
		}},
		{"the same", "timestamp, which has no zone", "that instant in UTC, so that rows of several offsets keep their order and what lies between them. PostgreSQL's own cast leaves the offset out and " +
			"keeps the hour, and so do the targets of MeltanoLabs, PipelineWise and Airbyte", []valueCase{
			{aDateTime, "timestamp", `"2026-10-25T02:30:00+02:00"`, "2026-10-25 00:30:00"},
			{aDateTime, "timestamp", `"2026-10-25T02:15:00+01:00"`, "2026-10-25 01:15:00"},
		}},
		{"a date and time without offset", "timestamptz, timestamp", "taken as UTC", []valueCase{
			{aDateTime, "", `"2026-07-01 12:34:56"`, "2026-07-01 12:34:56+00"},
		}},
		{"a date alone", "timestamptz, timestamp", "midnight UTC", []valueCase{
			{aDateTime, "", `"2026-07-01"`, "2026-07-01 00:00:00+00"},
		}},
		{"T, t or a space between date and time; seconds left out; a point or comma before the fraction", "timestamptz, timestamp", "accepted", []valueCase{
			{aDateTime, "", `"2026-07-01t12:34Z"`, "2026-07-01 12:34:00+00"},
		}},
		{"digits beyond microseconds", "timestamptz, timestamp, time, interval", "rounded to the nearest microsecond, half up", []valueCase{
			{aDateTime, "", `"2026-07-01T12:34:56.1234565Z"`, "2026-07-01 12:34:56.123457+00"},
		}},
		{"second 60", "timestamptz, timestamp, time", "the first second of the next minute", []valueCase{
			{aDateTime, "", `"2016-12-31T23:59:60Z"`, "2017-01-01 00:00:00+00"},
		}},
		{"24:00:00", "timestamptz, timestamp", "midnight of the next day", []valueCase{
			{aDateTime, "", `"2026-07-01T24:00:00Z"`, "2026-07-02 00:00:00+00"},
		}},
		{"24:00:00", "time", "24:00:00", []valueCase{
			{aTime, "", `"24:00:00"`, "24:00:00"},
		}},
		{"year 0000 and years below", "timestamptz, timestamp, date", "as in ISO 8601: 0000 is 1 BC, -0001 is 2 BC; 0044-03-15 BC is read too", []valueCase{
			{aDateTime, "", `"0000-01-01T00:00:00Z"`, "0001-01-01 00:00:00+00 BC"},
			{aDate, "", `"0044-03-15 BC"`, "0044-03-15 BC"},
		}},
		{"years above 9999, with or without a plus", "timestamptz, timestamp, date", "as they are, to 294276 for timestamps and 5874897 for dates", []valueCase{
			{aDateTime, "", `"10000-01-01T00:00:00Z"`, "10000-01-01 00:00:00+00"},
			{aDate, "", `"+5874897-12-31"`, "5874897-12-31"},
		}},
		{"an instant before 4714-11-24 BC or beyond those years", "timestamptz, timestamp, date", "rejected: out_of_range", []valueCase{
			{aDateTime, "", `"294277-01-01T00:00:00Z"`, "!out_of_range"},
		}},
		{"infinity, -infinity", "timestamptz, timestamp, date", "stored as such", []valueCase{
			{aDateTime, "", `"infinity"`, "infinity"},
			{aDate, "", `"-Infinity"`, "-infinity"},
		}},
		{"a day that the calendar does not have, such as 0000-00-00", "timestamptz, timestamp, date", "rejected: bad_format", []valueCase{
			{aDate, "", `"0000-00-00"`, "!bad_format"},
			{aDateTime, "", `"2026-02-29T00:00:00Z"`, "!bad_format"},
		}},
		{"a date and time at midnight", "date", "the date as written", []valueCase{
			{aDate, "", `"2026-07-01T00:00:00+02:00"`, "2026-07-01"},
		}},
		{"a date and time not at midnight", "date", "rejected: fraction", []valueCase{
			{aDate, "", `"2026-07-01T00:00:01Z"`, "!fraction"},
		}},
		{"a time with an offset", "time", "that time in UTC", []valueCase{
			{aTime, "", `"00:30:00+02:00"`, "22:30:00"},
		}},
		{"an ISO 8601 duration, or [N days,] HH:MM:SS", "interval", "years and months as months, weeks and days as days, the rest as time", []valueCase{
			{aDuration, "", `"P1Y2M3DT4H5M6.789S"`, "1 year 2 mons 3 days 04:05:06.789"},
			{aDuration, "", `"1 day, 2:03:04"`, "1 day 02:03:04"},
		}},
		{"half a day, half an hour", "interval", "as time; a fraction of a month is rejected: fraction", []valueCase{
			{aDuration, "", `"P0.5D"`, "12:00:00"},
			{aDuration, "", `"P1.5M"`, "!fraction"},
		}},
		{"32 hexadecimal digits, upper or lower case, hyphens, braces", "uuid", "the UUID", []valueCase{
			{aUUID, "", `"{A0EEBC999C0B4EF8BB6D6BB9BD380A11}"`, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		}},
		{"base64 of either alphabet, padded or not", "bytea, when the schema's contentEncoding is base64", "the bytes", []valueCase{
			{base64Text, "bytea", `"AAEC_w"`, `\x000102ff`},
		}},
		{"hexadecimal digits", "bytea, when the schema's contentEncoding is base16", "the bytes", []valueCase{
			{base16Text, "bytea", `"00fF"`, `\x00ff`},
		}},
		{`\x and hexadecimal digits`, "bytea, otherwise", "the bytes", []valueCase{
			{`{"type":"string","x-sql-datatype":"bytea"}`, "", `"\\x00ff"`, `\x00ff`},
		}},
		{"an IPv4 or IPv6 address, or a network with the length of its prefix", "inet", "as sent; one with a zone is rejected: bad_format", []valueCase{
			{anAddress, "", `"192.168.0.1/24"`, "192.168.0.1/24"},
			{anAddress, "", `"fe80::1%eth0"`, "!bad_format"},
		}},
		{"an array of values that its column's element type takes", "any array", "an array of one dimension, in order; null is a null element", []valueCase{
			{arrayOf(anInteger), "", `[1, null]`, "{1,NULL}"},
			{arrayOf(aString), "", `[]`, "{}"},
		}},
		{"an array with an element that its schema or type refuses", "any array", "rejected, with the element's reason", []valueCase{
			{arrayOf(anInteger), "", `[1,"2"]`, "!wrong_kind"},
		}},
		{"an array in an array", "any array but that of jsonb", "rejected: wrong_kind; a schema with such items gets a jsonb column", []valueCase{
			{arrayOf(anInteger), "", `[[1]]`, "!wrong_kind"},
			{arrayOf(arrayOf(anInteger)), "", `[[1],[2]]`, "[[1], [2]]"},
		}},
		{"anything else", "timestamptz, timestamp, date, time, interval, uuid, inet, bytea, numeric", "rejected: bad_format", []valueCase{
			{aDateTime, "", `"yesterday"`, "!bad_format"},
			{aDecimal, "", `"1,234"`, "!bad_format"},
		}},
	}
}

// TestPoliciesPage holds docs/values.md against the policies.
//
//go:generate go test -run TestPoliciesPage -count 1 . -update
func TestPoliciesPage(t *testing.T) {
	t.Parallel()
	const path = "../../docs/values.md"
	var page strings.Builder
	page.WriteString("# What becomes of a value\n\nHow `target-postgres` treats values that do not go into their column as they are. " +
		"A rejected record goes to `_signalroom_rejects` with the reason given here; the rest of its batch is loaded. " +
		"What is counted is said in one line at the end of the run. Every example is a test. " +
		"A value may be as long as a line of input, 256 MiB.\n\n" +
		"| value | column | result | examples |\n|---|---|---|---|\n")
	cell := strings.NewReplacer("|", `\|`, "<", "&lt;", "_", `\_`).Replace
	seen := map[string]bool{}
	for _, p := range policies() {
		require.False(t, seen[p.value+p.column], "%s in %s stands there twice", p.value, p.column)
		seen[p.value+p.column] = true
		require.NotEmpty(t, p.examples, p.value)
		var examples []string
		for _, e := range p.examples {
			examples = append(examples, e.example(t))
		}
		fmt.Fprintf(&page, "| %s | %s | %s | %s |\n", cell(p.value), cell(p.column), cell(p.result), strings.Join(examples, "<br>"))
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(page.String()), 0o644))
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, page.String(), string(have), "run make generate")
}

// example writes the case for the page.
func (c valueCase) example(t *testing.T) string {
	_, typ := c.encoder(t)
	want := "`" + c.want + "`"
	switch {
	case strings.HasPrefix(c.want, "!"):
		want = "rejected: " + strings.ReplaceAll(c.want[1:], "_", `\_`)
	case c.want == isNullWord:
		want = "null"
	case c.want == "":
		want = "an empty string"
	case len(c.want) > 60:
		want = "`" + c.want[:12] + "…`"
	}
	raw := "`" + strings.ToValidUTF8(c.raw, `\xff`) + "`"
	if c.raw == "" {
		raw = "no member"
	}
	return fmt.Sprintf("%s in %s: %s", strings.ReplaceAll(raw, "|", `\|`), typ, want)
}
