package database

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// newRole makes a role that goes away with the test and all that it owns.
func newRole(t *testing.T, dsn, attributes string) columns.Ident {
	t.Helper()
	role := columns.Ident(`Role "` + strings.ToLower(rand.Text()[:10]) + `"`)
	_, err := servertest.Connect(t, dsn).Exec(t.Context(), "CREATE ROLE "+role.String()+" "+attributes)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := servertest.Connect(t, dsn).PgConn().Exec(context.WithoutCancel(t.Context()), "DROP OWNED BY "+role.String()+" CASCADE; DROP ROLE "+role.String()).ReadAll()
		require.NoError(t, err)
	})
	return role
}

func TestBeginSQL(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	role := newRole(t, dsn, "")
	conn, err := Connect(t.Context(), Options{DSN: dsn, Role: role, LockTimeout: 1500 * time.Millisecond, StatementTimeout: time.Minute})
	require.NoError(t, err)
	defer conn.Close(t.Context())
	// What a role, a database or another client of a pooler may have left in the session.
	require.NoError(t, conn.Exec(t.Context(), `SET default_transaction_isolation = 'serializable'; SET statement_timeout = '7s';
		SET idle_in_transaction_session_timeout = '7s'; SET standard_conforming_strings = off; SET synchronous_commit = off`))
	var got [8]string
	require.NoError(t, conn.Within(t.Context(), func() error {
		return conn.QueryRow(t.Context(), `SELECT current_user, current_setting('transaction_isolation'), current_setting('statement_timeout'),
			current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'), current_setting('standard_conforming_strings'),
			coalesce(current_setting('transaction_timeout', true), '0'), current_setting('synchronous_commit')`).Scan(&got[0], &got[1], &got[2], &got[3], &got[4], &got[5], &got[6], &got[7])
	}))
	require.Equal(t, [...]string{string(role), "read committed", "1min", "1500ms", "0", "on", "0", "on"}, got)
}

func TestBeginSQLByVersion(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{"": false, "13.4": false, "16.11 (Debian 16.11-1)": false, "17.0": true, "18beta2": true} {
		require.Equal(t, want, strings.Contains(Options{}.begin(majorOf(version)), "transaction_timeout"), version)
	}
}
