package settings

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	got := run{args: []string{"-p", "c.json", "--state=s.json", "-d", "--test"}, env: key}.do(t)
	require.NoError(t, got.err)
	require.Equal(t, "read", got.Command())
	require.False(t, got.Done())
	require.Equal(t, grammar{Catalog: "c.json", State: "s.json", Discover: true, Test: "true"}, got.cli)

	got = run{args: []string{"--properties", "c.json", "--test=schema"}, env: key}.do(t)
	require.NoError(t, got.err)
	require.Equal(t, grammar{Catalog: "c.json", Test: "schema"}, got.cli)

	got = run{args: []string{"rejects", "replay", "--id=3", "--page-size=7", "--id=4"}, env: key}.do(t)
	require.NoError(t, got.err)
	require.Equal(t, "rejects replay", got.Command())
	require.Equal(t, []int64{3, 4}, got.cli.Rejects.Replay.ID)
	require.Equal(t, 7, got.config.PageSize)

	got = run{args: []string{"--page-size=7", "rejects"}, env: key}.do(t)
	require.NoError(t, got.err)
	require.Equal(t, "rejects list", got.Command())

	got = run{args: []string{"--no-gzip", "--ssh-tunnel-enable"}, env: key}.do(t)
	require.NoError(t, got.err)
	require.False(t, got.config.Gzip)
	require.True(t, got.config.Tunnel.Enable)
}

func TestCommandWithoutSettings(t *testing.T) {
	t.Parallel()
	got := run{args: []string{"spec"}}.do(t)
	require.NoError(t, got.err)
	require.Equal(t, "spec", got.Command())
	require.Equal(t, config{}, got.config)
	require.Equal(t, "not given", got.Origin("page_size"))
	require.False(t, got.Given("page_size"))
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	const more = "; tap-demo --help lists the flags and settings"
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"--pagesize=hunter2"}, `unknown flag --pagesize, did you mean "--page-size"?` + more},
		{[]string{"--page_size", "5"}, `unknown flag --page_size, did you mean "--page-size"?` + more},
		{[]string{"reject"}, `unknown command "reject"; did you mean "rejects"?` + more},
		{[]string{"--api-key", "my", "hunter2"}, `unexpected argument number 3; a value that has spaces needs quotes around it` + more},
		{[]string{"rejects", "hunter2"}, `unexpected argument number 2; a value that has spaces needs quotes around it` + more},
		{[]string{"--page-size"}, `--page-size: a value is missing` + more},
		{[]string{"--page-size", "--gzip"}, `--page-size: a value is missing` + more},
		{[]string{"--catalog"}, `--catalog: a value is missing` + more},
		{[]string{"--format=json"}, `flag --format is for --about alone; add --about`},
		{[]string{"--about", "--format=hunter2"}, `flag --format: unknown form; use text, json, markdown or meltano`},
	}
	for _, test := range tests {
		got := run{args: test.args, env: key}.do(t)
		got.requireFault(t, test.want)
		require.NotContains(t, got.err.Error(), marker)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--version"}, {"-c", "none.json", "--version"}} {
		got := run{args: args}.do(t)
		require.NoError(t, got.err)
		require.True(t, got.Done())
		require.Equal(t, "tap-demo 1.2.3\n", got.out)
	}
}

// TestTool is a program without settings: it has none of their flags, and none of their texts.
func TestTool(t *testing.T) {
	t.Parallel()
	var cli struct {
		Config string   `help:"Its own."`
		Run    struct{} `cmd:"" default:"withargs" hidden:""`
	}
	parse := func(args ...string) (string, error) {
		var out bytes.Buffer
		_, err := Parse(&Program{Name: "tool", Version: "1.2.3", Description: "Does it.", Args: args, Stdout: &out, ExitCodes: []ExitCode{{"7", "Lucky."}}}, &cli, nil)
		return out.String(), err
	}
	for _, about := range []string{"--help", "--man"} {
		text, err := parse(about)
		require.NoError(t, err)
		require.Contains(t, text, "Lucky.")
		require.Contains(t, text, "Its own.")
		require.NotContains(t, text, "SETTINGS")
		require.NotContains(t, text, "Transient")
	}
	_, err := parse("--config", "x.json")
	require.NoError(t, err)
	require.Equal(t, "x.json", cli.Config)
	_, err = parse("--about")
	require.ErrorContains(t, err, "unknown flag --about")
}

func TestHelp(t *testing.T) {
	t.Parallel()
	got := run{args: []string{"--help"}}.do(t)
	require.NoError(t, got.err)
	require.True(t, got.Done())
	golden(t, "help.txt", got.out)

	for _, args := range [][]string{{"rejects", "--help"}, {"rejects", "-h"}, {"rejects", "replay", "--help", "--nonsense"}} {
		got := run{args: args}.do(t)
		require.NoError(t, got.err)
		require.True(t, got.Done())
		require.Contains(t, got.out, "tap-demo rejects")
	}
	require.Contains(t, run{args: []string{"rejects", "--help"}}.do(t).out, "  replay\n      Load rejected rows again.\n")
	require.Contains(t, run{args: []string{"rejects", "replay", "--help"}}.do(t).out, "  --id=N,...\n      Rows to replay.\n")
}

// TestDefects are mistakes of whoever declares settings: faults of kind System, not of the user.
func TestDefects(t *testing.T) {
	t.Parallel()
	tests := []struct {
		config any
		want   string
	}{
		{config{}, "settings must be a pointer to a struct, not settings.config"},
		{&struct{ A string }{}, "field A has no json name"},
		{&struct {
			A string `json:"a"`
		}{}, "setting a has no help"},
		{&struct {
			A string `json:"a" help:"x"`
			B string `json:"b" alias:"a" help:"x"`
		}{}, `key "a" is declared twice`},
		{&struct {
			common `required:"b"`
		}{}, "common has no setting b to require"},
		{&struct {
			A string `json:"a" help:"x" secret:"" default:"x"`
		}{}, "secret setting a has a default"},
		{&struct {
			A string `json:"catalog" help:"x"`
		}{}, "duplicate flag --catalog"},
		{&struct {
			A int `json:"a" help:"x" default:"many"`
		}{}, "default: a: expected a whole number"},
	}
	for _, test := range tests {
		_, err := Parse(demo(nil, &bytes.Buffer{}, t.TempDir(), nil), &grammar{}, test.config)
		require.ErrorContains(t, err, test.want)
		require.Equal(t, protocol.System, protocol.KindOf(err), test.want)
	}
}

// A setting that is declared anew stands in the place of the embedded one, in all that it has.
func TestDeclaredAnew(t *testing.T) {
	t.Parallel()
	type shared struct {
		Host string `json:"host" help:"Any host."`
		Port int    `json:"port" help:"Any port." default:"1"`
	}
	var config struct {
		shared
		Host string `json:"host" help:"Our host." env:"DEMO_HOST"`
	}
	var out bytes.Buffer
	_, err := Parse(demo(nil, &out, t.TempDir(), map[string]string{"DEMO_HOST": "here"}), &grammar{}, &config)
	require.NoError(t, err)
	require.Equal(t, "here", config.Host)
	require.Empty(t, config.shared.Host)
	require.Equal(t, 1, config.Port)
	_, err = Parse(demo([]string{"--help"}, &out, t.TempDir(), nil), &grammar{}, &config)
	require.NoError(t, err)
	require.Contains(t, out.String(), "Our host.")
	require.NotContains(t, out.String(), "Any host.")
}

func BenchmarkParse(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		_, err := Parse(demo([]string{"--api-key=k", "--page-size=5"}, nil, dir, nil), &grammar{}, &config{})
		require.NoError(b, err)
	}
}
