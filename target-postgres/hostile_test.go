package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// hostileParts are what texts that want to be statements are made of, as they stand in JSON.
var hostileParts = []string{
	`'`, `\"`, `\\`, `;`, `--`, `/*`, `*/`, `\u0000`, `\ud800`, `\n`, `%s`, `$1`, `$$`, `$x$`, `{{.Schema}}`, `)`, `(`, `,`, `]`, `\\'`, `''`, `\"\"`, `E'`, `U&\"\\0022`,
	`\u02bc`, `\uff07`, `\u2019`, `é`, `\u202e`, ` `, `\r\n`, `\\x27`, `::regclass`, ` IS NULL`, `.`, `_`, `a`,
	`'; DROP TABLE canary.gold; --`, `\"; DROP TABLE canary.gold; --`, `\"); CREATE TABLE canary.owned(); --`, `\\'; CREATE TABLE canary.owned(); --`, `$$; CREATE TABLE canary.owned(); --`,
	`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`, `éééééééééééééééééééééééééééé`, `_signalroom_state`, `ctid`, `_extra`, `_sdc_deleted_at`,
}

// hostile makes such a text, without quotes around it.
func hostile(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(5) {
		b.WriteString(hostileParts[r.IntN(len(hostileParts))])
	}
	return b.String()
}

// hostileStream is everything that a tap says of one stream, with such texts wherever it may choose a text.
func hostileStream(r *rand.Rand, number int) string {
	name, key, other, cursor := fmt.Sprint(number, hostile(r)), hostile(r), "o"+hostile(r), "c"+hostile(r)
	types := []string{hostile(r), `text); DROP TABLE canary.gold; --`, `text[]; DROP TABLE canary.gold`, `numeric(5,2) DEFAULT (SELECT 1)`, `varchar(9)); --`, `numeric(1,1))`, `\"char\"`, `canary.gold`, `varchar(20)[]`}
	word := []string{"append", "merge", "replace"}[r.IntN(3)]
	property := func() string {
		return fmt.Sprintf(`{"type":["string","null"],"description":"%s","title":"%s","format":"%s","x-sql-datatype":"%s","contentEncoding":"%s","pattern":"%s","default":"%s","enum":["%s"]}`,
			hostile(r), hostile(r), hostile(r), types[r.IntN(len(types))], hostile(r), hostile(r), hostile(r), hostile(r))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `{"type":"SCHEMA","stream":"%s","key_properties":["%s"],"bookmark_properties":["%s"],"schema":{"description":"%s","x-write-disposition":"%s","x-replace-scope":{"%s":"%s"},"properties":{"%s":{"type":"string"},"%s":{"type":"string"},"%s":%s}}}`+"\n",
		name, key, cursor, hostile(r), word, key, hostile(r), key, cursor, other, property())
	version := ""
	if r.IntN(2) == 0 {
		version = `"version":5,`
	}
	for range 4 {
		fmt.Fprintf(&b, `{"type":"RECORD","stream":"%s",%s"record":{"%s":"%s","%s":"%s","%s":"%s","%s":"%s"}}`+"\n", name, version, key, hostile(r), cursor, hostile(r), other, hostile(r), hostile(r), hostile(r))
	}
	// The schema changes, and a row comes that it refuses.
	fmt.Fprintf(&b, `{"type":"SCHEMA","stream":"%s","key_properties":["%s"],"schema":{"x-write-disposition":"%s","properties":{"%s":{"type":"string"},"%s":{"type":"integer"},"%s":%s}}}`+"\n", name, key, word, key, other, hostile(r), property())
	fmt.Fprintf(&b, `{"type":"RECORD","stream":"%s",%s"record":{"%s":"%s","%s":"%s"}}`+"\n", name, version, key, hostile(r), other, hostile(r))
	if version != "" {
		fmt.Fprintf(&b, `{"type":"ACTIVATE_VERSION","stream":"%s","version":5}`+"\n", name)
	}
	fmt.Fprintf(&b, `{"type":"STATE","value":{"bookmarks":{"%s":{"%s":"%s"}}}}`+"\n", name, hostile(r), hostile(r))
	return b.String()
}

// broken are the SQLSTATEs of a statement that a text has changed: its syntax, what it names, how it is quoted.
var broken = []string{"42601", "42602", "42622", "42P02", "22025", "22P06", "22021", "08P01", "0A000"}

// guarded is a database with a table that nobody names, and with the server's settings under which a backslash in a string escapes.
func guarded(t testing.TB) string {
	dsn := servertest.Database(t)
	_, err := servertest.Connect(t, dsn).Exec(t.Context(), `CREATE SCHEMA canary; CREATE TABLE canary.gold (n) AS SELECT 7;
		DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET standard_conforming_strings = off', current_database()); END $$`)
	require.NoError(t, err)
	return dsn
}

// requireGuarded looks whether the table is there, alone and unchanged.
func requireGuarded(t testing.TB, dsn string) {
	t.Helper()
	var found string
	err := servertest.Connect(t, dsn).QueryRow(t.Context(), `SELECT string_agg(relname, ',') || (SELECT string_agg(n::text, ',') FROM canary.gold)
		FROM pg_class WHERE relnamespace = 'canary'::regnamespace`).Scan(&found)
	require.NoError(t, err)
	require.Equal(t, "gold7", found)
}

// requireHarmless loads what a hostile tap sends, looks at it by every command, and executes what --plan says of it in another database.
func requireHarmless(t *testing.T, dsn, other string, seed uint64) {
	r := rand.New(rand.NewPCG(11, seed))
	var in strings.Builder
	for n := range 3 {
		in.WriteString(hostileStream(r, n))
	}
	schema := fmt.Sprintf("s%d%s", r.Uint64(), decodedText(t, hostile(r)))
	schema = strings.ToValidUTF8(schema[:min(len(schema), 63)], "")
	defer func() {
		for _, dsn := range []string{dsn, other} {
			_, err := servertest.Connect(t, dsn).Exec(t.Context(), "DROP SCHEMA IF EXISTS "+pgx.Identifier{schema}.Sanitize()+" CASCADE")
			require.NoError(t, err)
		}
	}()
	pipeline, channel := decodedText(t, hostile(r)), decodedText(t, hostile(r))
	config := filepath.Join(t.TempDir(), "config.json")
	text, err := json.Marshal(map[string]any{"default_target_schema": schema, "pipeline": pipeline, "notify_channel": strings.ToValidUTF8(channel[:min(len(channel), 63)], ""), "grants": "pg_monitor"})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(config, text, 0o600))
	said := ""
	do := func(stdin string, args ...string) result {
		t.Helper()
		out := run(t, dsn, input{stdin: stdin, args: append(args, "--config", config)})
		for _, state := range broken {
			require.NotContains(t, out.stderr, "SQLSTATE "+state, "seed %d, %s", seed, args)
		}
		said += out.stderr
		return out
	}
	plan := do(in.String(), "--plan")
	require.Zero(t, plan.code, "seed %d: %s", seed, plan.stderr)
	for _, args := range [][]string{{"--add-record-metadata=false"}, {"--hard-delete", "--on-extra-fields=add"}, {"--missing-fields=keep", "--load-method=upsert"}} {
		load := do(in.String(), append(args, "--max-rejects=1000")...)
		require.Zero(t, load.code, "seed %d %s: %s", seed, args, load.stderr)
	}
	require.Zero(t, do("", "state").code)
	require.Zero(t, do("", "loads", "--intervals").code)
	require.Zero(t, do("", "rejects", "list", "--reason", hostile(r)).code)
	do("", "rejects", "replay")
	requireGuarded(t, dsn)
	require.NotContains(t, said, "\x1b")

	_, err = servertest.Connect(t, other).PgConn().Exec(t.Context(), plan.stdout).ReadAll()
	require.NoError(t, err, "seed %d: %s", seed, plan.stdout)
	requireGuarded(t, other)
}

// decodedText is a text as JSON means it, with what no setting can hold left out.
func decodedText(t testing.TB, inJSON string) string {
	t.Helper()
	var text string
	require.NoError(t, json.Unmarshal([]byte(`"`+inJSON+`"`), &text))
	return strings.ReplaceAll(text, "\x00", "")
}

// No text that a tap or the settings choose becomes a part of a statement: names, keys, cursors, descriptions, types, scopes, states.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	dsn, other := guarded(t), guarded(t)
	for seed := range uint64(8) {
		requireHarmless(t, dsn, other, seed)
	}
}

// FuzzTexts is TestHostileTexts for as long as one likes.
func FuzzTexts(f *testing.F) {
	dsn, other := guarded(f), guarded(f)
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { requireHarmless(t, dsn, other, seed) })
}
