package logs

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// FuzzLine makes one line of anything, which does nothing to a terminal and holds no secret.
func FuzzLine(f *testing.F) {
	f.Add("a\x1b[2J", "b\nCRITICAL", "hunter2", true)
	f.Add("\u202e\xff", "{\"a\":1}", "\\\"'", false)
	f.Fuzz(func(t *testing.T, message, value, secret string, plainly bool) {
		var out bytes.Buffer
		o := open(&out, nil)
		if !plainly {
			o.form = form{kind: structured}
		}
		if len(secret) >= shortSecret {
			o.Mask(secret)
		}
		o.Logger().Warn(message, "key", value, "stream", value)
		line := strings.TrimSuffix(out.String(), "\n")
		for _, r := range line {
			require.True(t, unicode.IsPrint(r), "%q", line)
		}
		if plainly {
			return
		}
		var object struct {
			Message string
			Extra   map[string]string
		}
		require.NoError(t, json.Unmarshal([]byte(line), &object), line)
		if trimmed := strings.TrimSpace(secret); len(trimmed) >= shortSecret && !strings.Contains(masked, trimmed) && !strings.Contains(trimmed, "*") {
			require.NotContains(t, object.Message, trimmed)
			require.NotContains(t, object.Extra["key"], trimmed)
		}
	})
}
