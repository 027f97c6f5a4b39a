package database

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzDSN reads any connection string; what it has understood survives being written, and no password is in an error.
func FuzzDSN(f *testing.F) {
	for _, text := range []string{"postgres://u:hunter2%40@h:1,[::1]:2/d?sslmode=require&dbname=x", "postgresql+psycopg2://h", "host=h password='hunter2 \\' x' user = u", "password=hunter2 x", "postgres://u:hunter2%zz@h:x/"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words, err := parseDSN(text)
		if err != nil {
			require.False(t, strings.Contains(err.Error(), "hunter2"), err)
			return
		}
		again, err := parseDSN(connString(words))
		require.NoError(t, err)
		if !strings.Contains(connString(words), "://") {
			require.Equal(t, words, again, connString(words))
		}
		if _, err := (Options{DSN: text}).Config(); err != nil && strings.Contains(words["password"], "hunter2") {
			require.NotContains(t, err.Error(), "hunter2")
		}
	})
}
