package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// What a user can get wrong: each is one line that says where and what next, and the exit code that a scheduler acts on.
func TestBadInput(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	store.Put(bucket, "a_2026-11-02.csv", []byte("id,name\n1,x\n2,y\n"))
	s := newSite(t, store)
	reader := s.restricted(t)
	const schema = `{"type":"SCHEMA","stream":"s","key_properties":["id"],"schema":{"type":"object","properties":{"id":{"type":"integer"},"n":{"type":["integer","null"]}}}}` + "\n"
	record := func(members string) string { return `{"type":"RECORD","stream":"s","record":{` + members + `}}` + "\n" }
	const tap, target = "tap-s3-exports", "target-postgres"
	for _, c := range []struct {
		name    string
		program string
		env     []string
		stdin   string
		args    []string
		code    int
		want    []string // all in the one line
	}{
		{name: "tap: unknown configuration key", program: tap, args: []string{"--config", s.file(t, "typo.json", `{"buckett":"x"}`)},
			code: 2, want: []string{"buckett", "bucket", "typo.json"}},
		{name: "target: unknown configuration key", program: target, args: []string{"--config", s.file(t, "typo2.json", `{"pipelin":"x"}`)},
			code: 2, want: []string{"pipelin", "pipeline", "typo2.json"}},
		{name: "tap: unknown flag", program: tap, args: []string{"--bukcet", "x"}, code: 2, want: []string{"--bukcet"}},
		{name: "tap: configuration that is not there", program: tap, args: []string{"--config", "missing.json"}, code: 2, want: []string{"missing.json"}},
		{name: "tap: configuration that is no JSON", program: tap, args: []string{"--config", s.file(t, "broken.json", "{\n\"bucket\": \"x\",,\n}")},
			code: 2, want: []string{"broken.json"}},
		{name: "tap: no bucket given", program: tap, env: []string{"S3_BUCKET_NAME="}, code: 2, want: []string{"bucket"}},
		{name: "tap: missing credentials", program: tap, env: []string{"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY="}, code: 2, want: []string{"credentials"}},
		{name: "tap: wrong secret", program: tap, env: []string{"AWS_SECRET_ACCESS_KEY=wrong"}, code: 2, want: []string{"secret"}},
		{name: "tap: no permission", program: tap, env: []string{"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY="}, args: []string{"--anonymous"}, code: 2, want: []string{bucket}},
		{name: "tap: missing bucket", program: tap, args: []string{"--bucket", "nowhere"}, code: 2, want: []string{"nowhere"}},
		{name: "tap: server that cannot be reached", program: tap, args: []string{"--endpoint-url", "http://127.0.0.1:1", "--max-retries", "0"},
			code: 4, want: []string{"127.0.0.1:1"}},
		{name: "tap: damaged state", program: tap, args: []string{"--state", s.file(t, "cut.json", `{"bookmarks":{"daily`)}, code: 2, want: []string{"cut.json"}},
		{name: "tap: empty state", program: tap, args: []string{"--state", s.file(t, "empty.json", "")}, code: 2, want: []string{"empty.json"}},
		{name: "tap: bookmark of another tap", program: tap, args: []string{"--state", s.file(t, "foreign.json", `{"bookmarks":{"daily_exports":{"watermark":7}}}`)},
			code: 2, want: []string{"daily_exports"}},
		{name: "tap: catalog of another tap", program: tap,
			args: []string{"--catalog", s.file(t, "catalog.json", `{"streams":[{"tap_stream_id":"users","stream":"users","schema":{"type":"object","properties":{}},"metadata":[{"breadcrumb":[],"metadata":{"selected":true}}]}]}`)},
			code: 2, want: []string{"users"}},
		{name: "tap: stream of no file", program: tap, args: []string{"--presets", "shopify"}, code: 2, want: []string{"shopify", "sticky_orders"}},
		{name: "target: invalid JSON", program: target, stdin: schema + record(`"id":1`) + "{\"type\":\n", code: 3, want: []string{"line 3"}},
		{name: "target: record before schema", program: target, stdin: record(`"id":1`), code: 3, want: []string{"line 1", `"s"`}},
		{name: "target: no type", program: target, stdin: `{"stream":"s"}` + "\n", code: 3, want: []string{"line 1", "type"}},
		{name: "target: key missing", program: target, args: []string{"--max-rejects", "0"}, stdin: schema + record(`"n":1`), code: 3, want: []string{"id"}},
		{name: "target: key null", program: target, args: []string{"--max-rejects", "0"}, stdin: schema + record(`"id":null`), code: 3, want: []string{"id"}},
		{name: "target: value that does not fit", program: target, args: []string{"--max-rejects", "0"}, stdin: schema + record(`"id":2,"n":"abc"`),
			code: 3, want: []string{`"s"`, `n`}},
		{name: "target: wrong password", program: target, stdin: schema, env: []string{"DATABASE_URL=" + withPassword(s.dsn, "wrong")}, code: 2, want: []string{"password"}},
		{name: "target: no such database", program: target, stdin: schema, env: []string{"DATABASE_URL=" + withDatabase(s.dsn, "nowhere")}, code: 2, want: []string{"nowhere"}},
		{name: "target: no permission", program: target, stdin: schema + record(`"id":1`), env: []string{"DATABASE_URL=" + reader}, args: []string{"--default-target-schema", "closed"},
			code: 2, want: []string{`lacks CREATE on SCHEMA "closed"`, "let an owner or a superuser run: GRANT CREATE"}},
		{name: "target: server that cannot be reached", program: target, stdin: schema, env: []string{"DATABASE_URL=postgres://u@127.0.0.1:1/d"}, code: 4, want: []string{"127.0.0.1"}},
		{name: "target: no connection given", program: target, stdin: schema, env: []string{"DATABASE_URL=", "PGHOST=/nowhere"}, code: 4, want: []string{"/nowhere"}},
		{name: "target: input that is not there", program: target, args: []string{"--input", "missing.singer"}, code: 2, want: []string{"missing.singer"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			args := c.args
			if c.program == target {
				args = append(args, "--pipeline", url.PathEscape(c.name))
			}
			end := s.with(c.env...).run(t, c.stdin, c.program, args...)
			require.Equal(t, c.code, end.code, end.stderr)
			var lines []string
			for line := range strings.Lines(end.stderr) {
				if strings.HasPrefix(line, "CRITICAL ") {
					lines = append(lines, line)
				}
			}
			require.Len(t, lines, 1, "one line says it:\n%s", end.stderr)
			for _, part := range c.want {
				require.Contains(t, lines[0], part)
			}
			require.NotContains(t, end.stderr, store.SecretAccessKey)
			require.NotContains(t, end.stderr, password(s.dsn))
			require.NotContains(t, end.stderr, "abc", "values stay out of messages")
			require.NotContains(t, end.stderr, "goroutine ")
		})
	}
}

// restricted is the database as a role that may make nothing in the schema closed.
func (s *site) restricted(t *testing.T) string {
	t.Helper()
	name := "reader_" + strings.TrimPrefix(databaseOf(s.dsn), "test_")
	conn := servertest.Connect(t, s.dsn)
	_, err := conn.Exec(t.Context(), fmt.Sprintf("CREATE ROLE %[1]s LOGIN PASSWORD 'reader'; CREATE SCHEMA closed; GRANT USAGE ON SCHEMA closed TO %[1]s", name))
	require.NoError(t, err)
	u, err := url.Parse(s.dsn)
	require.NoError(t, err)
	u.User = url.UserPassword(name, "reader")
	return u.String()
}

func databaseOf(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Path, "/")
}

func password(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		return dsn
	}
	text, _ := u.User.Password()
	return text
}

func withPassword(dsn, text string) string { return strings.Replace(dsn, password(dsn), text, 1) }

func withDatabase(dsn, name string) string { return strings.Replace(dsn, databaseOf(dsn), name, 1) }
