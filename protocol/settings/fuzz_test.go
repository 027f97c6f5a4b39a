package settings

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzDotEnv reads back what it has read.
func FuzzDotEnv(f *testing.F) {
	f.Add("export A = 'b' # c\nC=\"d\\n\\\"\"\n")
	f.Add("A='open\nB=\"x")
	f.Fuzz(func(t *testing.T, text string) {
		values := parseDotEnv(text)
		var again strings.Builder
		for name, value := range values {
			require.NotEmpty(t, name)
			again.WriteString(name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(value) + "\"\n")
		}
		for name, value := range parseDotEnv(again.String()) {
			require.Equal(t, values[name], value)
		}
	})
}

// FuzzConfig reads any file as a config, and says nothing of a secret in it.
func FuzzConfig(f *testing.F) {
	f.Add(`{"api_key":"hunter2","page_size":"7","patterns":[{"name":"a","token":"hunter2"}],"ssh_tunnel":{"port":"x"},"date_format":{"*":"%Y"}}`)
	f.Add(`{"credentials":"{\"private_key\":\"hunter2\"}","dsn":"postgres://u:hunter2@h/d","headers":"{\"a\":1}","end_date":"2026-13-01","ratio":1e999,"request_timeout":"5m"}`)
	f.Fuzz(func(t *testing.T, text string) {
		got := run{args: []string{"-c", "a.json"}, files: map[string]string{"a.json": text}}.do(t)
		if got.err != nil && !bytes.Contains([]byte(text), []byte(`hunter2"`+`:`)) && strings.Count(text, "hunter2") == strings.Count(text, `:"hunter2"`) {
			require.NotContains(t, got.err.Error(), `hunter2`, text)
		}
	})
}

// FuzzWithin finds the password of any address.
func FuzzWithin(f *testing.F) {
	f.Add("user", "p:a/s?s@w#d")
	f.Fuzz(func(t *testing.T, user, password string) {
		if strings.ContainsAny(user, ":/?#@\n") || password == "" || strings.ContainsAny(password, "\n") {
			return
		}
		found := within("postgres://" + user + ":" + password + "@host/db")
		require.Contains(t, found, password)
	})
}
