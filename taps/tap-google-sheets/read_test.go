package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-google-sheets/sheetstest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// long is a spreadsheet of a tab with that many rows, some of them blank: a whole stretch of 20 in the middle.
func long(count int) *doc {
	cells := [][]any{{"n", "text"}}
	for n := range count {
		row := []any{n, fmt.Sprintf("row %d", n)}
		if n%7 == 3 || n >= count/2 && n < count/2+20 {
			row = nil
		}
		cells = append(cells, row)
	}
	d := small(cells...)
	d.Tabs[0].Rows, d.Tabs[0].Columns = count+40, 2
	return d
}

// inBlocks makes the tap ask for 10 rows of two columns at a time.
func (b *bench) inBlocks() {
	b.tap.Open = opener(20)
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	for name, trimmed := range map[string]bool{"rows to the end of the range": false, "rows to the last filled one": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, nil, long(100))
				b.Trimmed = trimmed
				whole, _ := b.sync(nil)
				require.Len(t, rows(whole, "Tab"), 69)
				calls := len(b.Calls())
				b.inBlocks()
				messages, _ := b.sync(nil)
				require.Equal(t, rows(whole, "Tab"), rows(messages, "Tab"))
				require.Len(t, b.Calls(), calls+1+1+1+1+14+1, "a token, Drive, what there is, the first rows, 14 blocks, Drive again")
			})
		})
	}
}

// TestBlocksThatFail come in smaller ones, or again.
func TestBlocksThatFail(t *testing.T) {
	t.Parallel()
	unavailable := taptest.Status(503, `{"error":{"code":503,"message":"The service is currently unavailable.","status":"UNAVAILABLE"}}`)
	for name, test := range map[string]struct {
		fault taptest.Fault
		tries int // that fail
	}{
		"a 503":            {unavailable, 1},
		"503 every time":   {unavailable, 7},
		"a web page":       {taptest.WebPage(502), 2},
		"a cut connection": {taptest.Cut(3000), 1},
		"cut every time":   {taptest.Cut(3000), 8},
		"no answer at all": {taptest.Cut(0), 2},
		"429 as a page":    {taptest.WebPage(429), 3},
		"a slow answer":    {taptest.Slow(2 * time.Minute), 1},
		"drive's 403":      {taptest.Status(403, `{"error":{"code":403,"message":"User Rate Limit Exceeded","errors":[{"reason":"userRateLimitExceeded"}]}}`), 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := long(600)
				b := newBench(t, nil, d)
				want, _ := b.sync(nil)
				first := len(b.Calls()) + 5 // token, Drive, what there is, first rows, cells
				for n := range test.tries {
					b.Fail(first+n, test.fault)
				}
				got, _ := b.sync(nil)
				require.Equal(t, rows(want, "Tab"), rows(got, "Tab"))
			})
		})
	}
}

// TestWholeOutage ends as something that passes, with the rows of the last run in place.
func TestWholeOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil, long(600))
		for n := 5; n < 200; n++ {
			b.Fail(n, taptest.Status(503, `{}`))
		}
		out := b.run(nil)
		require.Equal(t, 4, out.Code, out.Stderr)
		require.NotContains(t, types(out.Messages), "ACTIVATE_VERSION")
		require.Less(t, len(b.Calls()), 80)
	})
}

// TestEdits are those that happen while a tab is read.
func TestEdits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		edit func(d *doc, times int)
		says string
		code int
		rows int
	}{
		"once": {func(d *doc, times int) {
			if times == 1 {
				d.Tabs[0].Cells[1][1] = "edited"
				d.Version++
			}
		}, "the spreadsheet was edited while it was read; it is read again", 0, 69},
		"all the time": {func(d *doc, times int) { d.Version++ }, "the spreadsheet is being edited", 0, 69},
		"renamed": {func(d *doc, times int) {
			if times == 1 {
				d.Tabs[0].Title = "Another name"
			}
		}, "it is read again", 0, 69},
		"cut": {func(d *doc, times int) {
			if times == 1 {
				d.Tabs[0].Rows = 50
				d.Tabs[0].Cells = d.Tabs[0].Cells[:50]
			}
		}, "it is read again", 0, 42},
		"deleted": {func(d *doc, times int) {
			d.Tabs = []*sheet{{ID: 8, Title: "x", Cells: [][]any{{"a"}, {1}}}}
		}, `the tab "Tab" is no longer there`, 3, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := long(100)
				b := newBench(t, nil, d)
				b.inBlocks()
				times := 0
				for n := 10; n < 100; n += 12 { // in the middle of the blocks
					b.Fail(n, func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
						b.Change(func() { times++; test.edit(d, times) })
						answer.ServeHTTP(w, r)
					})
				}
				out := b.run(nil)
				require.Equal(t, test.code, out.Code, out.Stderr)
				require.Contains(t, out.Stderr, test.says)
				if test.rows >= 0 {
					require.Len(t, rows(out.Messages, "Tab"), test.rows)
				}
				if name == "once" {
					require.Contains(t, rows(out.Messages, "Tab")[0], "edited")
				}
				if name == "all the time" {
					_, state := taptest.Covered(out.Messages)
					again := b.run(state)
					require.Greater(t, len(b.Calls()), 40, "the next run reads: %s", again.Stderr)
				}
			})
		})
	}
}

// TestLoading has formulas that wait for other data.
func TestLoading(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := small([]any{"a", "b"}, []any{1, failed("LOADING")})
		b := newBench(t, nil, d)
		b.Fail(6, func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
			b.Change(func() { d.Tabs[0].Cells[1][1] = 5 })
			answer.ServeHTTP(w, r)
		})
		began := time.Now()
		messages, _ := b.sync(nil)
		require.Equal(t, []string{`{"_row_number":2,"a":1,"b":5}`}, rows(messages, "Tab"))
		require.GreaterOrEqual(t, time.Since(began), firstLoading)

		b.Change(func() { d.Tabs[0].Cells[1][1] = failed("LOADING") }, d)
		out := b.run(nil)
		require.Equal(t, 4, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, "1 cells are still loading; run again later")
		require.Empty(t, rows(out.Messages, "Tab"))
	})
}

// TestFormatOfTheSpreadsheet is that of the cells that Google gives none, and its zone may be an offset that somebody has typed in.
func TestFormatOfTheSpreadsheet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := small([]any{"Day", "At", "Note"}, []any{46204, formatted("46204.5", "DATE_TIME", "", ""), "x"})
		d.Format, d.Zone = "DATE", "GMT-07:00"
		b := newBench(t, nil, d)
		messages, _ := b.sync(nil)
		require.Equal(t, []string{`{"_row_number":2,"Day":"2026-07-01","At":"2026-07-01T12:00:00-07:00","Note":"x"}`}, rows(messages, "Tab"))
	})
}

// TestStrangeRows are of a form that no documentation tells.
func TestStrangeRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil, small([]any{"a"}, []any{1}))
		b.Fail(5, taptest.Status(200, `{"sheets":[{"data":[{"rowData":[{"values":[{"effectiveValue":{"stringValue":"a"}}]},{"values":[7]}]}]}]}`))
		out := b.run(nil)
		require.Equal(t, 3, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, "row 2 is not of the expected form")
		require.Empty(t, rows(out.Messages, "Tab"))
	})
}

func TestErrorValues(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := small([]any{"a", "b"})
		for _, word := range []string{"NULL_VALUE", "DIVIDE_BY_ZERO", "VALUE", "REF", "NAME", "NUM", "N_A", "ERROR", "SOMETHING_NEW"} {
			d.Tabs[0].Cells = append(d.Tabs[0].Cells, []any{failed(word), 1})
		}
		b := newBench(t, nil, d)
		out := b.run(nil)
		require.Equal(t, `{"_row_number":2,"b":1}`, rows(out.Messages, "Tab")[0])
		require.Contains(t, out.Stderr, "cells=9")
		b.config["error_values"] = "text"
		messages, _ := b.sync(nil)
		all := strings.Join(rows(messages, "Tab"), "\n")
		for _, shown := range []string{"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#ERROR!"} {
			require.Contains(t, all, `"a":"`+shown+`"`)
		}
		b.config["error_values"] = "fail"
		out = b.run(nil)
		require.Equal(t, 3, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, "9 cells hold an error such as #N/A; mend their formulas, or set error_values to null or text")
	})
}

func TestKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := small([]any{"Country", "Code", "Rate"}, []any{"CH", 1, 5}, []any{"CH", 2, 6}, []any{"CH", 1.0, 7}, []any{nil, 4, 8})
		b := newBench(t, map[string]any{"client_id": "acme", "streams": []any{map[string]any{"name": "rates", "tab": "Tab", "key_properties": []string{"Country", "Code"}}}}, d)
		out := b.run(nil)
		require.Equal(t, 0, out.Code, out.Stderr)
		schema, _ := taptest.LastSchema(out.Messages, "rates")
		require.Equal(t, []string{"client_id", "Country", "Code"}, schema.KeyProperties)
		require.Contains(t, string(schema.Schema), `"x-write-disposition":"merge"`)
		require.Equal(t, `{"client_id":"acme","_row_number":2,"Country":"CH","Code":1,"Rate":5}`, rows(out.Messages, "rates")[0])
		require.NotContains(t, types(out.Messages), "ACTIVATE_VERSION")
		require.Contains(t, out.Stderr, "twice=1 without=1")

		b.config["on_duplicate_key"] = "fail"
		out = b.run(nil)
		require.Equal(t, 3, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, "1 rows have the key of another row, 1 have none; correct the sheet")

		b.config["streams"] = []any{map[string]any{"name": "rates", "tab": "Tab", "key_properties": []string{"country"}}}
		out = b.run(nil)
		require.Equal(t, 2, out.Code, out.Stderr)
		require.Contains(t, out.Stderr, `there is no column "country" for the key; correct key_properties: the columns are Country, Code, Rate`)
	})
}

// TestOwnColumns can be selected, hashed and masked as any other.
func TestOwnColumns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]any{"columns": map[string]any{"*": map[string]any{"_row_number": "hash", "Cost": "hash", "Na*": "drop"}}}, small([]any{"Name", "Cost"}, []any{"a", 1}))
		discovered := b.run(nil, "--discover")
		require.Equal(t, 0, discovered.Code, discovered.Stderr)
		in := b.input(nil)
		in.Catalog = []byte(strings.ReplaceAll(string(discovered.Stdout), `"selected-by-default": false`, `"selected": true`))
		messages := taptest.Sync(t, b.tap, in)
		require.Equal(t, []string{`{"_row_number":"d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35",` +
			`"_spreadsheet_id":"` + idOne + `","_sheet_id":0,"_sheet_name":"Tab","Cost":"6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"}`}, rows(messages, "Tab"))
	})
}

// TestTest reads no more than a block.
func TestTest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil, long(100))
		b.inBlocks()
		out := b.run(nil, "--test")
		require.Equal(t, 0, out.Code, out.Stderr)
		require.Equal(t, []string{"SCHEMA", "RECORD"}, types(out.Messages))
		require.Len(t, b.Calls(), 6, "a token, the test, Drive, what there is, the first rows, a block")
	})
}

func TestShards(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]any{"select": []string{"*"}}, costs())
		whole, _ := b.sync(nil)
		taptest.Shards(t, whole, func(shard string) []taptest.Message {
			part, _ := b.sync(nil, "--shard", shard)
			return part
		}, 2, 3, 7)
	})
}

// TestResume stops a run at every one of its requests.
func TestResume(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil, costs())
		taptest.ResumeRequests(t, b.tap, b.input(nil), func() *taptest.API { return sheetstest.New(t, costs()).API }, taptest.Once)
	})
}

// TestPace uses what is permitted, and no more: 200 tabs, which the API sends at once.
func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := small()
		d.Tabs = nil
		for n := range 200 {
			d.Tabs = append(d.Tabs, &sheet{ID: int64(n), Title: fmt.Sprint("Tab ", n), Rows: 3, Columns: 2, Cells: [][]any{{"a", "b"}, {n, "x"}}})
		}
		b := newBench(t, nil, d)
		began := time.Now()
		messages, _ := b.sync(nil)
		require.Len(t, taptest.Streams(messages), 200)
		require.Zero(t, b.Refused)
		var within int
		for _, at := range b.Reads {
			if at.Sub(began) < 3*time.Minute {
				within++
			}
		}
		t.Logf("%d requests in the first three minutes, of %d permitted", within, 3*readsPerMinute)
		require.GreaterOrEqual(t, within*100, 3*readsPerMinute*95)
	})
}

// TestProtected reads what others alone may edit, as protection is about editing: the tap asks for no more than to read.
// https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/sheets#ProtectedRange
func TestProtected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := small([]any{"a"}, []any{1}, []any{2})
		d.Tabs[0].Protected = true
		b := newBench(t, nil, d)
		messages, _ := b.sync(nil)
		require.Equal(t, []string{`{"_row_number":2,"a":1}`, `{"_row_number":3,"a":2}`}, rows(messages, "Tab"))
		for _, scope := range b.Scopes {
			require.Contains(t, scope, ".readonly")
		}
	})
}
