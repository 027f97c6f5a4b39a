package rest_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// TestMoving has a row added in front, which moves another to the next page, or rows that are fewer than the count.
func TestMoving(t *testing.T) {
	t.Parallel()
	const a, b, c, added = `{"id":1}`, `{"id":2}`, `{"id":3}`, `{"id":4}`
	for name, test := range map[string]struct {
		total   string
		answers []string // of two rows at most, and how many there are
		rows    int      // that were sent
		came    int
		wanted  int
	}{
		"still":              {"count", []string{a + "," + b + " 3", c + " 3"}, 3, 3, 3},
		"one is added":       {"count", []string{a + "," + b + " 3", b + "," + c + " 4", added + "," + a + " 4", b + "," + c + " 4"}, 7, 4, 4},
		"no count":           {"none", []string{a + "," + b + " 3", b + "," + c + " 3", " 3", added + "," + a + " 3", b + "," + c + " 3", " 3"}, 7, 4, 4},
		"never as many":      {"count", []string{a + " 2", " 2", a + " 2", " 2", a + " 2", " 2"}, 3, 1, 2},
		"more than they say": {"count", []string{a + "," + b + " 1"}, 2, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				api := (&taptest.API{Routes: []taptest.Route{listing(0)}}).Serve(t)
				for i, answer := range test.answers {
					api.Fail(i+1, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
						rows, count := answer[:len(answer)-2], answer[len(answer)-1:]
						fmt.Fprintf(w, `{"count":%s,"results":[%s]}`, count, rows)
					})
				}
				moving := rest.Moving{List: byOffset, Key: func(row []byte) string { return string(row) }, Total: test.total, Walks: 3}
				moving.Pager = rest.Offset{Param: "offset", SizeParam: "limit", Size: 2, Ends: rest.Ends{Total: test.total}}
				messages := taptest.Sync(t, toy{read: func(ctx context.Context, api *rest.Client, out *tap.Output) error {
					came, total, err := api.Moving(ctx, moving, out.Record)
					require.Equal(t, []int{test.came, test.wanted}, []int{came, total})
					return err
				}}.tap(), input(api, nil))
				require.Len(t, taptest.Records(messages, "orders"), test.rows)
				require.Len(t, api.Calls(), len(test.answers))
			})
		})
	}
}
