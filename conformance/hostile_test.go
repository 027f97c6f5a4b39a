package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/conformance/accounts"
)

// bounded runs a tap that may not take more than a minute and 400 MiB, nor say more than 64 KiB, nor break.
func (s *site) bounded(t *testing.T, program string, args ...string) ended {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env, cmd.Stderr = s.dir, s.env, &stderr
	err := cmd.Run()
	require.NoError(t, ctx.Err(), stderr.String())
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	require.True(t, ok)
	require.Less(t, usage.Maxrss, int64(400<<10), "KiB of memory")
	require.Less(t, stderr.Len(), 64<<10)
	require.NotContains(t, stderr.String(), "goroutine ")
	require.NotContains(t, stderr.String(), "\x1b")
	return ended{code: exitCode(t, err), stderr: stderr.String()}
}

// gzipped packs so many MiB of one letter between two texts.
func gzipped(t *testing.T, before string, megabytes int, letter byte, after string) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	block := bytes.Repeat([]byte{letter}, 1<<20)
	_, err := io.WriteString(w, before)
	require.NoError(t, err)
	for range megabytes {
		_, err := w.Write(block)
		require.NoError(t, err)
	}
	_, err = io.WriteString(w, after)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return packed.Bytes()
}

// An API that means harm ends a tap with an error, in bounded memory and time, and learns of no credential at another host.
func TestHostileAPIs(t *testing.T) {
	t.Parallel()
	var strayed atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	t.Cleanup(elsewhere.Close)
	packed := func(text []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "application/json")
			w.Write(text)
		}
	}
	answers := map[string]http.HandlerFunc{
		"a gzip bomb":             packed(gzipped(t, `{"results":[{"id":"`, 100, 'x', `"}]}`)),
		"a gzip bomb in an error": packed(gzipped(t, `{"error":"`, 100, 'x', `"}`)),
		"JSON a million deep":     packed(gzipped(t, `{"results":[`, 1, '[', ``)),
		"controls for a terminal": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"error":{"message":"\u001b[2J\u009b2J\nCRITICAL \u202e"},"detail":"\u001b[2J\nCRITICAL"}`)
		},
		"a redirect to another host": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/x?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
		},
		"an endless header": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 4<<20)) },
		"what is no HTTP": func(w http.ResponseWriter, _ *http.Request) {
			if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
				io.WriteString(c, strings.Repeat("\x00\xff", 1<<10))
				c.Close()
			}
		},
	}
	s := newSite(t, newStore(t))
	for _, a := range accounts.All() {
		a.Serve(t) // the settings of one of them are known then alone
		for name, answer := range answers {
			t.Run(a.Program+" "+name, func(t *testing.T) {
				t.Parallel()
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if strings.HasSuffix(r.URL.Path, "/token") {
						w.Header().Set("Content-Type", "application/json")
						io.WriteString(w, `{"access_token":"t","token_type":"Bearer","expires_in":3600}`)
						return
					}
					answer(w, r)
				}))
				defer server.Close()
				settings := a.Settings(1)
				settings["base_url"], settings["max_retries"] = server.URL+a.Path, 1
				if key, ok := settings["credentials_json"].(map[string]any); ok {
					key = map[string]any{"type": key["type"], "client_email": key["client_email"], "private_key": key["private_key"], "token_uri": server.URL + "/token"}
					settings["credentials_json"] = key
				}
				end := s.bounded(t, a.Program, "--config", s.file(t, a.Program+name+".json", settings))
				require.Contains(t, []int{1, 2, 3, 4}, end.code, end.stderr)
				require.Zero(t, strayed.Load(), "the other host was asked")
			})
		}
	}
}

// A bucket that others may write to costs a run bounded memory and time: files that unpack to much more, headers without end, names that are
// paths or move a terminal's cursor.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	zipped := func(names ...string) []byte {
		var packed bytes.Buffer
		w := zip.NewWriter(&packed)
		for _, name := range names {
			f, err := w.Create(name)
			require.NoError(t, err)
			_, err = io.WriteString(f, "id,v\n1,"+strings.Repeat("x", 1000)+"\n")
			require.NoError(t, err)
		}
		require.NoError(t, w.Close())
		return packed.Bytes()
	}
	for name, file := range map[string][]byte{
		"a gzip bomb of one line":           gzipped(t, "id,v\n1,", 100, 'x', "\n"),
		"a gzip bomb within quotes":         gzipped(t, "id,v\n1,\"", 100, 'x', "\"\n"),
		"a gzip bomb of empty lines":        gzipped(t, "id,v\n1,2\n", 20, '\n', "3,4\n"),
		"a gzip bomb of a header":           gzipped(t, "id,", 100, 'x', "\n1,2\n"),
		"a header of a million columns":     gzipped(t, "id", 1, ',', "\n1\n"),
		"a gzip file in a gzip file":        gzipped(t, string(gzipped(t, "id,v\n1,", 100, 'x', "\n")), 1, 'x', ""),
		"a zip file of paths":               zipped("../../etc/cron.d/x.csv", "/etc/passwd.csv", `..\..\x.csv`, "a\x1b[2J.csv", strings.Repeat("x", 60000)),
		"a header that moves the cursor":    []byte("id,\"\x1b[2J\u009b2J\u202e\"\n1,2\n"),
		"a quote that is never closed":      []byte("id,v\n1,\"" + strings.Repeat("x\n", 1<<20)),
		"the magic of a format and no more": []byte("PK\x03\x04"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := newStore(t)
			store.Put(bucket, "daily_2026-11-02.csv", file)
			s := newSite(t, store)
			for _, args := range [][]string{nil, {"--discover"}} {
				end := s.bounded(t, "tap-s3-exports", args...)
				require.Contains(t, []int{0, 2, 3, 4}, end.code, fmt.Sprint(args, end.stderr))
			}
		})
	}
}
