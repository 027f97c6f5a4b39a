package taptest

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const schema = `{"type":"SCHEMA","stream":"a","schema":{"type":"object","properties":{"id":{"type":"integer"},` +
	`"at":{"type":["null","string"],"format":"date-time"},"n":{"type":["null","string"]}}},"key_properties":["id"]}` + "\n"

func TestValidateFinds(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ lines, want string }{
		"nothing":             {schema + `{"type":"RECORD","stream":"a","record":{"id":1,"at":"2026-01-02T03:04:05Z","n":"0.10"},"time_extracted":"2026-01-02T03:04:05.678Z"}`, ""},
		"a record first":      {`{"type":"RECORD","stream":"a","record":{"id":1}}`, "no SCHEMA"},
		"a wrong type":        {schema + `{"type":"RECORD","stream":"a","record":{"id":"1"}}`, "want integer"},
		"a wrong format":      {schema + `{"type":"RECORD","stream":"a","record":{"id":1,"at":"2026-01-02"}}`, "not valid date-time"},
		"an extra member":     {schema + `{"type":"RECORD","stream":"a","record":{"id":1,"b":2}}`, `"b" is not in the schema`},
		"a missing key":       {schema + `{"type":"RECORD","stream":"a","record":{"n":"1"}}`, `key "id" is missing or null`},
		"a repeated key":      {schema + `{"type":"RECORD","stream":"a","record":{"id":1}}` + "\n" + schema + `{"type":"RECORD","stream":"a","record":{"id":1}}`, "key is that of line 2"},
		"a changing version":  {schema + `{"type":"RECORD","stream":"a","record":{"id":1},"version":1}` + "\n" + `{"type":"RECORD","stream":"a","record":{"id":2},"version":2}`, "version changes"},
		"a foreign version":   {schema + `{"type":"RECORD","stream":"a","record":{"id":1},"version":1}` + "\n" + `{"type":"ACTIVATE_VERSION","stream":"a","version":2}`, "not that of the records"},
		"a bare state":        {`{"type":"STATE","value":{"a":1}}`, "no bookmarks"},
		"a key of no column":  {`{"type":"SCHEMA","stream":"a","schema":{"properties":{"a":{}}},"key_properties":["b"]}`, `"b" is no property`},
		"no key_properties":   {`{"type":"SCHEMA","stream":"a","schema":{"properties":{"a":{}}}}`, "no key_properties"},
		"an empty schema":     {`{"type":"SCHEMA","stream":"a","schema":{},"key_properties":[]}`, "no properties"},
		"an impossible time":  {schema + `{"type":"RECORD","stream":"a","record":{"id":1},"time_extracted":"now"}`, "cannot parse"},
		"a schema of nothing": {`{"type":"SCHEMA","stream":"a","schema":{"properties":{"a":{"type":"int"}}},"key_properties":[]}`, "type"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messages, err := Parse([]byte(test.lines + "\n"))
			require.NoError(t, err)
			err = Validate(messages, Checks{UniqueKeys: true})
			if test.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.want)
				require.ErrorContains(t, err, "line ")
			}
		})
	}
}

func TestParseFinds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ output, want string }{
		"a cut line":    {schema + `{"type":"STATE","val`, "line 2 is cut off"},
		"a log line":    {"INFO hello\n", "line 1"},
		"a second one":  {`{"type":"STATE","value":{}} {"type":"STATE","value":{}}` + "\n", "more than one"},
		"other members": {`{"type":"STATE","value":{},"more":1}` + "\n", "unknown field"},
		"other types":   {`{"type":"state","value":{}}` + "\n", "unknown type"},
		"NaN":           {`{"type":"RECORD","stream":"a","record":{"n":NaN}}` + "\n", "line 1"},
	} {
		_, err := Parse([]byte(test.output))
		require.ErrorContains(t, err, test.want, name)
	}
}

func TestSameRows(t *testing.T) {
	t.Parallel()
	record := func(lines ...string) []Message {
		messages, err := Parse([]byte(strings.Join(lines, "\n") + "\n"))
		require.NoError(t, err)
		return messages
	}
	const one, two = `{"type":"RECORD","stream":"a","record":{"id":1,"b":2}}`, `{"type":"RECORD","stream":"a","record":{"id":2}}`
	require.NoError(t, SameRows(record(one, two), record(two, `{"type":"RECORD","stream":"a","record":{"b":2,"id":1}}`), Once), "order is no matter")
	require.ErrorContains(t, SameRows(record(one, two), record(one), Once), "0 of a row")
	require.ErrorContains(t, SameRows(record(one), record(one, two), AtLeastOnce), "should not come")
	require.ErrorContains(t, SameRows(record(one), record(one, one), Once), "2 of a row")
	require.NoError(t, SameRows(record(one), record(one, one), AtLeastOnce))

	const old, fresh = `{"type":"RECORD","stream":"p","record":{"id":1},"version":1}`, `{"type":"RECORD","stream":"p","record":{"id":1},"version":2}`
	activate := func(version string) string {
		return `{"type":"ACTIVATE_VERSION","stream":"p","version":` + version + `}`
	}
	require.NoError(t, SameRows(record(old, activate("1")), record(old, fresh, activate("2")), Once), "an unfinished set does not count")
	require.ErrorContains(t, SameRows(record(old, activate("1")), record(old), Once), "0 of a row")
	const merged = `{"type":"SCHEMA","stream":"p","schema":{"x-write-disposition":"merge"},"key_properties":["id"]}`
	require.ErrorContains(t, SameRows(record(merged, fresh, activate("1")), record(merged, activate("1")), Once), "0 of a row")
}

func TestCovered(t *testing.T) {
	t.Parallel()
	messages, err := Parse([]byte(schema + `{"type":"STATE","value":{"bookmarks":{"a":1}}}` + "\n" + `{"type":"RECORD","stream":"a","record":{"id":1}}` + "\n"))
	require.NoError(t, err)
	covered, state := Covered(messages)
	require.Len(t, covered, 2)
	require.Equal(t, `{"bookmarks":{"a":1}}`, string(state))
	covered, state = Covered(messages[:1])
	require.Nil(t, covered)
	require.Nil(t, state)
	require.Equal(t, "a\n", string(Whole([]byte("a\nb"))))
	require.Empty(t, Whole([]byte("b")))
}

func TestGoldenReplacesWhatChanges(t *testing.T) {
	t.Parallel()
	require.Equal(t, `{"time_extracted":"…","version":0}`, settle(`{"time_extracted":"2026-01-02T03:04:05.678Z","version":1767323100000}`))
	Golden(t, []byte(schema+`{"type":"RECORD","stream":"a","record":{"id":1},"time_extracted":"2026-01-02T03:04:05.678Z"}`+"\n"), "golden.singer")
}

// TestKillFindsLostRows has a program that resumes wrongly. Its lines are long, so that a pipe does not hold all of them and it is
// still there to be killed.
func TestKillFindsLostRows(t *testing.T) {
	t.Parallel()
	script := func(resume string) func(string) *exec.Cmd {
		return func(state string) *exec.Cmd {
			return exec.Command("/bin/sh", "-c", `from=0; pad=$(printf %030000d 0); `+resume+`
				for i in 1 2 3 4 5 6 7 8 9; do
					if [ $i -gt $from ]; then
						echo '{"type":"RECORD","stream":"a","record":{"id":'$i',"pad":"'$pad'"}}'
						echo '{"type":"STATE","value":{"bookmarks":{"a":'$i'}}}'
					fi
				done`, "sh", state)
		}
	}
	right := `if [ -n "$1" ]; then from=$(sed 's/[^0-9]//g' "$1"); fi`
	for name, test := range map[string]struct {
		resume string
		fails  bool
	}{
		"right":   {right, false},
		"loses":   {right + `; if [ $from -gt 0 ]; then from=$((from+1)); fi`, true},
		"repeats": {`:`, true},
	} {
		recorder := &recorder{TB: t}
		Kill(recorder, script(test.resume), 10, 7, Once)
		require.Equal(t, test.fails, recorder.failed, name)
	}
}

// A recorder is a test that may fail without failing this one.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) Error(...any)          { r.failed = true }

func TestBuild(t *testing.T) {
	t.Parallel()
	binary := Build(t, "./testdata/hello")
	output, err := exec.Command(binary).Output()
	require.NoError(t, err)
	require.Equal(t, "hello", string(output))
	require.True(t, filepath.IsAbs(binary))
}

func TestArguments(t *testing.T) {
	t.Parallel()
	args := arguments(t, Input{Args: []string{"--test"}, Config: map[string]int{"rows": 1}, Catalog: json.RawMessage(`{"streams":[]}`), State: []byte("{}")})
	require.Equal(t, "--test", args[0])
	require.Equal(t, "--config", args[1])
	require.Equal(t, "--catalog", args[3])
	require.Equal(t, "--state", args[5])
	require.Len(t, args, 7)
}
