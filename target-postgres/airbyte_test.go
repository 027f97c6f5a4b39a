package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// A case of TestAirbyte is a txtar file: syncs, numbered from 1, over one database that setup.sql has prepared.
//
//	1.catalog  the streams of the configured catalog, one a line
//	1.config   settings beside the connection
//	1.in       standard input; 1.cut is one whose last line has no end
//	1.exit     exit code, 0 when absent
//	1.out      standard output without LOG messages, and without the times of traces
//	1.query    statements after the sync; what they answer is in 1.rows
//
// A step without a catalog has that of the step before. How a run is cut into segments and transactions changes nothing of this.
func TestAirbyte(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/airbyte/*.txtar")
	require.NoError(t, err)
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		require.NoError(t, err)
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			dsn := servertest.Database(t)
			if got := runSyncs(t, dsn, archive, cut{}); *update {
				rewrite(t, file, archive, got)
				return
			}
			t.Run("in small segments, state by state", func(t *testing.T) { runSyncs(t, dsn, archive, cut{segment: 64, eager: true}) })
		})
	}
}

func runSyncs(t *testing.T, dsn string, archive *txtar.Archive, how cut) (got map[string]string) {
	parts := map[string]string{}
	for _, f := range archive.Files {
		parts[f.Name] = string(f.Data)
	}
	_, err := servertest.Connect(t, dsn).Exec(t.Context(), emptied+parts["setup.sql"])
	require.NoError(t, err)
	got = map[string]string{}
	used := map[string]bool{"setup.sql": true}
	catalog := ""
	for step := 1; ; step++ {
		part := func(name string) string {
			name = fmt.Sprintf("%d.%s", step, name)
			used[name] = true
			return parts[name]
		}
		in, isStep := parts[fmt.Sprintf("%d.in", step)]
		part("in")
		if cut := part("cut"); cut != "" {
			in, isStep = strings.TrimSuffix(cut, "\n"), true
		}
		if !isStep {
			break
		}
		if of := part("catalog"); of != "" {
			catalog = of
		}
		config := map[string]any{"dsn": dsn}
		if own := part("config"); own != "" {
			require.NoError(t, json.Unmarshal([]byte(own), &config))
		}
		if how.eager {
			config["batch_wait_seconds"] = 0
		}
		r := syncOnce(t, config, catalog, in, limits(t, "", how.segment))
		got[fmt.Sprintf("%d.out", step)] = r.stdout
		if r.code != 0 {
			got[fmt.Sprintf("%d.exit", step)] = strconv.Itoa(r.code) + "\n"
		}
		if query := part("query"); query != "" {
			got[fmt.Sprintf("%d.rows", step)] = answers(t, dsn, query)
		}
		for _, name := range []string{"exit", "out", "rows"} {
			if want := part(name); !*update {
				require.Equal(t, want, got[fmt.Sprintf("%d.%s", step, name)], "%d.%s; log:\n%s", step, name, r.stderr)
			}
		}
	}
	for part := range parts {
		require.True(t, used[part], "%s belongs to no step", part)
	}
	return got
}

// syncOnce is one run of write. Its log is given as standard error, which has to stay empty.
func syncOnce(t *testing.T, config map[string]any, catalog, in string, limits load.Limits) result {
	t.Helper()
	dir := t.TempDir()
	text, err := json.Marshal(config)
	require.NoError(t, err)
	settings, streams := filepath.Join(dir, "config.json"), filepath.Join(dir, "catalog.json")
	require.NoError(t, os.WriteFile(settings, text, 0o600))
	require.NoError(t, os.WriteFile(streams, []byte(`{"streams":[`+strings.Join(lines(catalog), ",")+`]}`), 0o600))
	r := run(t, "", input{args: []string{"write", "--config", settings, "--catalog=" + streams}, stdin: in, limits: limits})
	require.Empty(t, r.stderr)
	r.stdout, r.stderr = messagesOf(t, strings.ReplaceAll(r.stdout, dir+"/", ""))
	return r
}

var emittedAt = regexp.MustCompile(`"emitted_at":\d{13}`)

// messagesOf checks that every line is a message of the protocol, and parts them from the log.
func messagesOf(t *testing.T, stdout string) (messages, log string) {
	t.Helper()
	payloads := map[string]string{
		"SPEC": "spec", "CONNECTION_STATUS": "connectionStatus", "STATE": "state", "TRACE": "trace", "LOG": "log",
	}
	for _, line := range lines(stdout) {
		var m map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(line), &m), line)
		var kind string
		require.NoError(t, json.Unmarshal(m["type"], &kind), line)
		require.Contains(t, payloads, kind, line)
		require.Regexp(t, `^\{`, string(m[payloads[kind]]), line)
		if kind == "LOG" {
			log += line + "\n"
		} else {
			messages += emittedAt.ReplaceAllString(line, `"emitted_at":0`) + "\n"
		}
	}
	return messages, log
}
