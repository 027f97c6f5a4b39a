package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// TestLinesAroundTheRows are titles above the header, and totals at the end.
func TestLinesAroundTheRows(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]any{"skip_lines": 3, "skip_footer_lines": 2})
	b.put("2026-11-01.csv", "Report \"of orders\n\nmade on, 1 November; by | Ann\nid,total\n1,2.50\n2,\"3\n.5\"\n\nTotal,,6.00\n2 rows\n\n")
	b.put("2026-11-02.csv", "\xff\xfe"+utf16le("Umsätze\r\n\r\n-\r\nid\ttotal\r\n3\t1\r\nSumme\t1\r\nEnde"))
	b.put("2026-11-03.csv", "no rows\n\n\nid,total\nTotal,0\n0 rows")
	b.put("2026-11-04.csv", "too short\n")
	messages, _ := b.sync(nil)
	require.Equal(t, []string{
		`{"_file_name":"2026-11-01.csv","_file_date":"2026-11-01","_row_id":1,"id":1,"total":"2.50"}`,
		`{"_file_name":"2026-11-01.csv","_file_date":"2026-11-01","_row_id":2,"id":2,"total":"3\n.5"}`,
		`{"_file_name":"2026-11-02.csv","_file_date":"2026-11-02","_row_id":1,"id":3,"total":"1"}`,
	}, rows(messages, "daily_exports"))
	require.Empty(t, rows(messages, rejectedRows))
}

func utf16le(text string) string {
	var b strings.Builder
	for _, c := range text {
		b.WriteByte(byte(c))
		b.WriteByte(byte(c >> 8))
	}
	return b.String()
}

// TestFilesWithoutHeader take their columns from the settings, and from what most rows are like.
func TestFilesWithoutHeader(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]any{"header_names": "id,e-mail", "column_names": "snake_case"})
	b.put("2026-11-01.csv", "1,ada@example.com,x\n2,grace@example.com,y\n3,eve@example.com,z,surplus\n")
	b.put("2026-11-02.csv", "id,e-mail,column_3\n4,kim@example.com,\n") // with a header, for once
	b.put("2026-11-03.csv", "")
	messages, state := b.sync(nil)
	require.Equal(t, []string{
		`{"_file_name":"2026-11-01.csv","_file_date":"2026-11-01","_row_id":1,"id":1,"e_mail":"ada@example.com","column_3":"x"}`,
		`{"_file_name":"2026-11-01.csv","_file_date":"2026-11-01","_row_id":2,"id":2,"e_mail":"grace@example.com","column_3":"y"}`,
		`{"_file_name":"2026-11-01.csv","_file_date":"2026-11-01","_row_id":3,"id":3,"e_mail":"eve@example.com","column_3":"z","_extra":{"column_4":"surplus"}}`,
		`{"_file_name":"2026-11-02.csv","_file_date":"2026-11-02","_row_id":2,"id":4,"e_mail":"kim@example.com","column_3":null}`,
	}, rows(messages, "daily_exports"))
	again, _ := b.sync(state)
	require.Empty(t, rows(again, "daily_exports"))

	b = newBench(t, map[string]any{"header": "none"})
	b.put("2026-11-01.csv", "1;2\n3;4\n")
	messages, _ = b.sync(nil)
	require.Equal(t, []string{
		`{"_file_name":"2026-11-01.csv","_file_date":"2026-11-01","_row_id":1,"column_1":1,"column_2":2}`,
		`{"_file_name":"2026-11-01.csv","_file_date":"2026-11-01","_row_id":2,"column_1":3,"column_2":4}`,
	}, rows(messages, "daily_exports"))
}

// TestLinesAroundTheRowsOfALargeFile are told apart when a run goes on inside of it too.
func TestLinesAroundTheRowsOfALargeFile(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]any{"header": "none", "skip_lines": 1, "skip_footer_lines": 1, "types": "text"})
	small := program
	small.Open = opener(512 << 10)
	text := manyRows(2 << 20)
	b.put("2026-11-01.csv", "title\n"+text[strings.IndexByte(text, '\n')+1:]+"total\n")
	taptest.Resume(t, small, b.input(nil), taptest.Once)
}

func TestLayoutSettings(t *testing.T) {
	t.Parallel()
	out := taptest.Run(t, program, taptest.Input{Config: map[string]any{"bucket": "b", "header": "line", "header_names": "id"}})
	require.Equal(t, 2, out.Code, out.Stderr)
	require.Contains(t, out.Stderr, "header_names are for files without a header: set header to none")
}
