package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
)

// Files of BATCH messages come from S3 like those of a folder, over connections that break too.
func TestBatchFromS3(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	type row struct {
		N int64 `parquet:"n"`
	}
	const rows = 60_000
	var packed, columns bytes.Buffer
	lines := gzip.NewWriter(&packed)
	var more []row
	for n := range int64(rows) {
		fmt.Fprintf(lines, "{\"n\":%d}\n", n)
		more = append(more, row{rows + n})
	}
	require.NoError(t, lines.Close())
	require.NoError(t, parquet.Write(&columns, more))
	store.Put(bucket, "folder/a b.jsonl.gz", packed.Bytes())
	store.Put(bucket, "rows.parquet", columns.Bytes())

	proxy := s3test.NewProxy(t, store, func(n int, _ *http.Request) s3test.Fault {
		switch n % 3 {
		case 1:
			return s3test.Fault{CutAfter: 50_000}
		case 2:
			return s3test.Fault{Status: http.StatusServiceUnavailable, Body: "<Error><Code>SlowDown</Code></Error>"}
		}
		return s3test.Fault{CutAfter: 90_000}
	})
	s := newSite(t, store)
	s.env = append(s.env, "AWS_ENDPOINT_URL_S3="+proxy.Endpoint)
	const schema = `{"type":"SCHEMA","stream":"log","key_properties":[],"schema":{"properties":{"n":{"type":"integer"}}}}` + "\n"
	batch := func(format, compression, url string) string {
		return fmt.Sprintf(`{"type":"BATCH","stream":"log","encoding":{"format":%q,"compression":%q},"manifest":[%q]}`+"\n", format, compression, url)
	}
	r := s.run(t, schema+batch("jsonl", "gzip", "s3://exports/folder/a b.jsonl.gz")+batch("parquet", "snappy", "s3://exports/rows.parquet")+
		`{"type":"STATE","value":1}`+"\n", "target-postgres")
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, "1\n", r.stdout)
	require.Equal(t, fmt.Sprint(2*rows), s.value(t, "SELECT count(*) FROM log"))
	require.Equal(t, fmt.Sprint(2*rows), s.value(t, "SELECT count(DISTINCT n) FROM log"))
	require.Contains(t, r.stderr, "the connection broke, going on where it did")
	require.True(t, slices.ContainsFunc(proxy.Requests(), func(line string) bool {
		return strings.Contains(line, "rows.parquet") && strings.Contains(line, "bytes=")
	}))

	s.env = append(s.env, "AWS_ENDPOINT_URL_S3="+store.Endpoint)
	for _, c := range []struct {
		env, url, want string
		code           int
	}{
		{"", "s3://exports/nowhere", "s3://exports/nowhere: NoSuchKey", 3},
		{"", "s3://no-such-bucket/a", "check AWS_ENDPOINT_URL and the bucket that the tap writes to", 2},
		{"AWS_SECRET_ACCESS_KEY=wrong", "s3://exports/rows.parquet", "SignatureDoesNotMatch", 2},
	} {
		r := s.with(c.env).run(t, schema+batch("parquet", "none", c.url), "target-postgres")
		require.Equal(t, c.code, r.code, r.stderr)
		require.Contains(t, r.stderr, c.want)
	}
}
