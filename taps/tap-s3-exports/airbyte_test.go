package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol/airbyte"
	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap/taptest"
)

func TestConnector(t *testing.T) {
	t.Parallel()
	b := newBench(t, map[string]any{"client_id": "acme"})
	b.put("in/orders_2026-11-01.csv", "id,total,zip,at\n1,12.50,02134,2026-11-01T10:00:00Z\n2,3,10001,\nx\"y,\"4\n")
	b.put("in/orders_2026-11-02.csv", "id,total,zip,at\n3,,02135,2026-11-02T10:00:00Z\n")
	whole := taptest.Connector(t, program, func(testing.TB) taptest.Input { return b.input(nil) })
	require.NotEmpty(t, whole.Rows(defaultStream))
	require.Equal(t, []airbyte.StreamPhase{airbyte.Started, airbyte.Running, airbyte.Complete}, whole.Phases(rejectedRows))
}

// BenchmarkWires reads the same files on both wires.
func BenchmarkWires(b *testing.B) {
	bench := newBench(b, nil)
	body := manyRows(32 << 20)
	bench.put("a.csv", body)
	dir := b.TempDir()
	file := func(name string, value any) string {
		text, err := json.Marshal(value)
		require.NoError(b, err)
		path := filepath.Join(dir, name)
		require.NoError(b, os.WriteFile(path, text, 0o600))
		return path
	}
	config := file("config.json", bench.settings)
	catalog := file("catalog.json", taptest.Configure(taptest.Airbyte(b, program, "discover", bench.input(nil)).Streams()))
	for name, args := range map[string][]string{"singer": {"--config", config}, "airbyte": {"read", "--config", config, "--catalog", catalog}} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				require.Equal(b, 0, program.Run(context.Background(), tap.Program{Args: args, Stdout: io.Discard, Stderr: io.Discard, Dir: dir}))
			}
		})
	}
}
