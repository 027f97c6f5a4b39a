package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// rows answers a request with the rows of numbers.
func rows(w http.ResponseWriter, ids []int, more string) {
	texts := make([]string, 0, len(ids))
	for _, id := range ids {
		texts = append(texts, fmt.Sprintf(`{"id":%d}`, id))
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"rows":[%s]%s}`, strings.Join(texts, ","), more)
}

// pageFrom are the ids of a page of five, of all, that begins with first.
func pageFrom(first int) (ids []int) {
	for id := max(1, first); id <= all && len(ids) < 5; id++ {
		ids = append(ids, id)
	}
	return ids
}

// field is a row's key by one of its members.
func field(name string) func([]byte) (string, error) {
	return func(row []byte) (string, error) {
		if text := rest.Text(rest.Member(row, name)); text != "" {
			return text, nil
		}
		return "", fmt.Errorf("a row without %s", name)
	}
}

// all are the rows that every pager below must find.
const all = 23

func TestPagers(t *testing.T) {
	t.Parallel()
	number := `[0-9]+`
	behind := rest.Keyset{Key: field("id"), First: "0", Compare: rest.Numbers, Set: func(r *rest.Request, key string) { r.Query.Set("after", key) }}
	keyset := func(w http.ResponseWriter, q url.Values) { rows(w, pageFrom(intOf(q, "after")+1), "") }
	for name, test := range map[string]struct {
		pager    rest.Pager
		query    map[string]string
		serve    func(w http.ResponseWriter, q url.Values)
		requests int
		fails    string // what the run says, instead of finding every row
	}{
		"page": {rest.Numbered{Param: "p", SizeParam: "n", Size: 5, First: 1}, map[string]string{"p": "[1-9]", "n": "5"},
			func(w http.ResponseWriter, q url.Values) { rows(w, pageFrom((intOf(q, "p")-1)*5+1), "") }, 6, ""},
		"page, total": {rest.Numbered{Param: "p", Size: 5, First: 1, Ends: rest.Ends{Total: "total"}}, map[string]string{"p": "[1-9]"},
			func(w http.ResponseWriter, q url.Values) {
				rows(w, pageFrom((intOf(q, "p")-1)*5+1), `,"total":23`)
			}, 5, ""},
		"page, a total that claims more": {rest.Numbered{Param: "p", Size: 5, First: 1, Ends: rest.Ends{Total: "total"}}, map[string]string{"p": "[1-9]"},
			func(w http.ResponseWriter, q url.Values) {
				rows(w, pageFrom((intOf(q, "p")-1)*5+1), `,"total":99`)
			}, 6, ""},
		"page, a total of none": {rest.Numbered{Param: "p", Size: 5, First: 1, Ends: rest.Ends{Total: "total"}}, map[string]string{"p": "[1-9]"},
			func(w http.ResponseWriter, q url.Values) {
				rows(w, pageFrom((intOf(q, "p")-1)*5+1), `,"total":"0"`)
			}, 6, ""},
		"page, not heard": {rest.Numbered{Param: "p", SizeParam: "n", Size: 5, First: 1}, map[string]string{"p": number, "n": "5"},
			func(w http.ResponseWriter, q url.Values) { rows(w, pageFrom(1), "") }, 2, "two answers hold the same rows, 5 of them"},
		"cursor": {rest.Cursor{Param: "c", Member: "meta.next"}, map[string]string{"c": "c[0-9]+"},
			func(w http.ResponseWriter, q url.Values) {
				from, _ := strconv.Atoi(strings.TrimPrefix(q.Get("c"), "c"))
				next := `null`
				if from+5 < all {
					next = fmt.Sprintf(`"c%d"`, from+5)
				}
				rows(w, pageFrom(from+1), `,"meta":{"next":`+next+`}`)
			}, 5, ""},
		"cursor that stands": {rest.Cursor{Param: "c", Member: "next"}, map[string]string{"c": "x"},
			func(w http.ResponseWriter, q url.Values) { rows(w, []int{len(q)}, `,"next":"x"`) }, 2, "the next page would begin where the last one did"},
		"link of another host": {rest.Next{Member: "next"}, map[string]string{"page": number, "key": "a b"},
			func(w http.ResponseWriter, q url.Values) {
				page, next := intOf(q, "page"), `""`
				if page*5+5 < all {
					next = fmt.Sprintf(`"http://internal:8000/other/rows/?key=a+b&page=%d"`, page+1)
				}
				rows(w, pageFrom(page*5+1), `,"next":`+next)
			}, 5, ""},
		"link that stands": {rest.Next{Member: "next"}, map[string]string{"page": number},
			func(w http.ResponseWriter, q url.Values) { rows(w, []int{len(q)}, `,"next":"/rows/?page=2"`) }, 2, "the next page would begin"},
		"link that is none": {rest.Next{Member: "next"}, nil,
			func(w http.ResponseWriter, q url.Values) { rows(w, []int{1}, `,"next":"http://[::bad"`) }, 1, "no address"},
		"keyset": {behind, map[string]string{"after": number}, keyset, 6, ""},
		"keyset, not heard": {behind, map[string]string{"after": number},
			func(w http.ResponseWriter, q url.Values) { rows(w, pageFrom(20-intOf(q, "after")), "") }, 2, "the next page would begin"},
		"keyset, back": {rest.Keyset{Key: field("id"), Set: behind.Set}, map[string]string{"after": number},
			func(w http.ResponseWriter, q url.Values) { rows(w, []int{len(q) + 1, 5}, "") }, 2, "the next page would begin"},
		"keyset, no key": {rest.Keyset{Key: field("uuid"), Set: behind.Set}, nil,
			func(w http.ResponseWriter, q url.Values) { rows(w, []int{1}, "") }, 1, "the key of the last row: a row without uuid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				api := (&taptest.API{Routes: []taptest.Route{{Pattern: "GET /rows/{$}", Query: test.query,
					Serve: func(w http.ResponseWriter, r *http.Request) { test.serve(w, r.URL.Query()) }}}}).Serve(t)
				l := rest.List{Request: rest.Request{Path: "rows/"}, Rows: []string{"rows"}, Pager: test.pager}
				out := taptest.Run(t, toy{list: l}.tap(), input(api, nil))
				require.Len(t, api.Calls(), test.requests)
				if test.fails != "" {
					require.Equal(t, 3, out.Code, out.Stderr)
					require.Contains(t, out.Stderr, test.fails)
					return
				}
				require.Equal(t, 0, out.Code, out.Stderr)
				seen := map[string]bool{}
				for _, record := range taptest.Records(out.Messages, "orders") {
					seen[string(record)] = true
				}
				require.Len(t, seen, all)
			})
		})
	}
}

// TestPagesOfLargeAnswers gives an answer in parts, each of which may be changed by the next.
func TestPagesOfLargeAnswers(t *testing.T) {
	t.Parallel()
	const count = 40_000
	synctest.Test(t, func(t *testing.T) {
		api := (&taptest.API{Routes: []taptest.Route{{Pattern: "GET /orders/{$}", Serve: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Budget", "7")
			fmt.Fprintf(w, `{"results":[%s],"next":null,"total":5}`, orders(1, count))
		}}}}).Serve(t)
		read := func(ctx context.Context, api *rest.Client, out *tap.Output) error {
			pages, next := 0, 1
			for page, err := range api.Pages(ctx, rest.List{Request: rest.Request{Path: "orders/"}, Rows: []string{"results"}}) {
				if err != nil {
					return err
				}
				pages++
				for _, row := range page.Rows {
					require.Equal(t, strconv.Itoa(next), string(rest.Member(row, "id")))
					next++
				}
				require.Equal(t, next == count+1, page.Last)
				if page.Last {
					var envelope struct {
						Total int `json:"total"`
					}
					require.NoError(t, json.Unmarshal(page.Envelope, &envelope))
					require.Equal(t, 5, envelope.Total)
					require.Equal(t, "7", page.Header.Get("X-Budget"))
				}
			}
			require.Greater(t, pages, 4)
			require.Equal(t, count+1, next)
			// A walk that is left in the middle leaves nothing behind.
			for page := range api.Pages(ctx, rest.List{Request: rest.Request{Path: "orders/"}, Rows: []string{"results"}}) {
				require.False(t, page.Last)
				break
			}
			return nil
		}
		in := input(api, nil)
		out := taptest.Run(t, toy{read: read, list: byOffset}.tap(), in)
		require.Equal(t, 0, out.Code, out.Stderr)
	})
}

// TestNextAnswerIsReadAhead asks for the next answer while the rows of the first are used.
func TestNextAnswerIsReadAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := (&taptest.API{Routes: []taptest.Route{listing(250)}}).Serve(t)
		read := func(ctx context.Context, client *rest.Client, out *tap.Output) error {
			for _, err := range client.Pages(ctx, byOffset) {
				if err != nil {
					return err
				}
				synctest.Wait()
				require.Len(t, api.Calls(), 4, "all are there before the first is used")
			}
			return nil
		}
		out := taptest.Run(t, toy{read: read}.tap(), input(api, nil))
		require.Equal(t, 0, out.Code, out.Stderr)
	})
}

func TestMember(t *testing.T) {
	t.Parallel()
	object := []byte(`{"a":{"b":"x\"y","n":1.50,"z":null},"c":[1]}`)
	for path, want := range map[string]string{"a.b": `x"y`, "a.n": "1.50", "a.z": "", "c": "[1]", "c.d": "", "d": "", "a.b.c": ""} {
		require.Equal(t, want, rest.Text(rest.Member(object, path)), path)
	}
	require.Nil(t, rest.Member(nil, "a"))
	require.Equal(t, -1, sign(rest.Numbers("9", "10")))
	require.Equal(t, 0, sign(rest.Numbers("010", "10")))
	require.Equal(t, 1, sign(rest.Numbers("12345678901234567890123", "12345678901234567890122")))
}

func sign(n int) int { return max(-1, min(1, n)) }
