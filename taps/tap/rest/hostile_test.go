package rest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// packed is a gzip file of so many MiB of one byte between two texts: a thousandth of that.
func packed(before string, megabytes int, filler byte, after string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, before)
	for block := bytes.Repeat([]byte{filler}, 1<<20); megabytes > 0; megabytes-- {
		w.Write(block)
	}
	io.WriteString(w, after)
	w.Close()
	return b.Bytes()
}

func unpacking(file []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(file)
	}
}

// An API that means harm, or has gone mad, costs a run bounded memory and time and ends it with a word that says what came.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	cursors := rest.List{Request: rest.Request{Path: "hostile/"}, Rows: []string{"rows"}, Pager: rest.Cursor{Param: "cursor", Member: "next"}}
	links := rest.List{Request: rest.Request{Path: "hostile/"}, Rows: []string{"rows"}, Pager: rest.Next{Member: "next"}}
	nested := rest.List{Request: rest.Request{Path: "hostile/"}, Rows: []string{"a.rows"}}
	page := func(text func(page int) string) http.HandlerFunc {
		n := 0
		return func(w http.ResponseWriter, _ *http.Request) {
			n++
			io.WriteString(w, text(n))
		}
	}
	for name, test := range map[string]struct {
		list  rest.List // empty: one small answer
		serve http.HandlerFunc
		code  int
		says  string
		least int // requests at the most; 0 is one
	}{
		"gzip bomb where a small answer belongs": {serve: unpacking(packed(`{"id":"`, 200, 'x', `"}`)), code: 3, says: "the answer is larger than 32 MiB"},
		"gzip bomb in a row":                     {list: cursors, serve: unpacking(packed(`{"rows":[{"id":"`, 50, 'x', `"}]}`)), code: 3, says: "a value that is too large: more than 16 MiB"},
		"gzip bomb of blanks":                    {list: cursors, serve: unpacking(packed(`{"rows":[`, 200, ' ', `]}`)), code: 0},
		"gzip bomb beside the rows": {list: cursors, serve: unpacking(packed(`{"a":"`, 10, 'x', `","b":"`+strings.Repeat("x", 10<<20)+`","rows":[]}`)), code: 3,
			says: "more than 16 MiB beside the rows"},
		"members without end":                   {list: cursors, serve: unpacking(repeated(`{"rows":[]`, `,"rows":null`, 2<<20, `}`)), code: 3, says: "more than 16 MiB beside the rows"},
		"elements without end":                  {list: nested, serve: unpacking(repeated(`{"a":[{}`, `,{}`, 6<<20, `]}`)), code: 3, says: "more than 16 MiB beside the rows"},
		"strings of control characters":         {list: cursors, serve: unpacking(repeated(`{"rows":[{"id":"x"`, `,"`+"\x01"+`":"`+"\x02\x03"+`"`, 1<<18, `}]}`)), code: 0},
		"arrays a million deep":                 {list: cursors, serve: unpacking(packed(`{"rows":[`, 1, '[', ``)), code: 4, says: "deep"},
		"small answer of arrays a million deep": {serve: unpacking(packed(``, 1, '[', ``)), code: 4, says: "not JSON"},
		"header of two megabytes": {list: cursors, serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Large", strings.Repeat("x", 2<<20))
			io.WriteString(w, `{"rows":[]}`)
		}, code: 4, says: "response headers exceeded"},
		"cursors that go round": {list: cursors, serve: page(func(n int) string { return fmt.Sprintf(`{"rows":[{"id":%d}],"next":"c%d"}`, n, n%7) }), code: 3,
			says: "the next page would begin where", least: 20},
		"links that go round": {list: links, serve: page(func(n int) string {
			return fmt.Sprintf(`{"rows":[{"id":%d}],"next":"http://evil.test/?cursor=%d"}`, n, n%7)
		}), code: 3,
			says: "the next page would begin where", least: 20},
		"pages without rows and end": {list: cursors, serve: page(func(n int) string { return fmt.Sprintf(`{"rows":[],"next":"c%d"}`, n) }), code: 3,
			says: "answers in a row hold no rows", least: 1001},
		"bytes that trickle": {list: cursors, serve: func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := io.WriteString(w, " "); err != nil || w.(http.Flusher) == nil {
					return
				}
				w.(http.Flusher).Flush()
				select {
				case <-time.After(50 * time.Second):
				case <-r.Context().Done():
					return
				}
			}
		}, code: 4, says: "the answer comes by a few bytes at a time"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				routes := []taptest.Route{{Pattern: "GET /hostile/{$}", Query: map[string]string{"cursor": "c?[0-9]+"}, Serve: test.serve}}
				began := time.Now()
				out, api := calling(t, routes, map[string]any{"key": "s3cr3t", "max_retries": 0}, func(ctx context.Context, client *rest.Client) error {
					if test.list.Rows == nil {
						return client.JSON(ctx, &rest.Request{Path: "hostile/"}, new(struct{ ID string }))
					}
					for _, err := range client.Rows(ctx, test.list) {
						if err != nil {
							return err
						}
					}
					return nil
				})
				require.Equal(t, test.code, out.Code, out.Stderr)
				require.Contains(t, out.Stderr, test.says)
				require.NotContains(t, out.Stderr, "s3cr3t")
				require.Less(t, len(out.Stderr), 4096)
				require.LessOrEqual(t, len(api.Calls()), max(1, test.least))
				require.Less(t, time.Since(began), 2*time.Hour)
			})
			debug.FreeOSMemory()
		})
	}
}

// repeated is a gzip file of a text many times over between two others.
func repeated(before, text string, times int, after string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, before)
	block := strings.Repeat(text, 1<<10)
	for range times >> 10 {
		io.WriteString(w, block)
	}
	io.WriteString(w, after)
	w.Close()
	return b.Bytes()
}
