package textfile

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzAppend makes one line of a sample, whatever its labels are.
func FuzzAppend(f *testing.F) {
	f.Add("a\"} 1\nforged{x=\"", "\\")
	f.Fuzz(func(t *testing.T, first, second string) {
		text := string(Append(nil, []Family{{Name: "rows", Help: first, Type: Gauge, Samples: []Sample{{Labels: []Label{{"a", first}, {"b", second}}, Value: 1}}}}))
		lines := strings.Split(text, "\n")
		require.Len(t, lines, 4, "help, type, a sample and the end")
		sample, ok := strings.CutPrefix(lines[2], `rows{a="`)
		require.True(t, ok)
		require.True(t, strings.HasSuffix(sample, `"} 1`))
		quotes := strings.Count(strings.NewReplacer(`\\`, "", `\"`, "").Replace(sample), `"`)
		require.Equal(t, 4-1, quotes, text)
		require.True(t, utf8.ValidString(lines[2]))
	})
}
