package settings

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func script(t *testing.T, shell string) string {
	t.Helper()
	got := run{args: []string{"--completion", shell}}.do(t) // nothing that is required is given
	require.NoError(t, got.err)
	require.True(t, got.Done())
	return got.out
}

func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	golden(t, "completion.bash", script(t, "bash"))
	golden(t, "completion.zsh", script(t, "zsh"))
	golden(t, "completion.fish", script(t, "fish"))
	run{args: []string{"--completion=csh"}}.do(t).requireFault(t, "flag --completion: unknown shell; use bash, zsh or fish")
}

// The script is sourced by a bash, and asked as its line editor asks: with the words of the line, split at =.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tap-demo.bash")
	require.NoError(t, os.WriteFile(file, []byte(script(t, "bash")), 0o600))
	for _, test := range []struct {
		words []string
		want  string
	}{
		{[]string{"--page"}, "--page-size"},
		{[]string{"--no-gz"}, "--no-gzip"},
		{[]string{"re"}, "rejects"},
		{[]string{"rejects", "re"}, "replay"},
		{[]string{"rejects", "list", "re"}, ""},
		{[]string{"rejects", "replay", "--i"}, "--id"},
		{[]string{"--i"}, ""},
		{[]string{"rejects", "replay", "--catal"}, "--catalog"},
		{[]string{"rejects", "--ssh-tunnel-h"}, "--ssh-tunnel-host"},
		{[]string{"--mode", "f"}, "fast"},
		{[]string{"--mode", "=", "e"}, "exact"},
		{[]string{"--mode", "="}, "fast exact"},
		{[]string{"--test", "=", "s"}, "schema"},
		{[]string{"--test", "re"}, "rejects"},
		{[]string{"--completion", ""}, "bash zsh fish"},
		{[]string{"--catalog", "--page"}, ""}, // a file's name
		{[]string{"--state", "=", "s"}, ""},
		{[]string{"--debug"}, ""}, // hidden
	} {
		ask := `source "$1"; shift; complete -p tap-demo >/dev/null; COMP_WORDS=(tap-demo "$@"); COMP_CWORD=$#; _tap_demo; echo "${COMPREPLY[*]}"`
		out, err := exec.Command("bash", append([]string{"--norc", "-uc", ask, "bash", file}, test.words...)...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Equal(t, test.want, strings.TrimSpace(string(out)), "%q", test.words)
	}
}

func TestManualPage(t *testing.T) {
	t.Parallel()
	got := run{args: []string{"--man"}}.do(t)
	require.NoError(t, got.err)
	require.True(t, got.Done())
	golden(t, "tap-demo.1", got.out)
	for line := range strings.Lines(got.out) {
		require.Regexp(t, `^([^.'\n]|\.(TH|SH|SS|TP|RS|RE|B|nh|ad)\b)`, line, "text that the formatter takes for a request")
	}
	if _, err := exec.LookPath("man"); err != nil {
		return // the golden file is all there is to hold it against
	}
	page := exec.Command("man", "-l", "testdata/tap-demo.1")
	page.Env = append(os.Environ(), "MANWIDTH=100", "LC_ALL=C", "MAN_KEEP_FORMATTING=", "MANPAGER=cat")
	out, err := page.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Regexp(t, `(?m)^ +--page-size=N\n +Rows per request. Default: 100. \[TAP_DEMO_PAGE_SIZE\]$`, string(out))
}
