package rest

import (
	"net/http"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzFailure judges any answer, and waits for no time that is negative.
func FuzzFailure(f *testing.F) {
	f.Add(429, "120", "Mon, 23 Nov 2026 10:00:00 GMT", "https://else.where/", `{"error":{"message":"x"}}`)
	f.Add(503, "Mon, 23 Nov 2026 10:00:10 GMT", "", "//h:x", `{"errors":[[{"detail":"a\u001b"}]]}`)
	f.Add(302, "1e300", "x", "javascript:1", `<html>`)
	client, err := http.NewRequest(http.MethodGet, "https://api.test/v1", nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, status int, retryAfter, date, location, body string) {
		failure := &Failure{Method: "GET", Endpoint: "orders/", Status: max(1, status), Body: []byte(body),
			Header: http.Header{"Retry-After": {retryAfter}, "Date": {date}, "Location": {location}}}
		verdict := (&Client{root: client.URL}).judge(failure, time.Unix(1e9, 0))
		require.GreaterOrEqual(t, verdict.Wait, time.Duration(0))
		require.NotNil(t, verdict.Fault)
		require.LessOrEqual(t, len(failure.Message()), messageMost+len("…"))
		require.True(t, !utf8.ValidString(body) || utf8.ValidString(failure.Message()))
		require.Less(t, len(verdict.Fault.Error()), 2*messageMost+len(location)+200)
	})
}

// FuzzCircle finds every circle that a walk of pages can make, and none where there is none.
func FuzzCircle(f *testing.F) {
	f.Add(uint8(0), uint8(1))
	f.Add(uint8(200), uint8(37))
	f.Fuzz(func(t *testing.T, straight, around uint8) {
		var c circle
		for n := range int(straight) + int(around) {
			require.False(t, c.closes(string(rune(n))), n)
		}
		if around == 0 {
			return
		}
		for n := range 8 * (int(straight) + int(around) + 1) {
			if c.closes(string(rune(int(straight) + n%int(around)))) {
				return
			}
		}
		t.Fatal("it goes on for ever")
	})
}
