package settings

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

// Passwords are found in addresses that no parser takes, and in variables that libraries read by themselves.
func TestSecretsBesideTheSettings(t *testing.T) {
	t.Parallel()
	for address, password := range map[string]string{
		"postgres://u:hunter2@h/d":                             "hunter2",
		"postgres://u:hunter%402@h:1,g:2/d?application_name=@": "hunter@2",
		"postgresql+psycopg2://u:hunter%zz@h/d":                "hunter%zz",
		"postgres://u:hun/ter?2@h/d":                           "hun/ter?2",
		"postgres://h/d?user=u&password=hunter2&sslmode=x":     "hunter2",
		"host=h password=hunter2":                              "hunter2",
		"host=h password='hunter \\'2' user=u":                 "hunter '2",
	} {
		require.Contains(t, within(address), password, address)
	}
	env := map[string]string{"DEMO_KEY": "k", "HTTPS_PROXY": "http://u:hunter%zz@proxy:3128", "PGPASSWORD": "hunter2-pg", "AWS_SESSION_TOKEN": "hunter2-aws"}
	require.Subset(t, run{env: env}.do(t).Secrets(), []string{"hunter%zz", "hunter2-pg", "hunter2-aws"})
}

// A secret on the command line is warned of; a file with one, or an address without, is not.
func TestSecretsOnTheCommandLine(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, c := range []struct{ args, env, want string }{
		{"--api-key=hunter2", "", "api_key"},
		{"--api-key=hunter2 --dsn=postgres://u:p@h/d", "", "api_key, dsn"},
		{"--api-key=" + file + " --dsn=postgres://u@h/d", "", ""},
		{"--dsn=host=h", "k", ""},
	} {
		got := run{args: strings.Fields(c.args), env: map[string]string{"DEMO_KEY": c.env}}.do(t)
		require.NoError(t, got.err)
		var out bytes.Buffer
		got.WarnOfExposed(logs.New("tap-demo", &out, nil).Logger())
		require.Equal(t, c.want, strings.Join(got.exposed, ", "), c.args)
		require.Equal(t, c.want != "", strings.Contains(out.String(), "every user of this machine"))
		require.NotContains(t, out.String(), "hunter2")
	}
}

// A .env that another user has put into a folder for everybody is not read.
func TestPlantedDotEnv(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, ".env")
	require.NoError(t, os.WriteFile(path, []byte("A=1"), 0o644))
	require.NoError(t, os.Chmod(dir, 0o777))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.False(t, planted(dir, info), "the user's own")
	roots, err := os.Stat("/etc/passwd")
	require.NoError(t, err)
	require.Equal(t, os.Geteuid() != 0, planted(dir, roots))
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chown(path, 12345, 12345))
		_, values, err := readDotEnv(filepath.Join(dir, "below"))
		require.NoError(t, err)
		require.Empty(t, values)
	}
	require.NoError(t, os.Chmod(dir, 0o755))
	_, values, err := readDotEnv(dir)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"A": "1"}, values)
}
