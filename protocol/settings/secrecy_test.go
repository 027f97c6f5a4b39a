package settings

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol/logs"
)

// TestNoOutputHoldsASecret plants a marker in every secret setting, by every way in, and looks for it in whatever
// the program prints: help, about, errors, origins, and log lines once the log knows the secrets.
func TestNoOutputHoldsASecret(t *testing.T) {
	t.Parallel()
	secret := `{"api_key": "hunter2-key", "sqlalchemy_url": "postgres://u:hunter2-pw@h/d", "credentials": {"private_key": "hunter2-pem"},
		"patterns": [{"name": "a", "token": "hunter2-tok"}]}`
	flags := []string{"--api-key=hunter2-key", "--dsn", "host=h password=hunter2-pw", `--credentials={"token":"hunter2-pem"}`}
	env := map[string]string{
		"DEMO_KEY": "hunter2-key", "DATABASE_URL": "postgres://u:hunter2-pw@h/d", "TAP_DEMO_CREDENTIALS": `{"client_secret":"hunter2-pem"}`,
	}
	file := map[string]string{"a.json": secret}
	ways := map[string]run{
		"file":        {args: []string{"-c", "a.json"}, files: file},
		"environment": {env: env},
		".env":        {files: map[string]string{".env": "export DEMO_KEY='hunter2-key'\nDATABASE_URL=\"postgres://u:hunter2-pw@h/d\"\n"}},
		"flags":       {args: flags},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			printed := ""
			for _, more := range [][]string{
				{"--help"},
				{"--about"},
				{"--about", "--format=json"},
				{"--about", "--format=markdown"},
				{"--version"},
				{"--mode=hunter2", "--page-size=hunter2", "--credentials=[hunter2", "--patterns=[{\"name\":5.5,\"token\":{}}]"},
				{"--nonsense"},
				{"hunter2"},
			} {
				if more[0] == "hunter2" && name != "flags" {
					continue // it would stand where a command does, and is no value
				}
				broken := way
				broken.args = append(append([]string(nil), way.args...), more...)
				got := broken.do(t)
				printed += got.out
				if got.err != nil {
					printed += got.err.Error() + "\n"
				}
			}
			got := way.do(t)
			require.NoError(t, got.err)
			var out bytes.Buffer
			log := logs.New("tap-demo", &out, nil)
			log.Mask(got.Secrets()...)
			for _, key := range []string{"api_key", "dsn", "credentials", "patterns"} {
				printed += got.Origin(key)
			}
			log.Logger().Info("connecting", "dsn", got.config.DSN, "key", got.config.APIKey, "account", string(got.config.Credentials))
			log.Logger().Error("no", "error", errors.New("password hunter2-pw is wrong"), "patterns", got.config.Patterns)
			log.Fatal(fmt.Errorf("GET https://h/?key=%s: %w", got.config.APIKey, errors.New("hunter2-key")))
			require.Contains(t, out.String(), "key=***")
			require.NotEmpty(t, printed)
			require.NotContains(t, printed+out.String(), marker)
		})
	}
}
