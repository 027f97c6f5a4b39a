package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

func airbyteOutput(env map[string]string) (*Output, *bytes.Buffer) {
	var out bytes.Buffer
	o := NewAirbyte("tap-demo", &out, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	o.now = func() time.Time { return time.UnixMilli(1767323045678) }
	return o, &out
}

func TestAirbyteLines(t *testing.T) {
	t.Parallel()
	o, out := airbyteOutput(nil)
	o.Mask("hunter2-secret")
	log := o.Logger()
	log.Info("12 files\nfound", "prefix", "a b", "stream", "orders")
	log.Debug("not shown")
	log.Warn("key hunter2-secret is old")
	o.StartMetrics().Close()
	o.Report(protocol.InStream("orders", protocol.TransientFault("try again", "hunter2-secret is refused")))
	require.Equal(t, `{"type":"LOG","log":{"level":"INFO","message":"12 files\\nfound stream=orders prefix=\"a b\""}}
{"type":"LOG","log":{"level":"WARN","message":"key *** is old"}}
{"type":"TRACE","trace":{"type":"ERROR","emitted_at":1767323045678,"error":{"message":"stream \"orders\": *** is refused; try again","failure_type":"transient_error","stream_descriptor":{"name":"orders"}}}}
`, out.String())
	require.Equal(t, "a ***", o.Masked("a hunter2-secret"))
}

// TestAirbyteFailures: every failure is one TRACE, and the last one is not told twice.
func TestAirbyteFailures(t *testing.T) {
	t.Parallel()
	o, out := airbyteOutput(nil)
	first := protocol.InStream("orders", protocol.DataFault("", "half"))
	require.Equal(t, 3, o.Run(func() error {
		o.Report(first)
		return fmt.Errorf("more: %w", first)
	}))
	require.Equal(t, 1, strings.Count(out.String(), "TRACE"))
	out.Reset()
	require.Equal(t, 2, o.Run(func() error { return protocol.ConfigFault("", "one\ntwo") }))
	require.Contains(t, out.String(), `"message":"one\ntwo","failure_type":"config_error"`)
	require.Equal(t, 1, strings.Count(out.String(), "\n"))
	out.Reset()
	require.Equal(t, 1, o.Run(func() error { panic("a row's value") }))
	require.Contains(t, out.String(), `"failure_type":"system_error"`)
	require.NotContains(t, out.String(), "a row's value")
	out.Reset()
	o.Fatal(errors.New(strings.Repeat("é", messageMost)))
	require.True(t, json.Valid(out.Bytes()))
}

func TestAirbyteLevels(t *testing.T) {
	t.Parallel()
	o, out := airbyteOutput(map[string]string{"LOG_LEVEL": "WARN"})
	o.Logger().Info("not shown")
	require.Empty(t, out.String())
	o.Verbose()
	o.Logger().Debug("shown")
	m := o.StartMetrics()
	m.Records("orders").Add(1)
	m.Close()
	require.Equal(t, 2, strings.Count(out.String(), `"level":"DEBUG"`))
}
