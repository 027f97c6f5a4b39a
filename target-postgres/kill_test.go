package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// The target is killed again and again, at any instant, and started anew with the state that it kept. In the end every
// row is there once, whatever its disposition.
func TestKilled(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	binary := filepath.Join(t.TempDir(), "target-postgres")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	const rows, kills = 6000, 25
	random := rand.New(rand.NewPCG(3, 4))
	committed := func() int {
		printed, err := target(t, binary, dsn, "state").Output()
		require.NoError(t, err)
		var state struct{ N int }
		require.NoError(t, json.Unmarshal(printed, &state))
		return state.N
	}
	for kill := range kills + 1 {
		n := committed()
		run := target(t, binary, dsn, "--batch-wait-seconds=0")
		var stdout, stderr bytes.Buffer
		run.Stdout, run.Stderr = &stdout, &stderr
		stdin, err := run.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, run.Start())
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			io.WriteString(stdin, messages(n, rows)) // the reader may be dead
			if kill == kills {
				stdin.Close() // the last run alone comes to its end
			}
		}()
		if kill < kills {
			time.AfterFunc(time.Duration(random.IntN(250))*time.Millisecond, func() { run.Process.Kill() })
			require.EqualError(t, run.Wait(), "signal: killed", stderr.String())
		} else {
			<-sent
			require.NoError(t, run.Wait(), stderr.String())
		}
		<-sent
		if printed := lines(stdout.String()); len(printed) > 0 {
			var said struct{ N int }
			require.NoError(t, json.Unmarshal([]byte(printed[len(printed)-1]), &said))
			require.GreaterOrEqual(t, committed(), said.N, "what was printed is committed")
		}
	}
	for _, table := range []string{"log", "keyed", "files"} {
		require.Equal(t, fmt.Sprintf("%d | %d | 1 | %d\n", rows, rows, rows),
			answers(t, dsn, "SELECT count(*), count(DISTINCT n), min(n), max(n) FROM "+table), "%s after %d kills", table, kills)
	}
}

func target(t *testing.T, binary, dsn string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), binary, args...)
	c.Dir = t.TempDir()
	c.Env = append(os.Environ(), "TARGET_POSTGRES_DSN="+dsn)
	return c
}

// messages is what a tap sends from row n on: three streams, and a state now and then.
func messages(n, rows int) string {
	var b strings.Builder
	b.WriteString(logSchema + keyedSchema)
	b.WriteString(`{"type":"SCHEMA","stream":"files","key_properties":["n"],"schema":{"x-write-disposition":"append","properties":{"n":{"type":"integer"}}}}` + "\n")
	for n++; n <= rows; n++ {
		fmt.Fprintf(&b, `{"type":"RECORD","stream":"log","record":{"n":%d}}`+"\n", n)
		fmt.Fprintf(&b, `{"type":"RECORD","stream":"keyed","record":{"n":%d,"text":"t%d"}}`+"\n", n, n)
		fmt.Fprintf(&b, `{"type":"RECORD","stream":"files","record":{"n":%d}}`+"\n", n)
		if n%37 == 0 || n == rows {
			fmt.Fprintf(&b, `{"type":"STATE","value":{"n":%d}}`+"\n", n)
		}
	}
	return b.String()
}
