package servertest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	t.Parallel()
	for range 3 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			conn := Connect(t, Database(t))
			_, err := conn.Exec(t.Context(), "CREATE TABLE t (n int)")
			require.NoError(t, err, "a table of another test would be in the way")
		})
	}
}
