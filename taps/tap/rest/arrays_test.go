package rest_test

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// TestRowsInArrays has rows below arrays, some of whose elements hold none.
func TestRowsInArrays(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		`{"sheets":[{"data":[{"rows":[{"id":1,"total":2},{"id":2,"total":2}]}]},{"data":[{"rows":[{"id":3,"total":2}],"more":[{}]}]}]}`: 3,
		`{"sheets":[{"data":[{}]},{}]}`: 0,
		`{"sheets":[]}`:                 0,
		`{"sheets":[7]}`:                -1,
		`{"tabs":[]}`:                   -1,
	} {
		synctest.Test(t, func(t *testing.T) {
			api := (&taptest.API{Routes: []taptest.Route{{Pattern: "GET /grid", Serve: func(w http.ResponseWriter, _ *http.Request) {
				io.WriteString(w, body)
			}}}}).Serve(t)
			out := taptest.Run(t, toy{list: rest.List{Request: rest.Request{Path: "grid"}, Rows: []string{"sheets.data.rows"}}}.tap(), input(api, nil))
			if want < 0 {
				require.Equal(t, 3, out.Code, out.Stderr)
				return
			}
			require.Equal(t, 0, out.Code, out.Stderr)
			require.Len(t, taptest.Records(out.Messages, "orders"), want)
		})
	}
}
