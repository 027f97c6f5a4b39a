package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// A bench is a bucket with a tap in front of it.
type bench struct {
	*s3test.Server
	t        testing.TB
	settings map[string]any
}

func newBench(t testing.TB, settings map[string]any) *bench {
	t.Helper()
	server := s3test.Start(t)
	server.CreateBucket("exports")
	b := &bench{Server: server, t: t, settings: map[string]any{
		"bucket": "exports", "endpoint_url": server.Endpoint, "region": server.Region,
		"aws_access_key_id": server.AccessKeyID, "aws_secret_access_key": server.SecretAccessKey,
	}}
	maps.Copy(b.settings, settings)
	return b
}

func (b *bench) put(key, body string) { b.t.Helper(); b.Put("exports", key, []byte(body)) }

func (b *bench) input(state json.RawMessage, args ...string) taptest.Input {
	return taptest.Input{Config: b.settings, State: state, Args: args}
}

// sync runs the tap and gives its messages and last state.
func (b *bench) sync(state json.RawMessage, args ...string) ([]taptest.Message, json.RawMessage) {
	b.t.Helper()
	messages := taptest.Sync(b.t, program, b.input(state, args...))
	_, last := taptest.Covered(messages)
	return messages, last
}

// rows are the records of a stream as compact JSON.
func rows(messages []taptest.Message, stream string) []string {
	var all []string
	for _, record := range taptest.Records(messages, stream) {
		all = append(all, string(record))
	}
	return all
}

func TestFilesAreReadOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.put("in/orders_2026-11-01.csv", "id,total,zip,at\n1,12.50,02134,2026-11-01T10:00:00Z\n2,3,10001,\n")
	b.put("in/orders_2026-11-02.csv", "id,total,zip,at\n3,,02135,2026-11-02T10:00:00Z\n")
	messages, state := b.sync(nil)
	require.Equal(t, []string{
		`{"_file_name":"in/orders_2026-11-01.csv","_file_date":"2026-11-01","_row_id":1,"id":1,"total":12.50,"zip":"02134","at":"2026-11-01T10:00:00Z"}`,
		`{"_file_name":"in/orders_2026-11-01.csv","_file_date":"2026-11-01","_row_id":2,"id":2,"total":3,"zip":"10001","at":null}`,
		`{"_file_name":"in/orders_2026-11-02.csv","_file_date":"2026-11-02","_row_id":1,"id":3,"total":null,"zip":"02135","at":"2026-11-02T10:00:00Z"}`,
	}, rows(messages, defaultStream))
	schema, _ := taptest.LastSchema(messages, defaultStream)
	require.Equal(t, []string{"_file_name", "_row_id"}, schema.KeyProperties)
	require.Contains(t, string(schema.Schema), `"x-write-disposition":"append"`)

	messages, state = b.sync(state)
	require.Empty(t, rows(messages, defaultStream))
	require.NotEmpty(t, state, "a run without news still says where it stands")

	b.put("in/orders_2026-10-30.csv", "id,total,zip,at\n4,1,1,\n")
	messages, _ = b.sync(state)
	require.Len(t, rows(messages, defaultStream), 1)
}

func TestColumnsDriftAndWiden(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.put("a_2026-11-01.csv", "Id,Amount\n1,5\n")
	_, state := b.sync(nil)
	b.put("b_2026-11-02.csv", "id,Note,Amount\n2,hello,7.5\n3,x,n/a\n4,y,1,surplus,\n")
	messages, state := b.sync(state)
	require.Equal(t, []string{
		`{"_file_name":"b_2026-11-02.csv","_file_date":"2026-11-02","_row_id":1,"Id":2,"Note":"hello","Amount":7.5}`,
		`{"_file_name":"b_2026-11-02.csv","_file_date":"2026-11-02","_row_id":2,"Id":3,"Note":"x","Amount":"n/a"}`,
		`{"_file_name":"b_2026-11-02.csv","_file_date":"2026-11-02","_row_id":3,"Id":4,"Note":"y","Amount":"1","_extra":{"column_4":"surplus"}}`,
	}, rows(messages, defaultStream))
	b.put("c_2026-11-03.csv", "Id,Amount\n5,6\n")
	messages, _ = b.sync(state)
	require.Equal(t, []string{`{"_file_name":"c_2026-11-03.csv","_file_date":"2026-11-03","_row_id":1,"Id":5,"Amount":"6"}`},
		rows(messages, defaultStream), "a type that was widened never narrows")
}

func TestBadRowsCostThemselves(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	body := "id,name\n1,\"fine\"\n2,5\" pipe\n3,\"open\n4,next\n5,\"caf\xff\"\n6,\u00fcber\n"
	b.put("a.csv", body)
	b.settings["encoding"] = "utf-8"
	messages, _ := b.sync(nil)
	var names []string
	for _, record := range taptest.Records(messages, defaultStream) {
		var row struct{ Name string }
		require.NoError(t, json.Unmarshal(record, &row))
		names = append(names, row.Name)
	}
	require.Equal(t, []string{"fine", "next", "über"}, names)
	var reasons []string
	for _, record := range taptest.Records(messages, rejectedRows) {
		var row struct {
			File       string
			Line       int64
			ByteOffset int64 `json:"byte_offset"`
			Column     string
			Reason     string
			Raw        string
		}
		require.NoError(t, json.Unmarshal(record, &row))
		require.Equal(t, "a.csv", row.File)
		require.Equal(t, row.Line-1, int64(strings.Count(body[:row.ByteOffset], "\n")))
		require.NotEmpty(t, row.Raw)
		reasons = append(reasons, fmt.Sprintf("%d %s %s", row.Line, row.Column, row.Reason))
	}
	require.Equal(t, []string{"3 name bare_quote", "4 name text_after_quote", "6 name invalid_encoding"}, reasons)

	b.settings["columns"] = map[string]any{"*": map[string]any{"name": "hash"}}
	messages, _ = b.sync(nil)
	for _, record := range taptest.Records(messages, rejectedRows) {
		require.Contains(t, string(record), `"raw":null`, "a stream that hides a column shows no raw rows")
	}
}

func TestTooManyBadRows(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]struct {
		value any
		code  int
	}{
		"no limit": {nil, 0}, "max_bad_rows": {1, 3}, "max_bad_ratio": {0.3, 3}, "max_bad_ratio met": {0.5, 0},
	} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			if name, _, _ := strings.Cut(setting, " "); want.value != nil {
				b.settings[name] = want.value
			}
			b.put("a.csv", "id\n1\n\"2\"x\n\"3\"x\n4\n")
			out := taptest.Run(t, program, b.input(nil))
			require.Equal(t, want.code, out.Code, out.Stderr)
			_, state := taptest.Covered(out.Messages)
			require.Equal(t, want.code != 0, strings.Contains(string(state), "retry"), "a broken file is read again")
		})
	}
}

func TestRewrittenFiles(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]struct {
		rows []string
		code int
	}{
		"reemit": {[]string{"1", "9"}, 0}, "ignore": {nil, 0}, "fail": {nil, 3},
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, map[string]any{"on_rewrite": policy})
			b.put("a.csv", "id\n1\n2\n")
			_, state := b.sync(nil)
			b.put("a.csv", "id\n1\n9\n")
			for range 2 {
				out := taptest.Run(t, program, b.input(state))
				require.Equal(t, want.code, out.Code, out.Stderr)
				var ids []string
				for _, record := range taptest.Records(out.Messages, defaultStream) {
					var row struct{ ID json.Number }
					require.NoError(t, json.Unmarshal(record, &row))
					ids = append(ids, row.ID.String())
				}
				require.Equal(t, want.rows, ids)
				_, state = taptest.Covered(out.Messages)
				want.rows = nil
			}
		})
	}
}

func TestPackedFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	fmt.Fprint(w, "id\n1\n")
	require.NoError(t, w.Close())
	b.put("a.csv.gz", packed.String())
	packed.Reset()
	z := zip.NewWriter(&packed)
	for _, name := range []string{"x.csv", "__MACOSX/x.csv", "y.csv"} {
		member, err := z.Create(name)
		require.NoError(t, err)
		fmt.Fprint(member, "id\n2\n")
	}
	require.NoError(t, z.Close())
	b.put("b.zip.csv.zip", packed.String())
	packed.Reset()
	w = gzip.NewWriter(&packed)
	fmt.Fprint(w, "id\n3\n")
	require.NoError(t, w.Close())
	b.put("c.csv.gz", packed.String()[:packed.Len()-5])
	out := taptest.Run(t, program, b.input(nil))
	require.Equal(t, 3, out.Code, "a broken file is an error, after the others are done")
	require.Contains(t, out.Stderr, "c.csv.gz")
	var names []string
	for _, record := range taptest.Records(out.Messages, defaultStream) {
		var row struct {
			File string `json:"_file_name"`
		}
		require.NoError(t, json.Unmarshal(record, &row))
		names = append(names, row.File)
	}
	require.Equal(t, []string{"a.csv.gz", "b.zip.csv.zip#x.csv", "b.zip.csv.zip#y.csv"}, names)
	_, state := taptest.Covered(out.Messages)
	out = taptest.Run(t, program, b.input(state))
	require.Equal(t, 3, out.Code, "it is tried again")
	require.Empty(t, taptest.Records(out.Messages, defaultStream))
}

func TestPresetsTellFilesApart(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]any{"presets": []string{"sticky_orders", "sticky_prospects"}, "prefix": "sticky/"})
	b.put("sticky/orders_2026-11-01.csv", "Order Id,Order Status,Date of Sale,Order Total,Refund Date,Decline Salvage Discount,Decline Salvage Discount %\n7,NEW,11/01/2026,12.50,,1,2\n")
	b.put("sticky/export_2026-11-02.csv", "Prospect Id,Email\n9,x@example.com\n")
	b.put("sticky/prospects_2026-11-03.csv", "Order Id,Order Status\n8,VOID\n")
	b.put("sticky/notes_2026-11-03.csv", "a,b\n1,2\n")
	b.put("sticky/readme.txt", "hello")
	out := taptest.Run(t, program, b.input(nil))
	require.Equal(t, 0, out.Code, out.Stderr)
	require.Equal(t, []string{
		`{"_file_name":"sticky/orders_2026-11-01.csv","_file_date":"2026-11-01","_row_id":1,"order_id":7,"order_status":"NEW","date_of_sale":"2026-11-01","order_total":12.50,"refund_date":null,"decline_salvage_discount":1,"decline_salvage_discount_pct":2}`,
		`{"_file_name":"sticky/prospects_2026-11-03.csv","_file_date":"2026-11-03","_row_id":1,"order_id":8,"order_status":"VOID"}`,
	}, rows(out.Messages, "sticky_orders"))
	require.Equal(t, []string{`{"_file_name":"sticky/export_2026-11-02.csv","_file_date":"2026-11-02","_row_id":1,"prospect_id":9,"email":"x@example.com"}`},
		rows(out.Messages, "sticky_prospects"))
	require.Contains(t, out.Stderr, ".csv 1, .txt 1", "keys that match nothing are counted")
	_, state := taptest.Covered(out.Messages)
	again, _ := b.sync(state)
	require.Empty(t, append(rows(again, "sticky_orders"), rows(again, "sticky_prospects")...))
}

func TestStreamsBySetting(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]any{
		"client_id": "acme",
		"streams": []map[string]any{
			{"name": "orders", "pattern": "**/orders*.csv", "date_format": map[string]string{"day": "%d.%m.%Y"}, "delimiter": ";",
				"key_properties": []string{"id"}, "disposition": "merge", "null_values": []string{`\N`}},
			{"name": "rest", "types": "text"},
		},
	})
	b.put("x/orders.csv", "id;day\n1;03.11.2026\n2;\\N\n")
	b.put("y.csv", "n\n1\n")
	messages, _ := b.sync(nil)
	require.Equal(t, []string{`1 "2026-11-03"`, `2 null`}, pick(t, messages, "orders", "id", "day"))
	require.Equal(t, []string{`"acme" "1"`}, pick(t, messages, "rest", "client_id", "n"))
	schema, _ := taptest.LastSchema(messages, "orders")
	require.Equal(t, []string{"client_id", "id"}, schema.KeyProperties)
	require.Contains(t, string(schema.Schema), `"x-write-disposition":"merge"`)
}

// pick gives some members of a stream's records as they stand on the wire.
func pick(t *testing.T, messages []taptest.Message, stream string, names ...string) []string {
	t.Helper()
	var all []string
	for _, record := range taptest.Records(messages, stream) {
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(record, &members))
		var values []string
		for _, name := range names {
			values = append(values, string(members[name]))
		}
		all = append(all, strings.Join(values, " "))
	}
	return all
}

func TestRowsAreHeldAgainstASchema(t *testing.T) {
	t.Parallel()
	schema := map[string]any{
		"type": "object", "required": []string{"id"},
		"properties": map[string]any{
			"id": map[string]any{"type": "integer"}, "status": map[string]any{"type": "string", "enum": []string{"NEW", "VOID"}},
		},
	}
	body := "id,status,more\n007,NEW,1\nabc,NEW,1\n3,LOST,1\n,NEW,1\n4,,1\n"
	for validate, want := range map[string]struct {
		ids, rejects []string
		code         int
	}{
		"off":    {[]string{"7", `"abc"`, `"3"`, "null", `"4"`}, nil, 0},
		"reject": {[]string{"7", "4"}, []string{`3 "id" "type"`, `4 "status" "enum"`, `5 "id" "required"`}, 0},
		"fail":   {[]string{"7"}, nil, 3},
	} {
		t.Run(validate, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, map[string]any{"schema": schema, "validate": validate})
			b.put("a.csv", body)
			out := taptest.Run(t, program, b.input(nil))
			require.Equal(t, want.code, out.Code, out.Stderr)
			require.NoError(t, taptest.Validate(out.Messages, taptest.Checks{}))
			require.Equal(t, want.ids, pick(t, out.Messages, defaultStream, "id"))
			require.Equal(t, want.rejects, pick(t, out.Messages, rejectedRows, "line", "column", "reason"))
		})
	}
}

func TestShardsAddUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	for i := range 12 {
		b.put(fmt.Sprintf("f%02d.csv", i), fmt.Sprintf("id\n%d\n", i))
	}
	whole, _ := b.sync(nil)
	taptest.Shards(t, whole, func(shard string) []taptest.Message {
		part, _ := b.sync(nil, "--shard", shard)
		return part
	}, 1, 2, 3, 16)
}

// TestKeyOfFilesToCome has a key that is a column of files, of which the first run finds none: an empty folder, or a share without any.
func TestKeyOfFilesToCome(t *testing.T) {
	t.Parallel()
	orders := map[string]any{"name": "orders", "key_properties": []string{"order_id"}, "disposition": "merge"}
	b := newBench(t, map[string]any{"streams": []any{orders}})
	messages, state := b.sync(nil)
	require.Equal(t, []string{rejectedRows}, taptest.Streams(messages), "no SCHEMA of columns that nobody knows")
	discovered := taptest.Run(t, program, b.input(nil, "--discover"))
	require.Zero(t, discovered.Code, discovered.Stderr)
	require.Contains(t, string(discovered.Stdout), `"order_id"`)

	b.put("a.csv", "order_id,status\n7,new\n")
	messages, state = b.sync(state)
	schema, _ := taptest.LastSchema(messages, "orders")
	require.Equal(t, []string{"order_id"}, schema.KeyProperties)
	require.Equal(t, []string{"7"}, pick(t, messages, "orders", "order_id"))

	orders["key_properties"] = []string{"id"}
	for _, state := range []json.RawMessage{nil, state} {
		out := taptest.Run(t, program, b.input(state))
		require.Equal(t, 2, out.Code)
		require.Contains(t, out.Stderr, `stream "orders": there is no column "id" for the key; correct key_properties: the columns are order_id, status`)
	}
}

// TestShardsKeepTheOrder gives a stream whose key several files may hold to one shard, which reads them in their order.
func TestShardsKeepTheOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]any{"streams": []any{
		map[string]any{"name": "orders", "pattern": "orders_*", "key_properties": []string{"id"}, "disposition": "merge"},
		map[string]any{"name": "log", "pattern": "log_*"},
	}})
	for day := 1; day <= 9; day++ {
		b.put(fmt.Sprintf("orders_2026110%d.csv", day), fmt.Sprintf("id,day\n1,%d\n", day))
		b.put(fmt.Sprintf("log_2026110%d.csv", day), fmt.Sprintf("id\n%d\n", day))
	}
	var readers, lines int
	for _, shard := range []string{"0/3", "1/3", "2/3"} {
		messages, _ := b.sync(nil, "--shard", shard)
		lines += len(rows(messages, "log"))
		if days := pick(t, messages, "orders", "day"); len(days) > 0 {
			readers++
			require.Equal(t, []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}, days)
		}
	}
	require.Equal(t, 1, readers)
	require.Equal(t, 9, lines)
}

func TestDatesLimitFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]any{"start_date": "2026-11-02", "end_date": "2026-11-04"})
	for day := 1; day <= 5; day++ {
		b.put(fmt.Sprintf("x_2026110%d.csv", day), fmt.Sprintf("id\n%d\n", day))
	}
	messages, _ := b.sync(nil)
	require.Equal(t, []string{"2", "3"}, pick(t, messages, defaultStream, "id"))
	_, state := taptest.Covered(messages)
	b.settings["start_date"], b.settings["end_date"] = "2026-11-01", "2026-11-05"
	messages, _ = b.sync(state)
	require.Equal(t, []string{"1", "4"}, pick(t, messages, defaultStream, "id"), "the others have been read")
}

func TestAWiderPatternFindsOldFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]any{"pattern": "a*.csv"})
	long := time.Now().Add(-90 * 24 * time.Hour)
	b.Place("exports", "b.csv", []byte("id\n1\n"), long)
	b.put("a.csv", "id\n2\n")
	_, state := b.sync(nil)
	b.settings["pattern"] = "*.csv"
	messages, _ := b.sync(state)
	require.Equal(t, []string{"1"}, pick(t, messages, defaultStream, "id"))
}

func TestFilesWithoutETag(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	modified := time.Now().Add(-time.Hour).Truncate(time.Second)
	b.Place("exports", "a.csv", []byte("id\n1\n"), modified)
	messages, state := b.sync(nil)
	require.Len(t, rows(messages, defaultStream), 1)
	messages, state = b.sync(state)
	require.Empty(t, rows(messages, defaultStream))
	b.Place("exports", "a.csv", []byte("id\n2\n"), modified.Add(time.Second))
	messages, _ = b.sync(state)
	require.Equal(t, []string{"2"}, pick(t, messages, defaultStream, "id"))
}

func TestOddFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.put("empty_2026-11-01.csv", "")
	b.put("header_2026-11-02.csv", "id,name\n")
	b.put("latin_2026-11-03.csv", "id,name\n1,M\xfcller\n")
	b.put("utf16_2026-11-04.csv", "\xff\xfei\x00d\x00\t\x00n\x00a\x00m\x00e\x00\n\x002\x00\t\x00\xfc\x00\n\x00")
	b.put("old mac+%20#_2026-11-05.CSV", "id,name\r3,x\r")
	b.put("joined_2026-11-06.csv", "id,name\n4,a\nid,name\n5,b\n")
	b.put("trailing_2026-11-07.csv", "id,name,\n6,a,\n")
	b.put("own_2026-11-08.csv", "_file_name,id\nx,7\n")
	messages, _ := b.sync(nil)
	require.Equal(t, []string{`1 "Müller"`, `2 "ü"`, `3 "x"`, `4 "a"`, `5 "b"`, `6 "a"`, `7 `}, pick(t, messages, defaultStream, "id", "name"))
	require.Equal(t, `"x"`, pick(t, messages, defaultStream, "_file_name_2")[6])
}

func TestRequiredColumns(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]any{"required_columns": []string{"id"}})
	b.put("a.csv", "name\nx\n")
	b.put("b.csv", "id\n1\n")
	out := taptest.Run(t, program, b.input(nil))
	require.Equal(t, 3, out.Code)
	require.Contains(t, out.Stderr, `file "a.csv" is broken: the required column "id" is missing`)
	require.Len(t, taptest.Records(out.Messages, defaultStream), 1)
}
