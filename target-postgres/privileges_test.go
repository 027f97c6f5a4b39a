package main

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

const (
	oneLog   = logSchema + `{"type":"RECORD","stream":"log","record":{"n":1}}` + "\n"
	oneKeyed = keyedSchema + `{"type":"RECORD","stream":"keyed","record":{"n":1,"text":"x"}}` + "\n"
)

// roles makes roles that go away with the test, and gives their names and the database as the first of them sees it.
func roles(t *testing.T, dsn string, attributes ...string) (names []string, as string) {
	t.Helper()
	for _, a := range attributes {
		name := "role_" + strings.ToLower(rand.Text()[:12])
		_, err := servertest.Connect(t, dsn).Exec(t.Context(), "CREATE ROLE "+name+" "+a)
		require.NoError(t, err)
		t.Cleanup(func() {
			_, err := servertest.Connect(t, dsn).PgConn().Exec(context.Background(), "DROP OWNED BY "+name+" CASCADE; DROP ROLE "+name).ReadAll()
			require.NoError(t, err)
		})
		names = append(names, name)
	}
	return names, with(t, dsn, func(u *url.URL) { u.User = url.UserPassword(names[0], "p") })
}

// What a role lacks is said before a row is loaded, with the statement that mends it; after that statement the run succeeds.
func TestMissingPrivileges(t *testing.T) {
	t.Parallel()
	const keyed = `CREATE TABLE s.keyed (n bigint PRIMARY KEY, text text); `
	withoutMetadata := []string{"--add-record-metadata=false"}
	for _, c := range []struct {
		name  string
		own   bool   // an administrator has made the own tables
		setup string // R is the role, D the database
		in    string
		args  []string
		says  []string
		mend  string // one of the statements in the hint, where it has several
	}{
		{"create a schema", false, "", oneLog, nil, []string{`lacks CREATE on DATABASE "D"`, `CREATE SCHEMA "s" AUTHORIZATION "R"`}, `GRANT CREATE ON DATABASE "D" TO "R"`},
		{"use a schema", false, `CREATE SCHEMA s`, oneLog, nil, []string{`GRANT USAGE, CREATE ON SCHEMA "s" TO "R"`}, ""},
		{"create own tables", false, `CREATE SCHEMA s; GRANT USAGE ON SCHEMA s TO "R"`, oneLog, nil, []string{`GRANT CREATE ON SCHEMA "s" TO "R"`}, ""},
		{"write own tables", true, `REVOKE INSERT, UPDATE ON s._signalroom_state FROM "R"; GRANT CREATE ON SCHEMA s TO "R"`, oneLog, nil,
			[]string{`GRANT INSERT, UPDATE ON "s"."_signalroom_state" TO "R"`}, ""},
		{"create a table", true, "", oneLog, nil, []string{`stream "log"`, `GRANT CREATE ON SCHEMA "s" TO "R"`}, ""},
		{"insert", true, `CREATE TABLE s.log (n bigint)`, oneLog, withoutMetadata, []string{`GRANT INSERT ON "s"."log" TO "R"`}, ""},
		{"update", true, keyed + `GRANT INSERT, SELECT ON s.keyed TO "R"`, oneKeyed, withoutMetadata, []string{`GRANT UPDATE ON "s"."keyed" TO "R"`}, ""},
		{"delete", true, keyed + `GRANT INSERT, SELECT, UPDATE ON s.keyed TO "R"`, oneKeyed, append([]string{"--load-method=overwrite"}, withoutMetadata...),
			[]string{`GRANT DELETE ON "s"."keyed" TO "R"`}, ""},
		{"temporary tables", true, keyed + `GRANT ALL ON s.keyed TO "R"; REVOKE TEMPORARY ON DATABASE "D" FROM PUBLIC`, oneKeyed, withoutMetadata,
			[]string{`GRANT TEMPORARY ON DATABASE "D" TO "R"`}, ""},
		{"alter a table", true, `CREATE TABLE s.log (n bigint); GRANT INSERT ON s.log TO "R"`, oneLog, nil,
			[]string{`lacks the ownership of "s"."log"`, `or as its owner: ALTER TABLE "s"."log" ADD COLUMN`}, `ALTER TABLE "s"."log" OWNER TO "R"`},
		{"row-level security", true, `CREATE TABLE s.log (n bigint); ALTER TABLE s.log ENABLE ROW LEVEL SECURITY; GRANT INSERT ON s.log TO "R"; CREATE POLICY p ON s.log TO "R" USING (true)`,
			oneLog, withoutMetadata, []string{`stream "log"`, "let a superuser give the role BYPASSRLS"}, `ALTER ROLE "R" BYPASSRLS`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dsn := servertest.Database(t)
			names, as := roles(t, dsn, "LOGIN PASSWORD 'p'")
			named := strings.NewReplacer(`"R"`, `"`+names[0]+`"`, `"D"`, `"`+strings.TrimSpace(answers(t, dsn, "SELECT current_database()"))+`"`)
			execute := func(sql string) {
				_, err := servertest.Connect(t, dsn).PgConn().Exec(t.Context(), named.Replace(sql)).ReadAll()
				require.NoError(t, err, sql)
			}
			if c.own {
				r := run(t, dsn, input{stdin: `{"type":"STATE","value":0}` + "\n", args: []string{"--default-target-schema=s"}})
				require.Zero(t, r.code, r.stderr)
				execute(`GRANT USAGE ON SCHEMA s TO "R"; GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA s TO "R"`)
			}
			execute(c.setup)
			in := input{stdin: c.in, args: append([]string{"--dsn=" + as, "--default-target-schema=s"}, c.args...)}
			r := run(t, dsn, in)
			require.Equal(t, 2, r.code, r.stderr)
			for _, text := range c.says {
				require.Contains(t, r.stderr, named.Replace(text))
			}
			mend := c.mend
			if mend == "" {
				_, mend, _ = strings.Cut(r.stderr, "let an owner or a superuser run: ")
				mend, _, _ = strings.Cut(mend, "\n")
			}
			execute(mend)
			r = run(t, dsn, in)
			require.Zero(t, r.code, r.stderr)
		})
	}
}

// A run acts as its role from beginning to end, also where the user inherits nothing of it.
func TestRole(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	names, as := roles(t, dsn, "LOGIN NOINHERIT PASSWORD 'p'", "", "")
	user, owner, reader := names[0], names[1], names[2]
	_, err := servertest.Connect(t, dsn).PgConn().Exec(t.Context(), "CREATE SCHEMA s AUTHORIZATION "+owner).ReadAll()
	require.NoError(t, err)
	args := []string{"--dsn=" + as, "--default-target-schema=s", "--role=" + owner}
	r := run(t, dsn, input{stdin: oneLog, args: args})
	require.Equal(t, 2, r.code, r.stderr)
	require.Contains(t, r.stderr, `may not act as the role "`+owner+`"; let a superuser run: GRANT "`+owner+`" TO "`+user+`"`)
	r = run(t, dsn, input{stdin: oneLog, args: []string{"--dsn=" + as, "--role=nobody at all"}})
	require.Equal(t, 2, r.code, r.stderr)
	require.Contains(t, r.stderr, `there is no role "nobody at all"`)

	_, err = servertest.Connect(t, dsn).PgConn().Exec(t.Context(), "GRANT "+owner+" TO "+user).ReadAll()
	require.NoError(t, err)
	r = run(t, dsn, input{stdin: oneLog, args: append([]string{"--grants=" + reader + ",nobody at all"}, args...)})
	require.Equal(t, 2, r.code, r.stderr)
	require.Contains(t, r.stderr, `grants: there is no role "nobody at all"`)
	for range 2 {
		r = run(t, dsn, input{stdin: oneKeyed + oneLog + `{"type":"STATE","value":7}` + "\n", args: append([]string{"--grants=" + reader}, args...)})
		require.Zero(t, r.code, r.stderr)
	}
	require.Equal(t, owner+"\n", answers(t, dsn, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 's'"))
	require.Equal(t, "keyed\nlog\n", answers(t, dsn, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 's'::regnamespace AND has_table_privilege('"+
		reader+"', oid, 'SELECT') AND has_schema_privilege('"+reader+"', 's', 'USAGE') ORDER BY 1"))
	for command, want := range map[string]string{"state": "7", "loads": "keyed", "rejects": "REASON"} {
		r = run(t, dsn, input{args: append([]string{command}, args...)})
		require.Zero(t, r.code, r.stderr)
		require.Contains(t, r.stdout, want)
	}
}

// Statements of the user's own run before the first row, and after a run that succeeded.
func TestStatementsAround(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	setup := "--before-run-sql=CREATE TABLE IF NOT EXISTS runs (n int); INSERT INTO runs VALUES (1)"
	after := "--after-run-sql=INSERT INTO runs SELECT 10 * count(*) FROM log"
	r := run(t, dsn, input{stdin: oneLog, args: []string{setup, after}})
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, "1\n10\n", answers(t, dsn, "SELECT n FROM runs ORDER BY n"))
	r = run(t, dsn, input{stdin: oneLog + "nonsense\n", args: []string{setup, after}})
	require.Equal(t, 3, r.code, r.stderr)
	require.Equal(t, "1\n1\n10\n", answers(t, dsn, "SELECT n FROM runs ORDER BY n"))
	for _, c := range []struct{ arg, says string }{
		{"--before-run-sql=INSERT INTO runs VALUES ('secret')", "before_run_sql: server: invalid input syntax"},
		{"--after-run-sql=SELEC 1", "after_run_sql: server: syntax error"},
		{"--before-run-sql=SET ROLE owner", "there is the setting role"},
		{"--before-run-sql=SELECT 1; SET work_mem = '1GB'", "is forgotten with the transaction"},
	} {
		r = run(t, dsn, input{stdin: oneLog, args: []string{c.arg}})
		require.Equal(t, 2, r.code, r.stderr)
		require.Contains(t, r.stderr, c.says)
		require.NotContains(t, r.stderr, "secret")
	}
}

func TestReadOnlyServer(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	_, err := servertest.Connect(t, dsn).Exec(t.Context(), "ALTER DATABASE "+strings.TrimSpace(answers(t, dsn, "SELECT current_database()"))+" SET default_transaction_read_only = on")
	require.NoError(t, err)
	r := run(t, dsn, input{stdin: oneLog})
	require.Equal(t, 2, r.code, r.stderr)
	require.Contains(t, r.stderr, "read-only for the role")
	r = run(t, dsn, input{stdin: oneLog, args: []string{"--dsn=" + with(t, dsn, func(u *url.URL) {
		q := u.Query()
		q.Set("target_session_attrs", "read-write")
		u.RawQuery = q.Encode()
	})}})
	require.Equal(t, 4, r.code, r.stderr)
	require.Contains(t, r.stderr, "no server that target_session_attrs asks for")
}

// The privileges that docs/connecting.md gives a role are enough for every disposition and for tables that change.
func TestFewPrivileges(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	names, as := roles(t, dsn, "LOGIN PASSWORD 'p'")
	database := strings.TrimSpace(answers(t, dsn, "SELECT current_database()"))
	_, err := servertest.Connect(t, dsn).PgConn().Exec(t.Context(), "REVOKE ALL ON DATABASE "+database+" FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC; "+
		"CREATE SCHEMA raw AUTHORIZATION "+names[0]+"; GRANT CONNECT, TEMPORARY ON DATABASE "+database+" TO "+names[0]).ReadAll()
	require.NoError(t, err)
	wider := strings.Replace(keyedSchema, `"text":`, `"more":{"type":"string"},"text":`, 1) + `{"type":"RECORD","stream":"keyed","record":{"n":1,"more":"y"}}` + "\n"
	for _, in := range []string{oneLog, oneKeyed, oneKeyed, wider} {
		for _, method := range []string{"append-only", "upsert", "overwrite"} {
			r := run(t, dsn, input{stdin: in, args: []string{"--dsn=" + as, "--default-target-schema=raw", "--load-method=" + method}})
			require.Zero(t, r.code, r.stderr)
		}
	}
	require.Equal(t, "1 | y\n", answers(t, dsn, "SELECT n, more FROM raw.keyed"))
}
