package main

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// The largest answers that there are, one after another, are read in bounded memory.
func TestMemory(t *testing.T) {
	t.Parallel()
	const rows = 9_999
	query := strings.Repeat("x", 1200)
	answers := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			fmt.Fprint(w, `{"network_id":900}`)
			return
		}
		answers++
		out := bufio.NewWriter(w)
		fmt.Fprint(out, `{"clicks":[`)
		for i := range rows {
			if i > 0 {
				fmt.Fprint(out, ",")
			}
			fmt.Fprintf(out, `{"transaction_id":"%016x%016x","is_unique":1,"unix_timestamp":1767308400,"sub1":"newsletter","payout":0,"revenue":0.25,"error_code":0,"currency_id":"EUR","url":"https://shop.example/%s",`+
				`"relationship":{"offer":{"network_offer_id":31},"affiliate":{"network_affiliate_id":8},"geolocation":{"country_code":"PT","is_mobile":true},"query_parameters":{"sub1":"newsletter"}}}`, answers, i, query)
		}
		fmt.Fprint(out, `]}`)
		_ = out.Flush() // the tap has been ended
	}))
	defer server.Close()
	binary := taptest.Build(t, ".")
	tap := exec.Command(binary, "--base-url", server.URL+"/v1", "--api-key", "key", "--select", "clicks")
	peak := taptest.PeakMemory(t, tap, 200<<20)
	t.Logf("%d KiB at the peak, answers of %d KiB", peak>>10, rows*1700>>10)
	require.Less(t, peak, int64(64<<20))
}
