// Package sheetstest is a server of Google Sheets, Drive and their tokens for tests: as strict as the documentation and as what others have
// measured, with spreadsheets that a test changes.
package sheetstest

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// A Server is Sheets, Drive and the token endpoint. It holds documents, and hands out tokens for the key of one service account, or for the
// refresh token "refresh". Fields are read and set between runs, or within [Server.Change].
type Server struct {
	*taptest.API
	Docs    []*Doc
	Tokens  int // handed out; all are good, as those of runs at once
	Revoked bool
	Scopes  []string    // that the last token was asked for
	Reads   []time.Time // of Sheets within the limit
	Refused int         // over it
	Endless bool        // there is no limit: many runs, one after another
	Trimmed bool        // rows behind the last filled one are left out, as at one of the two dates that it was measured

	t  testing.TB
	mu sync.Mutex
}

// readsPerMinute is the limit of an account: https://developers.google.com/workspace/sheets/api/limits
const readsPerMinute = 60

// New serves until the test ends.
func New(t testing.TB, docs ...*Doc) *Server {
	t.Helper()
	g := &Server{t: t, Docs: docs}
	common := map[string]string{"alt": "json", "prettyPrint": "false"}
	with := func(more map[string]string) map[string]string {
		all := maps.Clone(common)
		maps.Copy(all, more)
		return all
	}
	token := map[string]string{"Authorization": "Bearer token-[0-9]+", "User-Agent": ".*gzip.*"}
	g.API = &taptest.API{Routes: []taptest.Route{
		{Pattern: "GET /v4/spreadsheets/{id}", Query: with(map[string]string{"fields": ".+", "ranges": ".+"}), Required: []string{"fields"},
			Repeated: []string{"ranges"}, Header: token, Serve: g.guarded(g.limited(g.spreadsheet))},
		{Pattern: "GET /drive/v3/files/{id}", Query: with(map[string]string{"fields": "mimeType,modifiedTime,version,trashed", "supportsAllDrives": "true"}),
			Required: []string{"supportsAllDrives"}, Header: token, Serve: g.guarded(g.file)},
		{Pattern: "GET /drive/v3/files", Query: with(map[string]string{"fields": "nextPageToken,incompleteSearch,files\\(id\\)|files\\(id\\)", "corpora": "allDrives", "q": ".+", "orderBy": "createdTime",
			"pageSize": "1000|1", "pageToken": ".+", "supportsAllDrives": "true", "includeItemsFromAllDrives": "true"}), Header: token, Serve: g.guarded(g.files)},
		{Pattern: "POST /token", Serve: g.token},
	}}
	g.API.Serve(t)
	return g
}

// answer writes the envelope of Sheets: no list of errors.
func answer(w http.ResponseWriter, status int, word, message string, details ...any) {
	problem := map[string]any{"code": status, "message": message, "status": word}
	if len(details) > 0 {
		problem["details"] = details
	}
	reply(w, status, map[string]any{"error": problem})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}

// guarded lets a request pass that bears a token.
func (g *Server) guarded(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		number, err := strconv.Atoi(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer token-"))
		g.mu.Lock()
		good := err == nil && 0 < number && number <= g.Tokens
		g.mu.Unlock()
		if !good {
			answer(w, http.StatusUnauthorized, "UNAUTHENTICATED", "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.")
			return
		}
		serve(w, r)
	}
}

// limited counts reads.
func (g *Server) limited(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		g.mu.Lock()
		over := !g.Endless && len(g.Reads) >= readsPerMinute && now.Sub(g.Reads[len(g.Reads)-readsPerMinute]) < time.Minute
		if over {
			g.Refused++
		} else {
			g.Reads = append(g.Reads, now)
		}
		g.mu.Unlock()
		if over {
			answer(w, http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' of service 'sheets.googleapis.com'.",
				map[string]any{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"})
			return
		}
		serve(w, r)
	}
}

func (g *Server) doc(id string) *Doc {
	for _, d := range g.Docs {
		if d.ID == id {
			return d
		}
	}
	return nil
}

// Change edits documents, which raises the version of those that are given.
func (g *Server) Change(edit func(), docs ...*Doc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	edit()
	for _, d := range docs {
		d.Version++
	}
}
