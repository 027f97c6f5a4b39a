package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/kinds"
)

func TestColumnAppend(t *testing.T) {
	t.Parallel()
	newYork, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	us, err := parseDateFormat("%m/%d/%Y", nil)
	require.NoError(t, err)
	clock, err := parseDateFormat("%m/%d/%Y %I:%M %p", newYork)
	require.NoError(t, err)
	type values map[string]string // value to JSON; empty: does not fit
	for name, test := range map[string]struct {
		column column
		values values
	}{
		"integer": {column{kind: kinds.Integer}, values{
			"0": "0", "-1": "-1", "123456789012345": "123456789012345", "1234567890123456": "", "007": "", "-0": "", "+1": "", "1.0": "",
			"": "", "-": "", "1e5": "", " 1": "", "１": "",
		}},
		"number": {column{kind: kinds.Number}, values{
			"12.50": "12.50", "-0.5": "-0.5", "7": "7", ".5": "", "5.": "", "00.5": "", "1,234.50": "", "$12.00": "", "1.5e3": "", "NaN": "",
			"1234567.12345678": "1234567.12345678", "12345678.12345678": "",
		}},
		"declared number": {column{kind: kinds.Number, declared: true}, values{
			"007.5": "7.5", "+3": "3", "1e5": "1e5", "12345678901234567890.1": "12345678901234567890.1", "abc": "", "": "", "1.": "", "0": "0", "-00": "-0",
		}},
		"declared integer": {column{kind: kinds.Integer, declared: true}, values{"007": "7", "12345678901234567890": "12345678901234567890", "1.5": "", "1e2": ""}},
		"boolean":          {column{kind: kinds.Boolean}, values{"true": "true", "false": "false", "TRUE": "", "1": "", "yes": ""}},
		"declared boolean": {column{kind: kinds.Boolean, declared: true}, values{"YES": "true", "n": "false", "1": "true", "maybe": ""}},
		"ISO date": {column{kind: kinds.Date, dates: isoDates(nil)}, values{
			"2026-02-28": `"2026-02-28"`, "2026-02-29": "", "2024-02-29": `"2024-02-29"`, "0000-01-01": "", "2026-1-1": "", "2026-11-03T00:00:00Z": "",
		}},
		"ISO date-time": {column{kind: kinds.DateTime, dates: isoDates(nil)}, values{
			"2026-11-03T10:00:00Z": `"2026-11-03T10:00:00Z"`, "2026-11-03 10:00:00+02:00": `"2026-11-03T08:00:00Z"`,
			"2026-11-03 10:00:00.250-0500": `"2026-11-03T15:00:00.25Z"`, "2026-11-03 10:00:00": "", "2026-11-03T25:00:00Z": "",
			"2026-11-03": `"2026-11-03T00:00:00Z"`, "2026-11-03T10:00Z": `"2026-11-03T10:00:00Z"`, "2026-11-03T10:00:00.1234567891Z": "",
		}},
		"ISO date-time in a zone": {column{kind: kinds.DateTime, dates: isoDates(newYork)}, values{
			"2026-11-03 10:00:00": `"2026-11-03T15:00:00Z"`, "2026-07-03 10:00": `"2026-07-03T14:00:00Z"`, "2026-07-03": `"2026-07-03T04:00:00Z"`,
		}},
		"US date":  {column{kind: kinds.Date, dates: us}, values{"11/03/2026": `"2026-11-03"`, "1/2/2026": `"2026-01-02"`, "13/01/2026": "", "02/30/2026": "", "11/03/26": "", "2026-11-03": ""}},
		"US clock": {column{kind: kinds.DateTime, dates: clock}, values{"11/03/2026 12:05 AM": `"2026-11-03T05:05:00Z"`, "11/03/2026 1:05 pm": `"2026-11-03T18:05:00Z"`, "11/03/2026 13:05 PM": ""}},
		"text":     {column{kind: kinds.Text}, values{"a\"b\\\n\tü": `"a\"b\\\n\tü"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for value, want := range test.values {
				got, ok := test.column.append([]byte("x"), []byte(value))
				require.Equal(t, want != "", ok, "%q", value)
				require.Equal(t, "x"+want, string(got), "%q", value)
			}
		})
	}
}

func TestDateFormats(t *testing.T) {
	t.Parallel()
	for layout, test := range map[string]struct{ value, want string }{
		"%d.%m.%y":            {"03.11.69", `"1969-11-03T00:00:00Z"`},
		"%d %B %Y":            {"3 november 2026", `"2026-11-03T00:00:00Z"`},
		"%b %-d, %Y":          {"Nov 3, 2026", `"2026-11-03T00:00:00Z"`},
		"%Y%j":                {"2024366", `"2024-12-31T00:00:00Z"`},
		"%F %T":               {"2026-11-03 01:02:03", `"2026-11-03T01:02:03Z"`},
		"%F %T.%f %z":         {"2026-11-03 01:02:03.5 +0130", `"2026-11-02T23:32:03.5Z"`},
		"%m/%d/%Y %r":         {"11/03/2026 01:02:03 PM", `"2026-11-03T13:02:03Z"`},
		"100%% %Y-%m-%d":      {"100% 2026-11-03", `"2026-11-03T00:00:00Z"`},
		"%Y-%m-%dT%H:%M:%S%Z": {"2026-11-03T01:02:03UTC", `"2026-11-03T01:02:03Z"`},
	} {
		f, err := parseDateFormat(layout, nil)
		require.NoError(t, err, layout)
		got, ok := f.appendInstant(nil, []byte(test.value))
		require.True(t, ok, layout)
		require.Equal(t, test.want, string(got), layout)
	}
	for _, layout := range []string{"%Q", "%H:%M", "%Y-%m", "2006-01-02", "%Y%"} {
		_, err := parseDateFormat(layout, nil)
		require.Error(t, err, layout)
	}
}

func TestSampler(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		values []string
		hint   kinds.Kind
		want   kinds.Kind
	}{
		"nothing":                       {nil, kinds.Text, kinds.Text},
		"nothing, hinted":               {nil, kinds.Date, kinds.Date},
		"integers":                      {[]string{"1", "20"}, kinds.Text, kinds.Integer},
		"decimals":                      {[]string{"1", "2.5"}, kinds.Text, kinds.Number},
		"leading zeros":                 {[]string{"1", "02134"}, kinds.Text, kinds.Text},
		"long identifiers":              {[]string{"12345678901234567"}, kinds.Text, kinds.Text},
		"booleans":                      {[]string{"true", "false"}, kinds.Text, kinds.Boolean},
		"flags stay text":               {[]string{"YES", "NO"}, kinds.Text, kinds.Text},
		"days":                          {[]string{"2026-11-03"}, kinds.Text, kinds.Date},
		"days and instants":             {[]string{"2026-11-03", "2026-11-03T01:00:00Z"}, kinds.Text, kinds.DateTime},
		"ambiguous days":                {[]string{"01/02/2026"}, kinds.Text, kinds.Text},
		"mixed":                         {[]string{"1", "true"}, kinds.Text, kinds.Text},
		"a hint that a value refutes":   {[]string{"7", "n/a"}, kinds.Number, kinds.Text},
		"a hint that the values permit": {[]string{"7"}, kinds.Number, kinds.Number},
	} {
		s := &sampler{}
		for _, v := range test.values {
			s.add([]byte(v), isoDates(nil))
		}
		require.Equal(t, test.want, s.kind(test.hint), name)
	}
}

func TestWiden(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		from  kinds.Kind
		value string
		want  kinds.Kind
	}{
		{kinds.Integer, "1.5", kinds.Number}, {kinds.Integer, "007", kinds.Text}, {kinds.Number, "abc", kinds.Text}, {kinds.Boolean, "1", kinds.Text},
		{kinds.Date, "2026-11-03T01:00:00Z", kinds.DateTime}, {kinds.Date, "soon", kinds.Text}, {kinds.DateTime, "soon", kinds.Text},
	} {
		c := column{kind: test.from, dates: isoDates(nil), declared: true, schema: []byte(`{}`)}
		c.widen([]byte(test.value))
		require.Equal(t, test.want, c.kind, "%s meets %s", test.from, test.value)
		require.Nil(t, c.schema)
		require.Equal(t, c.kind, kinds.Widest(test.from, c.kind))
	}
}

func TestFileDate(t *testing.T) {
	t.Parallel()
	modified := time.Date(2026, 5, 6, 23, 0, 0, 0, time.FixedZone("", -3*3600))
	for key, want := range map[string]string{
		"orders/2026-11-03/part.csv":     "2026-11-03",
		"orders_20261103.csv":            "2026-11-03",
		"orders_2026-13-03_20261104.csv": "2026-11-04",
		"20261103120000.csv":             "2026-05-07",
		"id123456789/20260229.csv":       "2026-05-07",
		"20260229-20260301.csv":          "2026-03-01",
		"daily.03.11.2025.csv":           "2025-11-03",
		"plain.csv":                      "2026-05-07",
	} {
		d, err := newFileDater("%d.%m.%Y")
		require.NoError(t, err)
		require.Equal(t, want, d.date(key, modified).Format(time.DateOnly), key)
	}
	d, err := newFileDater(`w(?P<day>\d+)_(?P<month>\d+)_(?P<year>\d{2})`)
	require.NoError(t, err)
	require.Equal(t, "2024-02-01", d.date("w1_2_24.csv", modified).Format(time.DateOnly))
	for _, bad := range []string{"(", "%Y-%m", `(?P<year>\d+)`} {
		_, err := newFileDater(bad)
		require.Error(t, err, bad)
	}
}
