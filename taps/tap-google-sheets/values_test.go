package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/kinds"
)

func TestNumberKinds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		raw, format, pattern string
		want                 kinds.Kind
	}{
		{"5", "", "", kinds.Integer},
		{"5.0", "NUMBER", "0.00", kinds.Integer},
		{"1e3", "SCIENTIFIC", "", kinds.Integer},
		{"-7", "", "", kinds.Integer},
		{"9007199254740992", "", "", kinds.Integer},
		{"12345678901234567000", "", "", kinds.Number}, // beyond what a bigint takes
		{"0.12", "PERCENT", "0%", kinds.Number},
		{"49.95", "CURRENCY", "$0.00", kinds.Number},
		{"45000", "DATE", "yyyy-mm-dd", kinds.Date},
		{"45000.5", "DATE", "", kinds.DateTime}, // the time is there, though it is not shown
		{"45000", "DATE_TIME", "", kinds.DateTime},
		{"0.5", "TIME", "h:mm", kinds.Time},
		{"45000.5", "TIME", "h:mm am/pm", kinds.DateTime},
		{"1.5", "TIME", "[h]:mm:ss", kinds.Duration},
		{"0.5", "TIME", "[hh]:mm", kinds.Duration},
		{"-0.5", "TIME", "[h]:mm", kinds.Duration},
		{"1e9", "DATE", "", kinds.Integer}, // the year 2,739,807
		{"-693593", "DATE", "", kinds.Date},
		{"-693594", "DATE", "", kinds.Integer},
		{"2958465.5", "DATE_TIME", "", kinds.DateTime},
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
		column, cell kinds.Kind
		raw, want    string
	}{
		{kinds.Text, kinds.Text, `"00123"`, `"00123"`},
		{kinds.Text, kinds.Integer, `456`, `"456"`},
		{kinds.Text, kinds.Integer, `5.0`, `"5"`},
		{kinds.Text, kinds.Number, `0.5`, `"0.5"`},
		{kinds.Text, kinds.Boolean, `true`, `"TRUE"`},
		{kinds.Text, kinds.Date, `33`, `"1900-02-01"`},
		{kinds.Text, kinds.Time, `0.5`, `"12:00:00"`},
		{kinds.Boolean, kinds.Boolean, `false`, `false`},
		{kinds.Integer, kinds.Integer, `1e3`, `1000`},
		{kinds.Integer, kinds.Integer, `-0`, `0`},
		{kinds.Number, kinds.Integer, `1.0E3`, `1000`},
		{kinds.Number, kinds.Number, `1.50`, `1.50`},
		{kinds.Number, kinds.Number, `12345678901234567000`, `12345678901234567000`},
		{kinds.Date, kinds.Date, `0`, `"1899-12-30"`},
		{kinds.Date, kinds.Date, `60`, `"1900-02-28"`}, // 1900 is no leap year here
		{kinds.Date, kinds.Date, `61`, `"1900-03-01"`},
		{kinds.Date, kinds.Date, `-1`, `"1899-12-29"`},
		{kinds.Date, kinds.Date, `-693593`, `"0001-01-01"`},
		{kinds.Date, kinds.Date, `2958465`, `"9999-12-31"`},
		{kinds.DateTime, kinds.DateTime, `2.5`, `"1900-01-01T12:00:00-05:00"`},
		{kinds.DateTime, kinds.DateTime, `33.625`, `"1900-02-01T15:00:00-05:00"`},
		{kinds.DateTime, kinds.DateTime, `46204.395833333336`, `"2026-07-01T09:30:00-04:00"`},
		{kinds.DateTime, kinds.DateTime, `46023.39583332176`, `"2026-01-01T09:29:59.999-05:00"`},
		{kinds.DateTime, kinds.DateTime, `46023.3958333333`, `"2026-01-01T09:30:00-05:00"`}, // short of it by a microsecond
		{kinds.DateTime, kinds.DateTime, `-10957.5`, `"1869-12-29T16:56:02Z"`},              // New York was 4:56:02 behind
		{kinds.DateTime, kinds.DateTime, `-0.25`, `"1899-12-29T18:00:00-05:00"`},
		{kinds.DateTime, kinds.Date, `46204`, `"2026-07-01T00:00:00-04:00"`},
		{kinds.Time, kinds.Time, `0.3958333333`, `"09:30:00"`},
		{kinds.Time, kinds.Time, `0.99999999999`, `"00:00:00"`},
		{kinds.Duration, kinds.Duration, `1.1041666667`, `"26:30:00"`},
		{kinds.Duration, kinds.Duration, `-0.0625`, `"-01:30:00"`},
		{kinds.Duration, kinds.Duration, `0.0000173611`, `"00:00:01.500"`},
	} {
		got := string(appendValue(nil, test.column, test.cell, []byte(test.raw), zone))
		require.Equal(t, test.want, got, "%v", test)
		require.True(t, json.Valid([]byte(got)))
	}
	require.Equal(t, `a"b`, string(appendText(nil, kinds.Text, kinds.Text, []byte(`"a\"b"`), zone)))
	require.Equal(t, `1000`, string(appendText(nil, kinds.Integer, kinds.Integer, []byte(`1e3`), zone)))
}
