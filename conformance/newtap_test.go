package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/examples/newtap/tap-example/exampletest"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// TestNewTap makes a tap in a copy of the module, as docs/adding-a-tap.md does, tests it, builds it, and pipes it into the target
// three times while its source changes.
func TestNewTap(t *testing.T) {
	t.Parallel()
	module := t.TempDir()
	for _, part := range []string{"Makefile", "go.mod", "go.sum", "protocol", "taps/tap", "examples/newtap"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(module, part)), 0o755))
		if info, err := os.Stat(filepath.Join(root(t), part)); err == nil && info.IsDir() {
			require.NoError(t, os.CopyFS(filepath.Join(module, part), os.DirFS(filepath.Join(root(t), part))))
			continue
		}
		text, err := os.ReadFile(filepath.Join(root(t), part))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(module, part), text, 0o644))
	}
	command := func(name string, args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir, cmd.Env = module, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS="+os.Getenv("GOFLAGS")+" -trimpath")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	must := func(name string, args ...string) {
		out, err := command(name, args...)
		require.NoError(t, err, out)
	}
	for _, wrong := range []string{"", "acme", "tap-Acme", "tap-", "tap-a/../b"} {
		out, err := command("make", "new-tap", "NAME="+wrong)
		require.Error(t, err, out)
	}
	must("make", "new-tap", "NAME=tap-acme-shop")
	out, err := command("make", "new-tap", "NAME=tap-acme-shop")
	require.Error(t, err)
	require.Contains(t, out, "exists")
	unformatted, err := command("gofmt", "-l", "taps/tap-acme-shop")
	require.NoError(t, err)
	require.Empty(t, unformatted)
	must("go", "vet", "./taps/tap-acme-shop/...")
	must("go", "test", "./taps/tap-acme-shop/...")
	must("go", "build", "-o", "bin/tap-acme-shop", "./taps/tap-acme-shop")

	data := &exampletest.Data{}
	api := data.API().Serve(t)
	s := &site{dsn: servertest.Database(t), dir: t.TempDir()}
	s.env = []string{"PATH=" + filepath.Join(module, "bin") + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + s.dir, "DATABASE_URL=" + s.dsn}
	s.file(t, "config.json", map[string]any{"api_key": exampletest.Key, "base_url": api.Listen(), "client_id": "acme",
		"start_date": time.Now().AddDate(0, 0, -3).UTC().Format(time.DateOnly)})
	load := func() (orders, plans string) {
		ended := s.run(t, "", "bash", "-o", "pipefail", "-c", "tap-acme-shop -c config.json -s <(target-postgres state) | target-postgres")
		require.Zero(t, ended.code, ended.stderr)
		return s.value(t, "SELECT string_agg(concat_ws('/', client_id, id, status, total, customer), ' ' ORDER BY id) FROM orders"),
			s.value(t, "SELECT string_agg(code, ' ' ORDER BY code) FROM plans")
	}
	order := func(id int, status string) {
		data.Put(exampletest.Order{ID: id, Status: status, Total: "0.10", Customer: []int{id}, UpdatedAt: time.Now().Add(-time.Millisecond)})
	}
	order(1, "new")
	order(2, "new")
	data.SetPlans("a", "b", "c")
	orders, plans := load()
	require.Equal(t, "acme/1/new/0.10/[1] acme/2/new/0.10/[2]", orders)
	require.Equal(t, "a b c", plans)
	order(2, "paid")
	order(3, "new")
	data.SetPlans("c", "d")
	orders, plans = load()
	require.Equal(t, "acme/1/new/0.10/[1] acme/2/paid/0.10/[2] acme/3/new/0.10/[3]", orders)
	require.Equal(t, "c d", plans)
	orders, plans = load()
	require.Equal(t, "acme/1/new/0.10/[1] acme/2/paid/0.10/[2] acme/3/new/0.10/[3]", orders)
	require.Equal(t, "c d", plans)
}
