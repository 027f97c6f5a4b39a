package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestConformanceCommand runs the program over a shell script, which is no tap at all.
func TestConformanceCommand(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "tap")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\ncase $1 in --version) echo tap 1 ;; *) exit 1 ;; esac\n"), 0o700))
	for _, c := range []struct {
		args         []string
		code         int
		stdout, told string // parts of standard output and standard error
	}{
		{[]string{"tap", "--only", "cli/version", "--", script}, 0, "1 passed, 0 failed, 0 not applicable", ""},
		{[]string{"tap", "--only", "read/ends-well", "--", script}, 1, "FAIL  MUST    read/ends-well  the run: exit code 1, and nothing on standard error", ""},
		{[]string{"tap", "--only", "cli/help", "--", script}, 0, "1 failed (0 MUST, 1 SHOULD)", ""},
		{[]string{"tap", "--only", "cli/*", "--format", "tap", "--", script}, 0, "ok 1 - cli/version\nnot ok 2 - cli/help # TODO SHOULD", "FAIL  SHOULD  cli/help"},
		{[]string{"tap", "--only", "cli/version", "--format", "junit", "--name", "x", "--", script}, 0, `<testsuite name="x" tests="1"`, ""},
		{[]string{"tap", "--list"}, 0, "state/resumes             MUST    Killed after any STATE", ""},
		{[]string{"target", "--list", "--only", "case/duplicate-keys"}, 0, "The last record of a key wins", ""},
		{[]string{"tap", "--only", "no/such", "--", script}, 2, "", "--list shows them"},
		{[]string{"tap"}, 2, "", "name the program to test after --"},
		{[]string{"tap", "--only", "cli/version", "--", filepath.Join(t.TempDir(), "missing")}, 2, "", "does not start"},
		{[]string{"tap", "--config", "missing.json", "--", script}, 2, "", "missing.json"},
		{[]string{"tap", "--format", "xml", "--", script}, 2, "", "--format"},
		{[]string{}, 2, "", "name what to test: tap, target, source or destination"},
		{[]string{"taps"}, 2, "", `unknown command "taps"; did you mean "tap"?`},
		{[]string{"--help"}, 0, "Exit codes:\n  0\n      Every MUST holds.\n", ""},
		{[]string{"tap", "--help"}, 0, "Test a Singer tap.", ""},
		{[]string{"--version"}, 0, "conformance ", ""},
		{[]string{"--man"}, 0, `.TP
\fBtap\fR
Test a Singer tap.
`, ""},
		{[]string{"--completion", "bash"}, 0, "complete -o default -F _conformance conformance\n", ""},
	} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, c.code, run(t.Context(), c.args, &stdout, &stderr), "%v: %s%s", c.args, stdout.String(), stderr.String())
		require.Contains(t, stdout.String(), c.stdout, c.args)
		require.Contains(t, stderr.String(), c.told, c.args)
	}
}
