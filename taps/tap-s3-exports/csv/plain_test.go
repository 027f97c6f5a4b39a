package csv

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// plainRead is the reader once more, byte by byte and without any of its speed, for text without NUL.
func plainRead(text []byte, d Dialect) (lines []string) {
	has := func(at int, s string) bool { return s != "" && bytes.HasPrefix(text[at:], []byte(s)) }
	lineEnd := func(at int) int {
		switch {
		case has(at, "\r\n"):
			return 2
		case has(at, "\n"), has(at, "\r"):
			return 1
		}
		return 0
	}
	escape := d.Escape
	if escape == d.Quote {
		escape = ""
	}
	line, at := 1, 0
record:
	for at < len(text) {
		if n := lineEnd(at); n > 0 {
			if line, at = line+1, at+n; d.OneColumn {
				lines = append(lines, "")
			}
			continue
		}
		start, startLine := at, line
		var fields []byte
		bad := func(reason string) {
			lines = append(lines, fmt.Sprintf("line %d, column %d: %s", startLine, bytes.Count(fields, []byte{'|'})+1, reason))
			at, line = start, startLine
			for at < len(text) && lineEnd(at) == 0 {
				at++
			}
			if at < len(text) {
				at, line = at+lineEnd(at), line+1
			}
		}
		for {
			if has(at, d.Quote) {
				fields = append(fields, "«"...)
				for at++; ; at++ {
					if at == len(text) {
						bad(UnterminatedQuote)
						continue record
					}
					if escape != "" && (has(at, escape+d.Quote) || has(at, escape+escape)) || d.Escape != "" && has(at, d.Quote+d.Quote) {
						at++
					} else if has(at, d.Quote) {
						break
					}
					if lineEnd(at) > 0 && !has(at, "\r\n") {
						line++
					}
					fields = append(fields, text[at])
				}
				fields = append(fields, "»"...)
				if at++; at < len(text) && lineEnd(at) == 0 && !has(at, d.Delimiter) {
					bad(TextAfterQuote)
					continue record
				}
			}
			for at < len(text) && lineEnd(at) == 0 && !has(at, d.Delimiter) {
				if has(at, d.Quote) {
					bad(BareQuote)
					continue record
				}
				if has(at, escape) && at+1 < len(text) {
					if n := lineEnd(at + 1); n > 0 {
						at, line = at+n, line+1
						fields = append(fields, text[at-n+1:at]...)
					} else if text[at+1] == d.Delimiter[0] || has(at+1, d.Quote) || has(at+1, escape) {
						at++
					}
				}
				fields = append(fields, text[at])
				at++
			}
			if !has(at, d.Delimiter) {
				break
			}
			at += len(d.Delimiter)
			fields = append(fields, '|')
		}
		if n := lineEnd(at); n > 0 {
			at, line = at+n, line+1
		}
		lines = append(lines, string(fields))
	}
	return lines
}

// TestAgainstPlainReader compares the two on text in which nearly every byte means something.
func TestAgainstPlainReader(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]Dialect{
		"doubled":      {Delimiter: ",", Quote: `"`, Escape: `"`},
		"one column":   {Delimiter: ",", Quote: `"`, Escape: `"`, OneColumn: true},
		"backslash":    {Delimiter: ",", Quote: `"`, Escape: `\`},
		"no escape":    {Delimiter: ",", Quote: `"`},
		"no quotes":    {Delimiter: ","},
		"only escapes": {Delimiter: ",", Escape: `\`},
		"two commas":   {Delimiter: ",,", Quote: `"`, Escape: `"`},
		"comma tab":    {Delimiter: ",\t", Quote: `"`, Escape: `\`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d.Encoding = UTF8
			random := rand.New(rand.NewPCG(3, 4))
			for range 4000 {
				alphabet := []string{`"`, `","`, `""`, ",", "\n", "\r", `\`, "\t", "a", "bcdefgh"}
				if random.IntN(2) == 0 {
					// Longer records, of mostly good quoting.
					alphabet = []string{`","`, `","`, `""`, `"` + "\n" + `"`, ",", "\n", "ab", "cd", "ij"}
				}
				var text []byte
				for range random.IntN(100) {
					text = append(text, alphabet[random.IntN(len(alphabet))]...)
				}
				got := brief(takeAll(t, newReader(bytes.NewReader(text), d, Position{}, 64+random.IntN(200))))
				want := plainRead(text, d)
				if len(want)+len(got) > 0 {
					require.Equal(t, want, got, "%q", text)
				}
			}
		})
	}
}
