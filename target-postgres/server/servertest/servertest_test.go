package servertest

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	t.Parallel()
	for range 3 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			conn := Connect(t, Database(t))
			_, err := conn.Exec(t.Context(), "CREATE TABLE t (n int)")
			require.NoError(t, err, "a table of another test would be in the way")
		})
	}
}

const childMark = "SERVERTEST_CHILD"

// The child is this binary again, killed while its server runs.
func TestAKilledTestLeavesNothing(t *testing.T) {
	t.Parallel()
	if os.Getenv(childMark) != "" {
		u, err := url.Parse(Database(t))
		require.NoError(t, err)
		fmt.Println("socket", u.Query().Get("host"))
		select {}
	}
	child := exec.Command(os.Args[0], "-test.run=^TestAKilledTestLeavesNothing$")
	child.Env = append(os.Environ(), childMark+"=1")
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	var socket string
	_, err = fmt.Fscanf(out, "socket %s\n", &socket)
	require.NoError(t, err)
	require.DirExists(t, socket)
	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())
	dir := filepath.Dir(filepath.Dir(socket))
	require.Eventually(t, func() bool {
		_, err := os.Stat(dir)
		return os.IsNotExist(err)
	}, 30*time.Second, 20*time.Millisecond)
}
