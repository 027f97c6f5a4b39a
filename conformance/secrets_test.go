package main

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/conformance/accounts"
	"github.com/signalroom/signalroom/taps/tap-google-sheets/sheetstest"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// planted is in every secret of these tests.
const planted = "hunter2"

// secretKeys are a program's secret settings, by what it says of itself, so that a new one is tested without being named here.
func (s *site) secretKeys(t *testing.T, program string) []string {
	t.Helper()
	type setting struct {
		Secret     bool
		Properties map[string]setting
	}
	var about struct{ Settings setting }
	require.NoError(t, json.Unmarshal([]byte(s.run(t, "", program, "--about", "--format=json").stdout), &about))
	var keys []string
	var walk func(prefix string, of setting)
	walk = func(prefix string, of setting) {
		for name, one := range of.Properties {
			if one.Secret {
				keys = append(keys, prefix+name)
			}
			walk(prefix+name+".", one)
		}
	}
	walk("", about.Settings)
	slices.Sort(keys)
	require.NotEmpty(t, keys)
	return keys
}

// An indiscreet server answers with all that it was told, in the place where an API says what went wrong. Only tokens are to be had from it.
func indiscreet(t *testing.T) *httptest.Server {
	var mu sync.Mutex
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a part of it will do
		if strings.HasSuffix(r.URL.Path, "token") {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"access_token":"`+planted+`-issued","refresh_token":"`+planted+`-next","token_type":"Bearer","expires_in":3600}`)
			return
		}
		text := r.URL.String() + " " + string(body)
		for name, values := range r.Header {
			text += " " + name + ": " + strings.Join(values, ", ")
		}
		mu.Lock()
		n++
		status := []int{400, 401, 403, 200, 302, 404, 500}[n%7]
		mu.Unlock()
		w.Header().Set("Location", "http://elsewhere.test/?"+text)
		if strings.Contains(r.Header.Get("Authorization"), "AWS4") {
			w.WriteHeader(max(400, status))
			fmt.Fprintf(w, "<Error><Code>Odd%d</Code><Message>%s</Message></Error>", n, strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(text))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": text, "status": text, "code": status}, "detail": text, "Error": text}); err != nil {
			return // the client is gone
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// A secret is what one setting is given, and what the program then needs beside it.
type secret struct {
	program, key string
	value        any
	beside       map[string]any
	also         []string // texts that must not show either
}

// secrets gives every secret setting of every program a planted value.
func (s *site) secrets(t *testing.T, url string) []secret {
	t.Helper()
	service := sheetstest.ServiceKey(t, url+"/token")
	sheet := []any{map[string]any{"spreadsheet": "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-ABCDE", "tab": "*"}}
	oauth := map[string]any{"streams": sheet, "base_url": url, "oauth_client_id": "c", "oauth_client_secret": planted + "-c", "oauth_refresh_token": planted + "-r"}
	tunnel := map[string]any{"host": "127.0.0.1", "ssh_tunnel": map[string]any{"enable": true, "host": "127.0.0.1", "port": 1, "username": "u", "known_hosts": "/dev/null"}}
	known := map[string]secret{
		"tap-everflow.networks":                           {value: []any{map[string]any{"api_key": planted + "-a"}, map[string]any{"api_key": planted + "-b"}}},
		"tap-google-sheets.credentials_json":              {value: service, beside: map[string]any{"streams": sheet, "base_url": url}, also: strings.Split(fmt.Sprint(service["private_key"]), "\n")[1:4]},
		"tap-google-sheets.oauth_client_secret":           {beside: oauth},
		"tap-google-sheets.oauth_refresh_token":           {beside: oauth},
		"tap-mautic.oauth_client_secret":                  {beside: map[string]any{"base_url": url, "oauth_client_id": "c"}},
		"tap-mautic.password":                             {beside: map[string]any{"base_url": url, "username": "user"}, also: []string{base64.StdEncoding.EncodeToString([]byte("user:" + planted))[:16]}},
		"tap-posthog.api_key":                             {beside: map[string]any{"base_url": url, "project_id": 9}},
		"tap-redtrack.api_key":                            {beside: map[string]any{"base_url": url, "start_date": "2026-01-01"}},
		"target-postgres.dsn":                             {value: withPassword(s.dsn, planted+"%40x"), also: []string{planted + "@"}},
		"target-postgres.password":                        {beside: map[string]any{"host": "127.0.0.1", "port": 1, "user": "u"}},
		"target-postgres.sslkey":                          {value: "-----BEGIN PRIVATE KEY-----\n" + planted + "\n-----END PRIVATE KEY-----", beside: map[string]any{"sslcert": "none.pem"}},
		"target-postgres.sslpassword":                     {beside: map[string]any{"sslcert": "none.pem", "sslkey": "none.pem"}},
		"target-postgres.ssh_tunnel.private_key":          {beside: tunnel},
		"target-postgres.ssh_tunnel.private_key_password": {beside: tunnel},
	}
	var all []secret
	for _, c := range connectors() {
		program := c.program
		for _, key := range s.secretKeys(t, program) {
			one := known[program+"."+key]
			one.program, one.key = program, key
			if one.value == nil {
				one.value = planted + "-" + key
			}
			if one.beside == nil && program != "target-postgres" {
				one.beside = map[string]any{"base_url": url}
				if program == "tap-s3-exports" {
					one.beside = map[string]any{"endpoint_url": url, "bucket": bucket, "aws_access_key_id": "id", "region": "us-east-1"}
				}
			}
			if program != "target-postgres" {
				one.beside = maps.Clone(one.beside)
				one.beside["max_retries"], one.beside["request_timeout"] = 0, "5s"
			}
			all = append(all, one)
		}
	}
	return all
}

// ways are how a secret comes to a program: what is added to the config, the arguments and the environment.
func (one secret) ways(t *testing.T) map[string]struct {
	config    map[string]any
	args, env []string
} {
	text, ok := one.value.(string)
	if !ok {
		encoded, err := json.Marshal(one.value)
		require.NoError(t, err)
		text = string(encoded)
	}
	without := maps.Clone(one.beside)
	if without == nil {
		without = map[string]any{}
	}
	delete(without, one.key)
	with := maps.Clone(without)
	with[one.key] = one.value
	return map[string]struct {
		config    map[string]any
		args, env []string
	}{
		"file":        {config: with},
		"flag":        {config: without, args: []string{"--" + strings.NewReplacer("_", "-", ".", "-").Replace(one.key) + "=" + text}},
		"environment": {config: without, env: []string{strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(one.program+"_"+one.key)) + "=" + text}},
	}
}

// No secret setting shows in what a program prints, or leaves in a file, whatever it is asked to do and whatever goes wrong: even where
// the server quotes it.
func TestPlantedSecrets(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t))
	url := indiscreet(t).URL
	s.dir = t.TempDir()
	temporary := filepath.Join(s.dir, "tmp")
	require.NoError(t, os.Mkdir(temporary, 0o700))
	s.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + temporary, "LOGLEVEL=debug", "AWS_EC2_METADATA_DISABLED=true", "AWS_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=id", "S3_BUCKET_NAME=" + bucket, "PGPASSWORD=" + planted + "-pg"}
	const schema = `{"type":"SCHEMA","stream":"s","schema":{"properties":{"id":{"type":"integer"}}}}` + "\n"
	catalog := s.file(t, "catalog.json", `{"streams":[]}`)
	for i, one := range s.secrets(t, url) {
		t.Run(one.program+" "+one.key, func(t *testing.T) {
			t.Parallel()
			for way, given := range one.ways(t) {
				config := s.file(t, fmt.Sprintf("%d-%s.config.json", i, way), given.config)
				commands := [][]string{{"--config", config}, {"--config", config, "--discover"}, {"check", "--config", config}}
				if one.program == "target-postgres" {
					commands = [][]string{{"--config", config}, {"state", "--config", config}, {"check", "--config", config}}
				}
				if way == "file" {
					commands = append(commands, []string{"--config", config, "--test"}, []string{"--config", config, "--about"}, []string{"--config", config, "--about", "--format=json"},
						[]string{"--config", config, "--help"}, []string{"--config", config, "--nonsense"}, []string{"spec"}, []string{"discover", "--config", config},
						[]string{"read", "--config", config, "--catalog", catalog}, []string{"write", "--config", config, "--catalog", catalog}, []string{"--config", config, "--plan"},
						[]string{"--config", config, "--base-url", "https://u:" + planted + "@127.0.0.1:1"}, []string{"--config", config, "--base-url", "http://127.0.0.1:1"},
						[]string{"--config", config, "loads"}, []string{"--config", config, "rejects", "replay"})
				}
				for _, args := range commands {
					if strings.HasPrefix(args[0], "--") || way == "flag" {
						args = append(args, given.args...)
					}
					end := s.with(given.env...).run(t, schema, one.program, args...)
					printed := end.stdout + end.stderr
					if way == "flag" && args[0] == "--config" {
						require.Contains(t, printed, "every user of this machine", "%v", args)
					}
					for _, text := range append(one.also, planted) {
						require.NotContains(t, printed, text, "%s: %v", way, args)
					}
				}
			}
		})
	}
	t.Cleanup(func() {
		err := filepath.WalkDir(s.dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(path, ".config.json") {
				return err
			}
			text, err := os.ReadFile(path)
			if bytes.Contains(text, []byte(planted)) || filepath.Dir(path) == temporary {
				t.Errorf("%s is left", path)
			}
			return err
		})
		require.NoError(t, err)
	})
}

// A run that goes well leaves its secrets in no table, file, state or log, and shows them to no other session; neither does one that a signal
// ends.
func TestSecretsOfRunsThatWork(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	eachAccount(t, func(t *testing.T, a accounts.Account) {
		s := newSite(t, store)
		s.env = append(s.env, "LOGLEVEL=debug")
		api, change := a.Serve(t)
		change(1)
		url := api.Listen()
		settings := a.Settings(1)
		texts := []string{password(s.dsn), store.SecretAccessKey}
		for _, key := range s.secretKeys(t, a.Program) {
			texts = append(texts, leaves(settings[key])...)
		}
		settings["base_url"] = url + a.Path
		config, metrics := s.file(t, "run.config.json", settings), filepath.Join(s.dir, "run.prom")
		sessions := s.watchSessions(t)
		tap, target := s.mustLoad(t, pipe{program: a.Program, pipeline: "p", tap: []string{"--config", config}, target: []string{"--metrics-file", metrics, "--notify-channel", "c"}})
		said := tap.stderr + target.stdout + target.stderr + sessions()
		require.Contains(t, said, "target-postgres p", "sessions are looked at")
		written, err := os.ReadFile(metrics)
		require.NoError(t, err)
		said += string(written)
		for _, table := range s.texts(t, "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace") {
			said += strings.Join(s.rows(t, table), "\n")
		}
		require.Contains(t, said, "_sdc_")

		stopped := make(chan struct{})
		api.Fail(len(api.Calls())+2, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
			close(stopped)
			<-r.Context().Done()
		})
		var log bytes.Buffer
		signalled := exec.Command(a.Program, "--config", config)
		signalled.Dir, signalled.Env, signalled.Stderr = s.dir, s.env, &log
		require.NoError(t, signalled.Start())
		<-stopped
		require.NoError(t, signalled.Process.Signal(syscall.SIGTERM))
		time.AfterFunc(30*time.Second, func() { _ = signalled.Process.Kill() })
		require.Equal(t, 143, exitCode(t, signalled.Wait()), log.String())
		said += log.String()
		for _, text := range texts {
			require.NotContains(t, said, text)
		}
	})
}

// leaves are the texts in a setting's value that are long enough to be a secret; of a key in PEM form its lines.
func leaves(value any) (texts []string) {
	switch value := value.(type) {
	case string:
		if strings.HasPrefix(value, "-----BEGIN") {
			return strings.Split(value, "\n")[1:4]
		}
		return []string{value}
	case map[string]any:
		return leaves(cmp.Or(value["private_key"], value["api_key"]))
	}
	return nil
}

// watchSessions gathers what other sessions of the database show of themselves, until the function that it gives is called.
func (s *site) watchSessions(t *testing.T) (seen func() string) {
	conn := servertest.Connect(t, s.dsn)
	stop, found := make(chan struct{}), make(chan string)
	go func() {
		texts := map[string]bool{}
		for {
			select {
			case <-stop:
				found <- strings.Join(slices.Sorted(maps.Keys(texts)), "\n")
				return
			default:
			}
			var text string
			err := conn.QueryRow(t.Context(), `SELECT coalesce(string_agg(application_name || ' ' || query, E'\n'), '') FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid() OR pg_sleep(0.005) IS NULL`).Scan(&text)
			texts[text] = err == nil
		}
	}()
	return func() string {
		close(stop)
		return <-found
	}
}
