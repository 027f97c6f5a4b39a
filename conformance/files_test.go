package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/conformance/accounts"
	"github.com/signalroom/signalroom/taps/tap-mautic/mautictest"
)

// Whatever the umask, what the programs write is for their user alone, but for the metrics, which another program reads; and nothing
// temporary is left, also by a run that was killed.
func TestFilesAreTheUsersAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t))
	temporary := filepath.Join(s.dir, "tmp")
	require.NoError(t, os.Mkdir(temporary, 0o777))
	s.env = append(s.env, "TMPDIR="+temporary)
	open := func(program string, args ...string) ended {
		return s.run(t, keyed, "sh", append([]string{"-c", `umask 0; exec "$0" "$@"`, program}, args...)...)
	}

	m := mautictest.New("5.1.1")
	api := m.Serve(t)
	settings := accounts.Mautic().Settings(1)
	settings["base_url"], settings["token_cache"], settings["select"] = api.Listen(), "tokens.json", "campaigns"
	end := open("tap-mautic", "--config", s.file(t, "mautic.json", settings))
	require.Zero(t, end.code, end.stderr)
	end = open("target-postgres", "--metrics-file", "run.prom")
	require.Zero(t, end.code, end.stderr)
	modes := s.modes(t)
	require.Equal(t, "-rw-------", modes["tokens.json"])
	require.Equal(t, "-rw-r--r--", modes["run.prom"])

	s.env = append(s.env, "DATABASE_URL=")
	// A private server: its folder is passed through, and nothing in it is read, by others. No process shows its password.
	folder := filepath.Join(s.dir, "private")
	embedded := exec.Command("sh", "-c", `umask 0; exec target-postgres --embedded "$0"`, folder)
	embedded.Dir, embedded.Env = s.dir, s.env
	stdin, err := embedded.StdinPipe()
	require.NoError(t, err)
	stdout, err := embedded.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, embedded.Start())
	_, err = stdin.Write([]byte(keyed))
	require.NoError(t, err)
	_, err = stdout.Read(make([]byte, 1)) // a state is committed, so the server runs
	require.NoError(t, err)
	password, err := os.ReadFile(filepath.Join(folder, "password"))
	require.NoError(t, err)
	require.NotEmpty(t, password)
	for _, line := range commandLines(t) {
		require.NotContains(t, line, string(password))
	}
	require.NoError(t, embedded.Process.Signal(syscall.SIGKILL))
	_ = embedded.Wait() // it was killed
	_ = stdin.Close()   // Wait has done it
	end = open("target-postgres", "state", "--embedded", folder)
	require.Zero(t, end.code, end.stderr)
	require.NotContains(t, end.stderr, string(password))
	for name, mode := range s.modes(t) {
		if strings.HasPrefix(name, "private/") && !strings.HasPrefix(name, "private/server/") {
			require.Equal(t, "-rw-------", mode, name)
		}
	}
	inner, err := os.Stat(filepath.Join(folder, "server"))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o700), inner.Mode().Perm())
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	require.Empty(t, left)
}

const keyed = `{"type":"SCHEMA","stream":"s","key_properties":["id"],"schema":{"properties":{"id":{"type":"integer"}}}}
{"type":"RECORD","stream":"s","record":{"id":1}}
{"type":"STATE","value":1}
`

// modes are the rights of all files below the site's folder.
func (s *site) modes(t *testing.T) map[string]string {
	t.Helper()
	modes := map[string]string{}
	require.NoError(t, filepath.WalkDir(s.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			modes[strings.TrimPrefix(path, s.dir+"/")] = info.Mode().String()
		}
		return err
	}))
	return modes
}

// commandLines are those of all processes, as every user sees them; none where the system has no /proc.
func commandLines(t *testing.T) (lines []string) {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, path := range paths {
		if line, err := os.ReadFile(path); err == nil { // others have ended meanwhile
			lines = append(lines, string(line))
		}
	}
	return lines
}
