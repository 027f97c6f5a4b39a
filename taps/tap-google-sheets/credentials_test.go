package main

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-google-sheets/sheetstest"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// keyText is a key as text.
func keyText(t *testing.T, key any) string {
	t.Helper()
	raw, err := json.Marshal(key)
	require.NoError(t, err)
	return string(raw)
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	const tokens = taptest.URL + "/token"
	key := sheetstest.ServiceKey(t, tokens)
	path := filepath.Join(t.TempDir(), "key.json")
	require.NoError(t, os.WriteFile(path, []byte(keyText(t, key)), 0o600))
	escaped := sheetstest.ServiceKey(t, tokens)
	escaped["private_key"] = strings.ReplaceAll(key["private_key"].(string), "\n", `\n`)
	user := map[string]any{"type": "authorized_user", "client_id": "id", "client_secret": "secret", "refresh_token": "refresh"}
	for name, test := range map[string]struct {
		config map[string]any
		env    map[string]string
	}{
		"a file":                        {config: map[string]any{"credentials_path": path}},
		"a file, by environment":        {env: map[string]string{"GOOGLE_SHEETS_CREDENTIALS_PATH": path}},
		"an object":                     {config: map[string]any{"credentials_json": key}},
		"text":                          {config: map[string]any{"credentials_json": keyText(t, key)}},
		"text, by environment":          {env: map[string]string{"GOOGLE_SHEETS_CREDENTIALS_JSON": keyText(t, key)}},
		"base64":                        {env: map[string]string{"GOOGLE_SHEETS_CREDENTIALS_JSON": base64.StdEncoding.EncodeToString([]byte(keyText(t, key)))}},
		"by Meltano":                    {env: map[string]string{"TAP_GOOGLE_SHEETS_CREDENTIALS_JSON": keyText(t, key)}},
		"a key with \\n for line ends":  {config: map[string]any{"credentials_json": escaped}},
		"a key with line ends for \\n":  {env: map[string]string{"GOOGLE_SHEETS_CREDENTIALS_JSON": strings.ReplaceAll(keyText(t, key), `\n`, "\n")}},
		"application default":           {env: map[string]string{"GOOGLE_APPLICATION_CREDENTIALS": path}},
		"an authorized user":            {config: map[string]any{"credentials_json": user, "token_url": tokens}},
		"settings of an OAuth user":     {config: map[string]any{"oauth_client_id": "id", "oauth_client_secret": "secret", "oauth_refresh_token": "refresh", "token_url": tokens}},
		"on behalf of somebody":         {config: map[string]any{"credentials_json": key, "subject": "ada@example.com"}},
		"a token address of one's own":  {config: map[string]any{"credentials_json": sheetstest.ServiceKey(t, "http://elsewhere.test/token"), "token_url": tokens}},
		"the token is refused for once": {config: map[string]any{"credentials_json": key}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, test.config, small([]any{"a"}, []any{1}))
				if test.config["credentials_json"] == nil {
					delete(b.config, "credentials_json")
				}
				if strings.HasPrefix(name, "the token is refused") {
					b.Fail(3, taptest.Status(401, `{"error":{"code":401,"message":"Request had invalid authentication credentials.","status":"UNAUTHENTICATED"}}`))
				}
				in := b.input(nil)
				in.Env = test.env
				out := taptest.Run(t, b.tap, in)
				require.Equal(t, 0, out.Code, out.Stderr)
				require.Len(t, rows(out.Messages, "Tab"), 1)
				require.NotContains(t, out.Stderr, "PRIVATE KEY")
				require.NotContains(t, out.Stderr, "token-1")
			})
		})
	}
}

func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	key := sheetstest.ServiceKey(t, taptest.URL+"/token")
	damaged := sheetstest.ServiceKey(t, taptest.URL+"/token")
	damaged["private_key"] = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
	oauth := map[string]any{"oauth_client_id": "id", "oauth_client_secret": "secret", "oauth_refresh_token": "old", "token_url": taptest.URL + "/token"}
	with := func(base map[string]any, pairs ...any) map[string]any {
		all := map[string]any{}
		for k, v := range base {
			all[k] = v
		}
		for i := 0; i < len(pairs); i += 2 {
			all[pairs[i].(string)] = pairs[i+1]
		}
		return all
	}
	for name, test := range map[string]struct {
		config map[string]any
		want   string
	}{
		"no JSON":            {map[string]any{"credentials_json": "{key"}, "credentials_json: the credentials are no JSON; give the file as Google has made it"},
		"neither":            {map[string]any{"credentials_json": "hunter2hunter2"}, "credentials_json: the credentials are no JSON; give the file as Google has made it"},
		"another type":       {map[string]any{"credentials_json": with(key, "type", "external_account")}, `credentials of this type are not taken: "external_account"; use the key of a service account`},
		"no type":            {map[string]any{"credentials_json": map[string]any{"installed": map[string]any{}}}, "the credentials have no type; make a key of a service account"},
		"a damaged key":      {map[string]any{"credentials_json": damaged}, "the key of the service account is damaged"},
		"no such file":       {map[string]any{"credentials_path": "/nowhere/key.json"}, "reading the credentials: open /nowhere/key.json: no such file or directory; check credentials_path"},
		"two at once":        {with(oauth, "credentials_json", key), "there are several credentials; give credentials_path, credentials_json or the three oauth settings"},
		"half of OAuth":      {map[string]any{"oauth_client_id": "id"}, "the OAuth settings are incomplete; oauth_client_id, oauth_client_secret and oauth_refresh_token belong together"},
		"an expired refresh": {oauth, "grant access again for a new refresh token; those of an OAuth application in testing last seven days"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, nil, small([]any{"a"}, []any{1}))
				delete(b.config, "credentials_json")
				for k, v := range test.config {
					b.config[k] = v
				}
				out := b.run(nil)
				require.Equal(t, 2, out.Code, out.Stderr)
				require.Contains(t, out.Stderr, test.want)
				require.NotContains(t, out.Stderr, "hunter2")
				require.Empty(t, out.Stdout)
			})
		})
	}
}
