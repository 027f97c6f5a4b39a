package settings

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPrecedence(t *testing.T) {
	t.Parallel()
	first, second := `{"page_size": 1}`, `{"page_size": 2}`
	layers := []struct {
		name   string
		run    run
		want   int
		origin string
	}{
		{"default", run{}, 100, "default"},
		{"file", run{args: []string{"--config", "a.json"}}, 1, "config file a.json"},
		{"later file", run{args: []string{"--config", "a.json", "-c", "b.json"}}, 2, "config file b.json"},
		{"null in a later file", run{args: []string{"--config", "a.json", "-c", "null.json"}}, 1, "config file a.json"},
		{".env", run{args: []string{"-c", "a.json"}, files: map[string]string{".env": "TAP_DEMO_PAGE_SIZE=3"}}, 3, "TAP_DEMO_PAGE_SIZE in DIR/.env"},
		{"environment", run{
			args: []string{"-c", "a.json", "--config", "ENV"}, files: map[string]string{".env": "TAP_DEMO_PAGE_SIZE=3"},
			env: map[string]string{"TAP_DEMO_PAGE_SIZE": "4"},
		}, 4, "environment TAP_DEMO_PAGE_SIZE"},
		{"environment under Meltano", run{
			args: []string{"-c", "a.json"}, env: map[string]string{"TAP_DEMO_PAGE_SIZE": "4", "MELTANO_EXTRACTOR_NAME": "tap-demo"},
		}, 1, "config file a.json"},
		{"environment under Meltano, and not in the file", run{
			args: []string{"-c", "null.json"}, env: map[string]string{"TAP_DEMO_PAGE_SIZE": "4", "MELTANO_LOADER_NAME": "target-demo"},
		}, 4, "environment TAP_DEMO_PAGE_SIZE"},
		{"empty environment", run{env: map[string]string{"TAP_DEMO_PAGE_SIZE": ""}}, 100, "default"},
		{"flag", run{args: []string{"-c", "a.json", "--page-size=5"}, env: map[string]string{"TAP_DEMO_PAGE_SIZE": "4"}}, 5, "flag --page-size"},
		{"last flag", run{args: []string{"--page-size=5", "--page-size", "6"}}, 6, "flag --page-size"},
		{"what a flag overrides is not read", run{args: []string{"--page-size=5"}, env: map[string]string{"TAP_DEMO_PAGE_SIZE": "x"}}, 5, "flag --page-size"},
	}
	for _, layer := range layers {
		t.Run(layer.name, func(t *testing.T) {
			t.Parallel()
			if layer.run.files == nil {
				layer.run.files = map[string]string{}
			}
			layer.run.files["a.json"], layer.run.files["b.json"] = first, second
			layer.run.files["null.json"] = `{"page_size": null}`
			env := map[string]string{"TAP_DEMO_API_KEY": "k"}
			for name, value := range layer.run.env {
				env[name] = value
			}
			layer.run.env = env
			got := layer.run.do(t)
			require.NoError(t, got.err)
			require.Equal(t, layer.want, got.config.PageSize)
			origin := got.Origin("page_size")
			if layer.name == ".env" {
				require.Regexp(t, `^TAP_DEMO_PAGE_SIZE in /.*/\.env$`, origin)
			} else {
				require.Equal(t, layer.origin, origin)
			}
			require.Equal(t, layer.want != 100, got.Given("page_size"))
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		run    run
		want   string
		origin string
	}{
		{"older variable", run{env: map[string]string{"DEMO_KEY": "a"}}, "a", "environment DEMO_KEY"},
		{"Meltano's variable first", run{env: map[string]string{"DEMO_TOKEN": "c", "DEMO_KEY": "b", "TAP_DEMO_API_KEY": "a"}}, "a", "environment TAP_DEMO_API_KEY"},
		{"older variables in order", run{env: map[string]string{"DEMO_TOKEN": "b", "DEMO_KEY": "a"}}, "a", "environment DEMO_KEY"},
		{"any variable before .env", run{
			env: map[string]string{"DEMO_TOKEN": "a"}, files: map[string]string{".env": "TAP_DEMO_API_KEY=b"},
		}, "a", "environment DEMO_TOKEN"},
		{"value with a dash", run{args: []string{"--api-key", "-a"}}, "-a", "flag --api-key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := test.run.do(t)
			require.NoError(t, got.err)
			require.Equal(t, test.want, got.config.APIKey)
			require.Equal(t, test.origin, got.Origin("api_key"))
		})
	}
}

func TestAliases(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]run{
		"key":                  {args: []string{"-c", "a.json"}, files: map[string]string{"a.json": `{"sqlalchemy_url": "pg"}`}, env: key},
		"flag":                 {args: []string{"--sqlalchemy-url=pg"}, env: key},
		"environment":          {env: map[string]string{"TAP_DEMO_API_KEY": "k", "TAP_DEMO_SQLALCHEMY_URL": "pg"}},
		"other":                {env: map[string]string{"TAP_DEMO_API_KEY": "k", "DATABASE_URL": "pg"}},
		"both, with one value": {args: []string{"-c", "a.json"}, files: map[string]string{"a.json": `{"sqlalchemy_url": "pg", "dsn": "pg"}`}, env: key},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := r.do(t)
			require.NoError(t, got.err)
			require.Equal(t, "pg", got.config.DSN)
			require.True(t, got.Given("dsn"))
			require.True(t, got.Given("sqlalchemy_url"))
		})
	}
}

func TestNestedAsMeltanoWritesIt(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nested": `{"ssh_tunnel": {"enable": "true", "host": "jump", "port": "2222"}}`,
		"dotted": `{"ssh_tunnel.enable": true, "ssh_tunnel.host": "jump", "ssh_tunnel.port": 2222}`,
		"mixed":  `{"ssh_tunnel": {"enable": true, "port": 2222, "host": null}, "ssh_tunnel.host": "jump"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run{args: []string{"-c", "a.json"}, files: map[string]string{"a.json": text}, env: key}.do(t)
			require.NoError(t, got.err)
			require.Equal(t, tunnel{Enable: true, Host: "jump", Port: 2222}, got.config.Tunnel)
		})
	}
	got := run{args: []string{"--ssh-tunnel-host=a"}, env: map[string]string{"TAP_DEMO_API_KEY": "k", "TAP_DEMO_SSH_TUNNEL_PORT": "7"}}.do(t)
	require.NoError(t, got.err)
	require.Equal(t, tunnel{Host: "a", Port: 7}, got.config.Tunnel)
	require.Equal(t, "flag --ssh-tunnel-host", got.Origin("ssh_tunnel.host"))
}

func TestDotEnv(t *testing.T) {
	t.Parallel()
	text := "\ufeff# a comment\r\n" +
		"export TAP_DEMO_API_KEY = 'a #1' # the key\n" +
		"TAP_DEMO_DSN=\"line one\nline \\\"two\\\"\\t$HOME\" # done\n" +
		"TAP_DEMO_CLIENT_ID=acme # comment\n" +
		"TAP_DEMO_MODE=fast#not\n" +
		"\n" +
		"not a line\n" +
		"two words=1\n" +
		"EXPORTED=\n" +
		"exported=2\n" +
		"BACK='it\\'s'\n" +
		`ESCAPES="\\\r\q\"\$"` + "\n" +
		"OPEN=\"never closed\n" +
		"LAST=it's"
	require.Equal(t, map[string]string{
		"TAP_DEMO_API_KEY":   "a #1",
		"TAP_DEMO_DSN":       "line one\nline \"two\"\t$HOME",
		"TAP_DEMO_CLIENT_ID": "acme",
		"TAP_DEMO_MODE":      "fast#not",
		"EXPORTED":           "",
		"exported":           "2",
		"OPEN":               `"never closed`,
		"BACK":               "it's",
		"ESCAPES":            "\\\r\\q\"$",
		"LAST":               "it's",
	}, parseDotEnv(text))
}

func TestDotEnvIsTheFirstFoundUpward(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, ".env", "A=above\nB=above")
	write(t, dir, "one/.env", "A=one")
	write(t, dir, "one/two/.env/keep", "a directory is no .env")
	var out grammar
	var c config
	s, err := Parse(demo([]string{"--api-key=k"}, nil, dir+"/one/two/three", map[string]string{"C": "real"}), &out, &c)
	require.NoError(t, err)
	a, _ := s.Env("A")
	require.Equal(t, "one", a)
	_, ok := s.Env("B")
	require.False(t, ok)
	real, _ := s.Env("C")
	require.Equal(t, "real", real)
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	account := `{"type":"service_account","private_key":"PEM","private_key_id":"shown","secret_id":"vault","token_uri":"https://t","nested":[{"client_secret":"cs"}]}`
	got := run{args: []string{"-c", "a.json"}, files: map[string]string{"a.json": `{
		"api_key": "key", "dsn": "postgres://me:p%40ss@host/db", "client_id": "acme", "credentials": ` + account + `,
		"patterns": [{"name": "orders", "token": "tok"}]
	}`}}.do(t)
	require.NoError(t, got.err)
	require.Equal(t, []string{
		"PEM", "cs", "key", "p%40ss", "p@ss", "postgres://me:p%40ss@host/db", "tok", "vault", account,
	}, got.Secrets())
	require.Equal(t, account, string(got.config.Credentials))

	got = run{args: []string{`--dsn=host=x password='it\'s' user=y`, "--api-key=k"}}.do(t)
	require.Equal(t, []string{`host=x password='it\'s' user=y`, "it's", "k"}, got.Secrets())
}

func TestProblemsOfTheCaller(t *testing.T) {
	t.Parallel()
	got := run{args: []string{"--page-size=7", "--api-key=k"}, env: map[string]string{"TAP_DEMO_SELECT": "["}}.do(t)
	require.NoError(t, got.err)
	problems := got.Problems()
	require.NoError(t, problems.Err())
	problems.Add("page_size", "must be even")
	problems.Add("select[0]", "must be a glob")
	problems.Add("test", "expected --test=schema")
	problems.Missing("dsn", "without ssh_tunnel.host")
	result{err: problems.Err()}.requireFault(t, "flag --page-size: page_size: must be even\n"+
		"environment TAP_DEMO_SELECT: select[0]: must be a glob\ntest: expected --test=schema\n"+
		`dsn is required without ssh_tunnel.host: give --dsn, set TAP_DEMO_DSN (or DATABASE_URL), or put "dsn" in a config file`)
}
