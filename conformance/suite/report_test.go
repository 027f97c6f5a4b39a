package suite

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func reported() []Result {
	return []Result{
		{Check: Check{Name: "a/one", Level: Must}, Status: Passed, Took: 1500 * time.Millisecond},
		{Check: Check{Name: "a/second", Level: Must}, Status: Failed, Detail: "first <problem>\nsecond"},
		{Check: Check{Name: "b/third", Level: Should}, Status: Failed, Detail: "third"},
		{Check: Check{Name: "b/fourth", Level: Should}, Status: NotApplicable, Detail: "no key"},
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	table := Table{W: &b}
	var checks []Check
	for _, r := range reported() {
		checks = append(checks, r.Check)
	}
	table.Begin(checks)
	for _, r := range reported() {
		table.Add(r)
	}
	table.End(reported())
	require.Equal(t, `pass  MUST    a/one
FAIL  MUST    a/second  first <problem>
                        second
FAIL  SHOULD  b/third   third
n/a   SHOULD  b/fourth  no key

1 passed, 2 failed (1 MUST, 1 SHOULD), 1 not applicable
`, b.String())
	table.Colour = true
	b.Reset()
	table.Add(reported()[0])
	require.Contains(t, b.String(), "\x1b[32mpass\x1b[0m")
}

func TestTAP(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, TAP(&b, reported()))
	require.Equal(t, `TAP version 13
1..4
ok 1 - a/one
not ok 2 - a/second
  # first <problem>
  # second
not ok 3 - b/third # TODO SHOULD
  # third
ok 4 - b/fourth # SKIP no key
`, b.String())
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, JUnit(&b, "tap-acme", reported()))
	require.Equal(t, `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="tap-acme" tests="4" failures="2" skipped="1">
  <testcase classname="tap-acme" name="a/one" time="1.500"></testcase>
  <testcase classname="tap-acme" name="a/second" time="0.000">
    <failure type="MUST" message="first &lt;problem&gt;&#xA;second"></failure>
  </testcase>
  <testcase classname="tap-acme" name="b/third" time="0.000">
    <failure type="SHOULD" message="third"></failure>
  </testcase>
  <testcase classname="tap-acme" name="b/fourth" time="0.000">
    <skipped message="no key"></skipped>
  </testcase>
</testsuite>
`, b.String())
}

// TestNames holds that a check has one name, and says why it matters.
func TestNames(t *testing.T) {
	t.Parallel()
	target, err := Target()
	require.NoError(t, err)
	destination, err := Destination()
	require.NoError(t, err)
	for _, checks := range [][]Check{Tap(), Source(), target, destination} {
		seen := map[string]bool{}
		for _, c := range checks {
			require.False(t, seen[c.Name], c.Name)
			seen[c.Name] = true
			require.NotEmpty(t, c.Why, c.Name)
			require.Contains(t, []Level{Must, Should}, c.Level)
			require.NotNil(t, c.run)
		}
	}
}

// TestSpread holds that a run is stopped at its first and last state, and at some between.
func TestSpread(t *testing.T) {
	t.Parallel()
	require.Empty(t, spread(0, 12))
	require.Equal(t, []int{1}, spread(1, 12))
	require.Equal(t, []int{1, 2, 3}, spread(3, 12))
	got := spread(1000, 12)
	require.Len(t, got, 12)
	require.Equal(t, 1, got[0])
	require.Equal(t, 1000, got[11])
}

func TestFill(t *testing.T) {
	t.Parallel()
	got, _ := fill(map[string]any{"port": "{{port}}", "url": "pg://{{host}}:{{port}}/", "hard_delete": "{{hard_delete}}", "list": []any{"{{host}}"}, "n": 1},
		map[string]any{"host": "h", "port": 5432})
	require.Equal(t, map[string]any{"port": 5432, "url": "pg://h:5432/", "list": []any{"h"}, "n": 1}, got, "what has no value is left out")
}
