package settings

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestForeign(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file    string
		env           map[string]string
		withoutEffect []string
		err           string
	}{
		{name: "none", file: `{}`},
		{name: "without effect", file: `{"batch_config":{"encoding":{"format":"jsonl"}},"use_copy":false}`, withoutEffect: []string{"use_copy", "batch_config"}},
		{name: "null", file: `{"use_copy":null,"stream_maps":null}`},
		{name: "dotted", file: `{"batch_config.encoding.format":"jsonl"}`, withoutEffect: []string{"batch_config"}},
		{name: "environment", file: `{}`, env: map[string]string{"TAP_DEMO_USE_COPY": "True"}, withoutEffect: []string{"use_copy"}},
		{name: "off", file: `{"stream_maps":{ }}`},
		{name: "off as text", file: `{"stream_maps":"False"}`},
		{name: "on", file: `{"stream_maps":{"orders":{"total":"x"}}}`, err: "config file a.json: stream_maps: map the streams in the tap"},
		{name: "on, dotted", file: `{"stream_maps.orders":{"total":"x"}}`, err: "config file a.json: stream_maps: map the streams in the tap"},
		{name: "on in the environment", file: `{}`, env: map[string]string{"TAP_DEMO_STREAM_MAPS": `{"a":{}}`},
			err: "environment TAP_DEMO_STREAM_MAPS: stream_maps: map the streams in the tap"},
		{name: "off in the environment", file: `{"stream_maps":{"a":{}}}`, env: map[string]string{"TAP_DEMO_STREAM_MAPS": "{}"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"TAP_DEMO_API_KEY": "k"}
			for name, value := range c.env {
				env[name] = value
			}
			got := run{args: []string{"-c", "a.json"}, files: map[string]string{"a.json": c.file}, env: env}.do(t)
			if c.err != "" {
				got.requireFault(t, c.err)
				return
			}
			require.NoError(t, got.err)
			require.Equal(t, c.withoutEffect, got.WithoutEffect())
		})
	}
}
