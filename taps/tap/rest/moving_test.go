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
		total    string
		remember bool
		answers  []string // of two rows at most, and how many there are
		rows     int      // that were sent
		came     int
		wanted   int
	}{
		"still":              {"count", false, []string{a + "," + b + " 3", c + " 3"}, 3, 3, 3},
		"one is added":       {"count", false, []string{a + "," + b + " 3", b + "," + c + " 4", added + "," + a + " 4", b + "," + c + " 4"}, 7, 4, 4},
		"one is removed":     {"count", false, []string{a + "," + b + " 4", added + " 3", b + "," + c + " 3", added + " 3"}, 6, 3, 3},
		"no count":           {"none", false, []string{a + "," + b + " 3", b + "," + c + " 3", " 3", added + "," + a + " 3", b + "," + c + " 3", " 3"}, 7, 4, 4},
		"never as many":      {"count", false, []string{a + " 2", " 2", a + " 2", " 2", a + " 2", " 2"}, 3, 1, 2},
		"more than they say": {"count", false, []string{a + "," + b + " 1"}, 2, 2, 1},
		"remembered":         {"count", true, []string{a + "," + b + " 3", b + " 3", b + "," + c + " 3", b + " 3"}, 3, 3, 3},
		"the same page":      {"count", true, []string{a + "," + b + " 3", a + "," + b + " 3", a + "," + b + " 3", c + " 3"}, 3, 3, 3},
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
				pager := rest.Numbered{Param: "offset", SizeParam: "limit", Size: 2, Ends: rest.Ends{Total: test.total}}
				moving := rest.Moving{List: byOffset, Key: rest.KeyOf("id"), Total: test.total, Walks: []rest.Pager{pager, pager, pager}, Remember: test.remember}
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
