package cases

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := parse("x", []byte("MUST Rows stay.\nWhy.\n-- settings.json --\n{}\n-- 1.catalog --\n{}\n-- 1.in --\na\n-- 2.cut --\nb\n-- 2.exit --\nfail\n-- 2.states --\n"))
	require.NoError(t, err)
	require.Equal(t, Case{Name: "x", Must: true, Why: "Rows stay. Why.", Settings: "{}\n", Steps: []Step{
		{Streams: []string{"{}"}, Input: "a\n", Exit: "ok"},
		{Streams: []string{"{}"}, Input: "b", Exit: "fail", Given: true},
	}}, c)
	for text, want := range map[string]string{
		"Rows stay.\n-- 1.in --\n":                           "MUST or SHOULD",
		"MUST Rows stay.\n":                                  "no step",
		"MUST Rows stay.\n-- 2.in --\n":                      "not in order",
		"MUST Rows stay.\n-- 1.int --\n":                     "no such part",
		"MUST Rows stay.\n-- 1.in --\n-- 1.exit --\nmaybe\n": "neither ok nor fail nor any",
	} {
		_, err := parse("x", []byte(text))
		require.ErrorContains(t, err, want)
	}
}
