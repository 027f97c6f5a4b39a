package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol/settings"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// verb runs a command of Airbyte's protocol with a configuration.
func verb(t *testing.T, name string, config map[string]any, args ...string) result {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.json")
	text, err := json.Marshal(config)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	r := run(t, "", input{args: append([]string{name, "--config", path}, args...)})
	require.Empty(t, r.stderr)
	r.stdout, r.stderr = messagesOf(t, strings.ReplaceAll(r.stdout, filepath.Dir(path)+"/", ""))
	return r
}

// airbyteConfig is the configuration of destination-postgres for a database of the tests.
func airbyteConfig(t *testing.T, dsn string) map[string]any {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	password, _ := u.User.Password()
	port := json.Number(u.Query().Get("port"))
	return map[string]any{
		"host": u.Query().Get("host"), "port": port, "database": u.Path[1:], "schema": "public", "username": u.User.Username(), "password": password,
		"ssl": false, "ssl_mode": map[string]any{"mode": "disable"}, "tunnel_method": map[string]any{"tunnel_method": "NO_TUNNEL"},
		"jdbc_url_params": "connectTimeout=9&prepareThreshold=0", "cdc_deletion_mode": "Hard delete", "drop_cascade": false, "unconstrained_number": true,
		"raw_data_schema": "airbyte_internal", "disable_type_dedupe": false, "destinationType": "postgres", "added_by_the_platform": nil,
	}
}

func TestAirbyteSpec(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"spec"}, {"spec", "--debug"}} {
		r := run(t, "", input{args: args, env: []string{"TARGET_POSTGRES_PORT", "no number"}})
		require.Zero(t, r.code, r.stdout)
		require.Empty(t, r.stderr)
		var message struct {
			Spec struct {
				ConnectionSpecification json.RawMessage
			}
		}
		require.NoError(t, json.Unmarshal([]byte(r.stdout), &message))
		var indented bytes.Buffer
		require.NoError(t, json.Indent(&indented, []byte(r.stdout), "", "  "))
		const path = "testdata/airbyte_spec.json"
		if *update {
			require.NoError(t, os.WriteFile(path, indented.Bytes(), 0o644))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(want), indented.String())
	}
}

func TestAirbyteCheck(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	succeeded := `{"type":"CONNECTION_STATUS","connectionStatus":{"status":"SUCCEEDED"}}` + "\n"
	for _, config := range []map[string]any{airbyteConfig(t, dsn), {"dsn": dsn, "default_target_schema": "not there yet"}} {
		r := verb(t, "check", config, "--debug")
		require.Zero(t, r.code)
		require.Equal(t, succeeded, r.stdout)
	}
	require.Equal(t, "0\n", answers(t, dsn, `SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace OR relname ~ 'signalroom'`), "nothing is left")

	for _, c := range []struct {
		key   string
		value any
		says  string
	}{
		{"host", nil, "host is required"},
		{"host", "127.0.0.1", "no connection to the server at 127.0.0.1"},
		{"password", "top secret", "password"},
		{"database", "elsewhere", "elsewhere"},
		{"port", "many", "port: expected a whole number"},
		{"ssl_mode", map[string]any{"mode": "perhaps"}, "ssl_mode: expected one of disable"},
		{"tunnel_method", map[string]any{"tunnel_method": "SSH_KEY_AUTH", "tunnel_host": "bastion", "tunnel_user": "u"}, "its ssh_key for SSH_KEY_AUTH"},
		{"cdc_deletion_mode", "Never", "cdc_deletion_mode"},
		{"disable_type_dedupe", true, "raw tables are not written"},
		{"embedded", "/tmp/x", "leave"},
	} {
		config := airbyteConfig(t, dsn)
		config["jdbc_url_params"] = "connectTimeout=1"
		config[c.key] = c.value
		if c.key == "host" && c.value != nil {
			config["port"] = 1
		}
		r := verb(t, "check", config)
		require.Zero(t, r.code, "%s: %s", c.key, r.stdout)
		require.Contains(t, r.stdout, `{"type":"CONNECTION_STATUS","connectionStatus":{"status":"FAILED","message":"`, c.key)
		require.Equal(t, 1, strings.Count(r.stdout, "\n"), c.key)
		require.Contains(t, r.stdout, c.says)
		require.NotContains(t, r.stdout+r.stderr, "top secret")
	}

	standing := airbyteConfig(t, dsn)
	require.Equal(t, "", answers(t, dsn, "CREATE ROLE reader_only LOGIN PASSWORD 'x'; REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
	defer answers(t, dsn, "DROP OWNED BY reader_only; DROP ROLE reader_only")
	standing["username"], standing["password"] = "reader_only", "x"
	r := verb(t, "check", standing)
	require.Zero(t, r.code)
	require.Contains(t, r.stdout, "GRANT CREATE ON SCHEMA")
}

func TestAirbyteRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		env  []string
		says string
		code int
	}{
		{[]string{"discover", "--config=x"}, nil, "nothing to discover", 2},
		{[]string{"write"}, nil, "--catalog", 2},
		{[]string{"write", "--catalog", "x"}, nil, "--config", 2},
		{[]string{"write", "--config", "/nowhere/c.json", "--catalog", "x"}, nil, "/nowhere/c.json", 2},
		{[]string{"write", "--config", os.DevNull, "--catalog", "x"}, nil, os.DevNull, 2},
		{[]string{"write", "--config", "CONFIG", "--catalog", "/nowhere/catalog.json"}, nil, "catalog: open /nowhere/catalog.json", 2},
		{[]string{"write", "--config", "CONFIG", "--catalog", os.DevNull}, nil, "the configured catalog is empty", 2},
		{[]string{"write", "--config", "CONFIG", "--catalog", "x"}, []string{"DATA_CHANNEL_MEDIUM", "SOCKET"}, "sockets are not read", 2},
		{[]string{"spec", "--nonsense"}, nil, "--nonsense", 2},
	} {
		config := filepath.Join(t.TempDir(), "config.json")
		require.NoError(t, os.WriteFile(config, []byte(`{"host":"127.0.0.1","port":1,"username":"u","database":"d"}`), 0o600))
		for i := range c.args {
			c.args[i] = strings.ReplaceAll(c.args[i], "CONFIG", config)
		}
		r := run(t, "", input{args: c.args, env: c.env})
		require.Equal(t, c.code, r.code, "%q: %s", c.args, r.stdout)
		require.Empty(t, r.stderr)
		traces, _ := messagesOf(t, r.stdout)
		require.Equal(t, 1, strings.Count(traces, `"failure_type":"config_error"`), "%q: %s", c.args, r.stdout)
		require.Contains(t, traces, c.says)
	}
	r := run(t, "", input{args: []string{"--config", os.DevNull, "write", "--catalog", "x"}})
	require.Equal(t, 2, r.code)
	require.Empty(t, r.stdout, "what is no Airbyte command line speaks like any other")
}

// The settings of destination-postgres, and what becomes of them.
func TestAirbyteConfig(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"host":"db","port":5433,"database":"d","username":"u","password":"p","schema":"S",
		"ssl_mode":{"mode":"verify-ca","ca_certificate":"CA","client_certificate":"CERT","client_key":"KEY","client_key_password":"KP"},
		"tunnel_method":{"tunnel_method":"SSH_PASSWORD_AUTH","tunnel_host":"bastion","tunnel_port":2222,"tunnel_user":"t","tunnel_user_password":"tp"},
		"jdbc_url_params":"ApplicationName=it's&loginTimeout=5&targetServerType=primary&other=1"}`), 0o600))
	var command grammar
	var config Config
	given, err := Program{Args: []string{"check", "--config", path}, Stdout: io.Discard}.parse(&command, &config)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"p", "tp"}, given.Secrets())
	problems := given.Problems()
	config.check(problems)
	require.NoError(t, problems.Err())
	through, wanted := config.Airbyte.tunnel()
	require.True(t, wanted)
	require.Equal(t, "bastion 2222 t tp true", fmt.Sprint(through.Host, " ", through.Port, " ", through.User, " ", through.Password, " ", through.AnyHost))
	o, end, err := config.connection(t.Context(), given.Env)
	require.NoError(t, err)
	defer end()
	require.NotNil(t, o.Dial)
	o.Dial = nil
	require.Equal(t, database.Options{
		DSN: `application_name='it\'s' connect_timeout='5' target_session_attrs='read-write'`, Host: "db", Port: 5433, User: "u", Password: "p", Database: "d",
		SSLMode: "verify-ca", SSLRootCert: "CA", SSLCert: "CERT", SSLKey: "KEY", SSLPassword: "KP", LockTimeout: time.Minute,
		Application: o.Application,
	}, withoutEnv(o))
	require.Equal(t, []string{"KEY", "KP"}, config.Airbyte.Mode.secrets())
	form, err := settings.ConnectionSpecification(&Config{})
	require.NoError(t, err)
	require.NotContains(t, string(form), `"ssh_tunnel"`)
}

func withoutEnv(o database.Options) database.Options {
	o.Env = nil
	return o
}

// Secrets of the configuration come nowhere, and a record of 20 MB comes to its table.
func TestAirbyteLarge(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	config := airbyteConfig(t, dsn)
	const catalog = `{"stream":{"name":"big","namespace":"ns","json_schema":{"properties":{"id":{"type":"integer"},"text":{"type":"string"}}}},"sync_mode":"full_refresh","destination_sync_mode":"append_dedup","primary_key":[["id"]]}`
	large := strings.Repeat("0123456789", 2_000_000)
	r := syncOnce(t, config, catalog, `{"type":"RECORD","record":{"stream":"big","namespace":"ns","data":{"id":1,"text":"`+large+`"},"emitted_at":1}}`+"\n"+
		`{"type":"RECORD","record":{"stream":"big","namespace":"ns","data":{"text":"no key"},"emitted_at":1}}`+"\n", limits(t, "", 0))
	require.Zero(t, r.code, r.stdout)
	require.Equal(t, "20000000 | 1970-01-01 00:00:00.001+00\n", answers(t, dsn, "SELECT length(text), _airbyte_extracted_at FROM ns.big"))
	require.NotContains(t, r.stdout+r.stderr, fmt.Sprint(config["password"]))
	require.NotContains(t, r.stdout+r.stderr, "no key")
	r = run(t, dsn, input{args: []string{"rejects", "replay"}})
	require.Contains(t, r.stdout+r.stderr, "refresh the stream there")
	require.Equal(t, "1\n", answers(t, dsn, "SELECT count(*) FROM ns.big"))

	config["max_rejects"] = 0
	r = syncOnce(t, config, catalog, `{"type":"RECORD","record":{"stream":"big","namespace":"ns","data":{"text":"no key"},"emitted_at":1}}`+"\n", limits(t, "", 0))
	require.Equal(t, 3, r.code)
	require.Contains(t, r.stdout, `"stream_descriptor":{"name":"big","namespace":"ns"}`)
}

// The destination is killed again and again, and started anew from the last state that came back. In the end every row of a stream with a key
// is there once, those of a refresh too, and nobody saw one of them before it was complete.
func TestAirbyteKilled(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	dir := t.TempDir()
	binary := filepath.Join(dir, "target-postgres")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	const rows, kills = 4000, 12
	answers(t, dsn, "CREATE TABLE fresh (n bigint PRIMARY KEY, _airbyte_generation_id bigint); INSERT INTO fresh VALUES (0, 1)")
	schema := `"json_schema":{"properties":{"n":{"type":"integer"}}}`
	catalog := `{"streams":[{"stream":{"name":"keyed",` + schema + `},"sync_mode":"incremental","destination_sync_mode":"append_dedup","primary_key":[["n"]],"generation_id":2,"minimum_generation_id":0,"sync_id":2},
		{"stream":{"name":"fresh",` + schema + `},"sync_mode":"full_refresh","destination_sync_mode":"append_dedup","primary_key":[["n"]],"generation_id":2,"minimum_generation_id":2,"sync_id":2}]}`
	config, err := json.Marshal(map[string]any{"dsn": dsn, "batch_wait_seconds": 0})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), config, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "catalog.json"), []byte(catalog), 0o600))
	random := rand.New(rand.NewPCG(5, 6))
	known := map[string]int{}
	for kill := range kills + 1 {
		run := exec.CommandContext(t.Context(), binary, "write", "--config", "config.json", "--catalog", "catalog.json")
		run.Dir = dir
		var stdout, stderr bytes.Buffer
		run.Stdout, run.Stderr = &stdout, &stderr
		stdin, err := run.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, run.Start())
		sent := make(chan struct{})
		messages := airbyteMessages(known["keyed"], known["fresh"], rows)
		go func() {
			defer close(sent)
			io.WriteString(stdin, messages) // the reader may be dead
			if kill == kills {
				stdin.Close()
			}
		}()
		if kill < kills {
			time.AfterFunc(time.Duration(random.IntN(300))*time.Millisecond, func() { run.Process.Kill() })
			require.EqualError(t, run.Wait(), "signal: killed", stdout.String())
			require.Equal(t, "0\n", answers(t, dsn, "SELECT n FROM fresh"), "nobody sees half of a refresh")
		} else {
			<-sent
			require.NoError(t, run.Wait(), stdout.String())
		}
		<-sent
		require.Empty(t, stderr.String())
		for _, line := range lines(stdout.String()) {
			var m struct {
				State *struct {
					Stream struct {
						Descriptor struct{ Name string } `json:"stream_descriptor"`
						State      struct{ N int }       `json:"stream_state"`
					}
				}
			}
			require.NoError(t, json.Unmarshal([]byte(line), &m), line)
			if m.State != nil {
				known[m.State.Stream.Descriptor.Name] = m.State.Stream.State.N
			}
		}
	}
	for _, table := range []string{"keyed", "fresh"} {
		require.Equal(t, fmt.Sprintf("%d | %d | 1 | %d\n", rows, rows, rows), answers(t, dsn, "SELECT count(*), count(DISTINCT n), min(n), max(n) FROM "+table), table)
	}
}

// airbyteMessages is what a source sends of two streams, each from where its state stands.
func airbyteMessages(keyed, fresh, rows int) string {
	var b strings.Builder
	for n := 1; n <= rows; n++ {
		for name, from := range map[string]int{"keyed": keyed, "fresh": fresh} {
			if n <= from {
				continue
			}
			fmt.Fprintf(&b, `{"type":"RECORD","record":{"stream":"%s","data":{"n":%d},"emitted_at":1700000000000}}`+"\n", name, n)
			if n%37 == 0 || n == rows {
				fmt.Fprintf(&b, `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"%s"},"stream_state":{"n":%d}},"id":%d}}`+"\n", name, n, n)
			}
		}
	}
	for _, name := range []string{"keyed", "fresh"} {
		fmt.Fprintf(&b, `{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1,"stream_status":{"stream_descriptor":{"name":"%s"},"status":"COMPLETE"}}}`+"\n", name)
	}
	return b.String()
}
