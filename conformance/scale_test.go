package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// What docs/scale.md says of Citus, as far as a plain PostgreSQL shows it: the statements are those of --plan and of Citus, and the table that
// they make is loaded as it is.
func TestDistributedTable(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root(t), "docs", "scale.md"))
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```sql\n(CREATE TABLE.*?\\);\n)(.*?)```").FindSubmatch(page)
	require.NotNil(t, block)
	create, distribute := string(block[1]), string(block[2])

	dsn := servertest.Database(t)
	s := &site{dsn: dsn, dir: t.TempDir(), env: []string{"PATH=" + os.Getenv("PATH"), "DATABASE_URL=" + dsn}}
	const clicks = `{"type":"SCHEMA","stream":"clicks","schema":{"properties":{"client_id":{"type":"string"},"at":{"type":"string","format":"date-time"},"url":{"type":"string"}}},"key_properties":[]}
{"type":"RECORD","stream":"clicks","record":{"client_id":"acme","at":"2026-11-01T00:00:00Z","url":"/a"}}
{"type":"RECORD","stream":"clicks","record":{"client_id":"globex","at":"2026-11-01T00:00:00Z","url":"/b"}}
{"type":"STATE","value":{}}
`
	plan := s.run(t, clicks, "target-postgres", "--plan", "--add-record-metadata=false")
	require.Zero(t, plan.code, plan.stderr)
	require.Contains(t, plan.stdout, create)

	conn := servertest.Connect(t, dsn)
	defer conn.Close(t.Context())
	for _, sql := range []string{"CREATE FUNCTION create_distributed_table(regclass, text) RETURNS void LANGUAGE sql AS ''", create, distribute} {
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err, sql)
	}
	loaded := s.run(t, clicks, "target-postgres", "--add-record-metadata=false")
	require.Zero(t, loaded.code, loaded.stderr)
	require.Equal(t, []string{"/a", "/b"}, s.texts(t, "SELECT url FROM clicks ORDER BY 1"))
	plan = s.run(t, clicks, "target-postgres", "--plan", "--add-record-metadata=false")
	require.NotContains(t, plan.stdout, "clicks", "the table is used as it is")
}
