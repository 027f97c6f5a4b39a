package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNumberKinds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		raw, format, pattern string
		want                 kind
	}{
		{"5", "", "", integer},
		{"5.0", "NUMBER", "0.00", integer},
		{"1e3", "SCIENTIFIC", "", integer},
		{"-7", "", "", integer},
		{"9007199254740992", "", "", integer},
		{"12345678901234567000", "", "", number}, // beyond what a bigint takes
		{"0.12", "PERCENT", "0%", number},
		{"49.95", "CURRENCY", "$0.00", number},
		{"45000", "DATE", "yyyy-mm-dd", date},
		{"45000.5", "DATE", "", dateTime}, // the time is there, though it is not shown
		{"45000", "DATE_TIME", "", dateTime},
		{"0.5", "TIME", "h:mm", clock},
		{"45000.5", "TIME", "h:mm am/pm", dateTime},
		{"1.5", "TIME", "[h]:mm:ss", duration},
		{"0.5", "TIME", "[hh]:mm", duration},
		{"-0.5", "TIME", "[h]:mm", duration},
		{"1e9", "DATE", "", integer}, // the year 2,739,807
		{"-693593", "DATE", "", date},
		{"-693594", "DATE", "", integer},
		{"2958465.5", "DATE_TIME", "", dateTime},
	} {
		require.Equal(t, test.want, numberKind([]byte(test.raw), test.format, test.pattern), "%v", test)
	}
}

// The examples of https://developers.google.com/workspace/sheets/api/guides/concepts#datetime_serial_numbers are among these.
func TestAppendValue(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	for _, test := range []struct {
		column, cell kind
		raw, want    string
	}{
		{text, text, `"00123"`, `"00123"`},
		{text, integer, `456`, `"456"`},
		{text, integer, `5.0`, `"5"`},
		{text, number, `0.5`, `"0.5"`},
		{text, boolean, `true`, `"TRUE"`},
		{text, date, `33`, `"1900-02-01"`},
		{text, clock, `0.5`, `"12:00:00"`},
		{boolean, boolean, `false`, `false`},
		{integer, integer, `1e3`, `1000`},
		{integer, integer, `-0`, `0`},
		{number, integer, `1.0E3`, `1000`},
		{number, number, `1.50`, `1.50`},
		{number, number, `12345678901234567000`, `12345678901234567000`},
		{date, date, `0`, `"1899-12-30"`},
		{date, date, `60`, `"1900-02-28"`}, // 1900 is no leap year here
		{date, date, `61`, `"1900-03-01"`},
		{date, date, `-1`, `"1899-12-29"`},
		{date, date, `-693593`, `"0001-01-01"`},
		{date, date, `2958465`, `"9999-12-31"`},
		{dateTime, dateTime, `2.5`, `"1900-01-01T12:00:00-05:00"`},
		{dateTime, dateTime, `33.625`, `"1900-02-01T15:00:00-05:00"`},
		{dateTime, dateTime, `46204.395833333336`, `"2026-07-01T09:30:00-04:00"`},
		{dateTime, dateTime, `46023.39583332176`, `"2026-01-01T09:29:59.999-05:00"`},
		{dateTime, dateTime, `46023.3958333333`, `"2026-01-01T09:30:00-05:00"`}, // short of it by a microsecond
		{dateTime, dateTime, `-10957.5`, `"1869-12-29T16:56:02Z"`},              // New York was 4:56:02 behind
		{dateTime, dateTime, `-0.25`, `"1899-12-29T18:00:00-05:00"`},
		{dateTime, date, `46204`, `"2026-07-01T00:00:00-04:00"`},
		{clock, clock, `0.3958333333`, `"09:30:00"`},
		{clock, clock, `0.99999999999`, `"00:00:00"`},
		{duration, duration, `1.1041666667`, `"26:30:00"`},
		{duration, duration, `-0.0625`, `"-01:30:00"`},
		{duration, duration, `0.0000173611`, `"00:00:01.500"`},
	} {
		got := string(appendValue(nil, test.column, test.cell, []byte(test.raw), zone))
		require.Equal(t, test.want, got, "%v", test)
		require.True(t, json.Valid([]byte(got)))
	}
	require.Equal(t, `a"b`, string(appendText(nil, text, text, []byte(`"a\"b"`), zone)))
	require.Equal(t, `1000`, string(appendText(nil, integer, integer, []byte(`1e3`), zone)))
}

func TestWidest(t *testing.T) {
	t.Parallel()
	for a := range kind(len(kindNames)) {
		require.Equal(t, a, widest(a, blank))
		require.Equal(t, a, widest(blank, a))
		require.Equal(t, a, widest(a, a))
		for b := range kind(len(kindNames)) {
			w := widest(a, b)
			require.Equal(t, w, widest(b, a))
			require.Equal(t, w, widest(w, a), "a column that was widened stays as it is")
		}
	}
	require.Equal(t, number, widest(integer, number))
	require.Equal(t, dateTime, widest(date, dateTime))
	require.Equal(t, text, widest(date, integer))
	require.Equal(t, text, widest(boolean, integer))
	require.Equal(t, text, widest(clock, dateTime))
}

func TestColumnsInABookmark(t *testing.T) {
	t.Parallel()
	encoded, err := json.Marshal([]column{{"a", dateTime}, {"b", blank}})
	require.NoError(t, err)
	require.Equal(t, `[["a","date-time"],["b","blank"]]`, string(encoded))
	var back []column
	require.NoError(t, json.Unmarshal(encoded, &back))
	require.Equal(t, []column{{"a", dateTime}, {"b", blank}}, back)
	require.Error(t, json.Unmarshal([]byte(`[["a","money"]]`), &back))
	require.Error(t, json.Unmarshal([]byte(`[["a"]]`), &back))
}
