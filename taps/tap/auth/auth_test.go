package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/auth"
	"github.com/signalroom/signalroom/taps/tap/rest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type config struct {
	tap.Settings
	tap.HTTPSettings
}

// run calls f as the Read of a stream, with credentials.
func run(t *testing.T, api *taptest.API, credentials func(log *slog.Logger) rest.Auth, f func(ctx context.Context, client *rest.Client) error) *taptest.Output {
	t.Helper()
	program := tap.Tap[config]{Name: "tap-toy", Description: "Tests", Open: func(config *config, run *tap.Run) (*tap.Source, error) {
		client, err := rest.New(run, &config.HTTPSettings, rest.API{Name: "Toy", Base: taptest.URL, Auth: credentials(run.Log), Limits: rest.Limits{Parallel: 1}})
		if err != nil {
			return nil, err
		}
		stream := tap.Stream{Name: "orders", Disposition: protocol.Append, Columns: []tap.Column{{Name: "id", Schema: json.RawMessage(`{}`)}},
			Read: func(ctx context.Context, _ *tap.Output) error { return f(ctx, client) }}
		return &tap.Source{Close: client.Close,
			Streams: func(context.Context, func(string) json.RawMessage) ([]tap.Stream, error) {
				return []tap.Stream{stream}, nil
			}}, nil
	}}
	return taptest.Run(t, program, taptest.Input{Dial: api.Dial(), Now: time.Now, Env: map[string]string{"TAP_TOY_LOGLEVEL": "debug"}})
}

func me(ctx context.Context, client *rest.Client) error {
	return client.JSON(ctx, &rest.Request{Path: "me"}, new(struct{}))
}

func TestFixedCredentials(t *testing.T) {
	t.Parallel()
	for header, credentials := range map[string]rest.Auth{
		"Authorization: Bearer s3cr3t":              auth.Bearer("s3cr3t"),
		"X-Eflow-Api-Key: s3cr3t":                   auth.Header("X-Eflow-API-Key", "s3cr3t"),
		"Authorization: Basic dXNlcjpwOnczMXJkIHM=": auth.Basic("user", "p:w31rd s"),
		"Accept: application/json":                  auth.Query("api_key", "s3cr3t+& x"),
	} {
		name, value, _ := strings.Cut(header, ": ")
		synctest.Test(t, func(t *testing.T) {
			api := (&taptest.API{Routes: []taptest.Route{{Pattern: "GET /me", Query: map[string]string{"api_key": `s3cr3t\+& x`},
				Serve: func(w http.ResponseWriter, r *http.Request) { http.Error(w, "", http.StatusUnauthorized) }}}}).Serve(t)
			out := run(t, api, func(*slog.Logger) rest.Auth { return credentials }, me)
			require.Equal(t, 2, out.Code)
			require.Len(t, api.Calls(), 1, "no other credentials can be had")
			require.Equal(t, value, api.Calls()[0].Header.Get(name))
			require.NotContains(t, out.Stderr, "s3cr3t")
		})
	}
}

// An issuer gives tokens that are good for a while, and an API that takes them.
type issuer struct {
	mu       sync.Mutex
	lifetime time.Duration // 0: it does not say
	refuse   bool          // every token
	answer   http.HandlerFunc

	issued  int
	token   string
	expires time.Time
}

func (i *issuer) api(t *testing.T) *taptest.API {
	return (&taptest.API{Routes: []taptest.Route{
		{Pattern: "POST /oauth/v2/token", Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": ""}, Serve: i.give},
		{Pattern: "GET /me", Header: map[string]string{"Authorization": "Bearer .+"}, Serve: i.take},
	}}).Serve(t)
}

func (i *issuer) give(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.answer != nil {
		i.answer(w, r)
		return
	}
	want := url.Values{"grant_type": {"client_credentials"}, "client_id": {"7_a"}, "client_secret": {"s3cr3t"}}
	if r.ParseForm() != nil || r.PostForm.Encode() != want.Encode() {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"errors":[{"message":"The client credentials are invalid","code":400,"type":"invalid_client"}]}`)
		return
	}
	i.issued++
	i.token = fmt.Sprintf("s3cr3t-token-%d", i.issued)
	i.expires = time.Now().Add(i.lifetime)
	answer := map[string]any{"access_token": i.token, "token_type": "bearer", "scope": nil}
	if i.lifetime > 0 {
		answer["expires_in"] = int(i.lifetime.Seconds())
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(answer)
}

func (i *issuer) take(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.refuse || r.Header.Get("Authorization") != "Bearer "+i.token || i.lifetime > 0 && !time.Now().Before(i.expires) {
		http.Error(w, `{"errors":[{"message":"The access token provided has expired.","code":401}]}`, http.StatusUnauthorized)
		return
	}
	io.WriteString(w, "{}")
}

func (i *issuer) revoke() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.token = "none"
}

func client(more ...func(*auth.OAuth2)) func(log *slog.Logger) rest.Auth {
	return func(log *slog.Logger) rest.Auth {
		o := auth.OAuth2{TokenURL: taptest.URL + "/oauth/v2/token", ClientID: "7_a", ClientSecret: "s3cr3t", Log: log}
		for _, change := range more {
			change(&o)
		}
		return auth.NewTokens(o)
	}
}

// together makes many requests at once.
func together(t *testing.T, ctx context.Context, client *rest.Client) {
	done := make(chan error)
	for range 20 {
		go func() { done <- me(ctx, client) }()
	}
	for range 20 {
		require.NoError(t, <-done)
	}
}

// TestOneToken counts how often a token is asked for by many requests at once: at first, before it expires, and when it is refused.
func TestOneToken(t *testing.T) {
	t.Parallel()
	for name, issuer := range map[string]*issuer{"an hour": {lifetime: time.Hour}, "no end is mentioned": {}} {
		synctest.Test(t, func(t *testing.T) {
			api := issuer.api(t)
			out := run(t, api, client(), func(ctx context.Context, client *rest.Client) error {
				together(t, ctx, client)
				require.Equal(t, 1, issuer.issued, name)
				issuer.revoke()
				together(t, ctx, client)
				require.Equal(t, 2, issuer.issued, name)
				if issuer.lifetime > 0 {
					before := len(api.Calls())
					<-time.After(59*time.Minute + 30*time.Second)
					together(t, ctx, client)
					require.Equal(t, 3, issuer.issued, name)
					require.Len(t, api.Calls(), before+21, "none is refused: the token was renewed before its end")
				}
				return nil
			})
			require.Equal(t, 0, out.Code, out.Stderr)
			require.NotContains(t, out.Stderr, "s3cr3t")
		})
	}
}

func TestNoToken(t *testing.T) {
	t.Parallel()
	wrong := func(o *auth.OAuth2) { o.ClientSecret = "s3cr3t wrong" }
	says := func(status int, contentType, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			io.WriteString(w, text)
		}
	}
	for name, test := range map[string]struct {
		answer   http.HandlerFunc
		more     func(*auth.OAuth2)
		code     int
		says     string
		requests int
	}{
		"wrong secret": {nil, wrong, 2, "POST /oauth/v2/token: 400 Bad Request: The client credentials are invalid; check the credentials of Toy", 1},
		"404":          {says(404, "text/html", "<h1>"), nil, 2, "404 Not Found; check the ids in the settings, and base_url", 1},
		"a page":       {says(200, "text/html", "<h1>"), nil, 2, "the address that should give a token answers with something else; check base_url", 1},
		"503":          {says(503, "text/plain", "s3cr3t"), nil, 4, "503 Service Unavailable; run again later", 6},
		"no token":     {says(200, "application/json", "{}"), nil, 2, "something else", 1},
		"no JSON":      {says(200, "application/json", `{"access_token":"s3cr3t`), nil, 4, "POST /oauth/v2/token: the answer is not JSON; try again later", 6},
		"cut off": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			says(200, "application/json", `{"access_token":"s3cr3t"}`)(w, r)
		}, nil, 4, "POST /oauth/v2/token: unexpected EOF; try again later", 6},
	} {
		synctest.Test(t, func(t *testing.T) {
			issuer := &issuer{answer: test.answer}
			api := issuer.api(t)
			more := []func(*auth.OAuth2){}
			if test.more != nil {
				more = append(more, test.more)
			}
			out := run(t, api, client(more...), me)
			require.Equal(t, test.code, out.Code, "%s: %s", name, out.Stderr)
			require.Contains(t, out.Stderr, test.says)
			require.NotContains(t, out.Stderr, "s3cr3t")
			require.Len(t, api.Calls(), test.requests)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		issuer := &issuer{}
		out := run(t, issuer.api(t), client(), func(ctx context.Context, client *rest.Client) error {
			require.NoError(t, me(ctx, client))
			issuer.refuse = true
			return me(ctx, client)
		})
		require.Equal(t, 2, out.Code)
		require.Equal(t, 2, issuer.issued, "a new token is asked for once")
		require.Contains(t, out.Stderr, "401 Unauthorized: The access token provided has expired.")
	})
}

// TestTokenCache keeps a token from run to run, apart for each client, and does without when the file is no use.
func TestTokenCache(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "tokens.json")
	cached := func(o *auth.OAuth2) { o.CacheFile = file }
	synctest.Test(t, func(t *testing.T) {
		issuer := &issuer{lifetime: time.Hour}
		sync := func(more ...func(*auth.OAuth2)) *taptest.Output {
			out := run(t, issuer.api(t), client(append(more, cached)...), me)
			require.Equal(t, 0, out.Code, out.Stderr)
			require.NotContains(t, out.Stderr, "s3cr3t")
			return out
		}
		sync()
		sync()
		require.Equal(t, 1, issuer.issued, "the second run takes what the first one got")
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode())
		<-time.After(2 * time.Hour)
		sync()
		require.Equal(t, 2, issuer.issued, "one that has expired is replaced")
		issuer.revoke()
		sync()
		require.Equal(t, 3, issuer.issued, "a refused one is replaced in the file")
		sync()
		require.Equal(t, 3, issuer.issued)

		for _, damaged := range []string{"", "null", "{", `{"x":`, "\x00"} {
			require.NoError(t, os.WriteFile(file, []byte(damaged), 0o644))
			require.Contains(t, sync().Stderr, "token_cache is not used")
			sync()
		}
		require.Equal(t, 8, issuer.issued)
		require.NoError(t, os.WriteFile(file, []byte(`{"another":{"access_token":"kept"}}`), 0o600))
		sync()
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, bytes.Contains(text, []byte("kept")))
		require.NotContains(t, string(text), "7_a", "the client is not named")

		nowhere := func(o *auth.OAuth2) { o.CacheFile = filepath.Join(dir, "no", "such") }
		require.Contains(t, run(t, issuer.api(t), client(nowhere), me).Stderr, "token_cache cannot be written")
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, left, 1)
	})
}
