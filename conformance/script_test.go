package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// Each script in testdata/script is a session at a terminal: the built programs, a database and a bucket of its own. Beside
// testscript's own commands there are
//
//	bash TEXT          run a line of shell
//	days FIRST LAST N  put the sample exports of those days into the bucket, N orders a shop and day
//	put KEY FILE       put a file into the bucket
//	sql TEXT           print the one value of a query, for stdout and cmp
func TestScripts(t *testing.T) {
	t.Parallel()
	type key struct{}
	find := func(ts *testscript.TestScript) *site { return ts.Value(key{}).(*site) }
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			s := newSite(t, newStore(t))
			s.dir = env.WorkDir
			env.Values[key{}] = s
			for _, v := range s.env {
				name, value, _ := strings.Cut(v, "=")
				env.Setenv(name, value)
			}
			env.Setenv("HOME", env.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"bash": func(ts *testscript.TestScript, neg bool, args []string) {
				err := ts.Exec("bash", append([]string{"-o", "pipefail", "-c"}, args...)...)
				if (err != nil) != neg {
					ts.Fatalf("%v", err)
				}
			},
			"days": func(ts *testscript.TestScript, neg bool, args []string) {
				var numbers [3]int
				for i := range numbers {
					var err error
					numbers[i], err = strconv.Atoi(args[i])
					ts.Check(err)
				}
				putDays(find(ts).store, numbers[0], numbers[1], numbers[2])
			},
			"put": func(ts *testscript.TestScript, neg bool, args []string) {
				body, err := os.ReadFile(ts.MkAbs(args[1]))
				ts.Check(err)
				find(ts).store.Put(bucket, args[0], body)
			},
			"sql": func(ts *testscript.TestScript, neg bool, args []string) {
				conn := servertest.Connect(t, find(ts).dsn)
				var value string
				err := conn.QueryRow(t.Context(), "SELECT ("+args[0]+")::text").Scan(&value)
				ts.Check(err)
				ts.Check(conn.Close(t.Context()))
				_, err = ts.Stdout().Write([]byte(value + "\n"))
				ts.Check(err)
			},
		},
	})
}
