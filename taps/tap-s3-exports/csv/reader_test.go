package csv

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// TestTraps reads each trap in several chunkings and buffer sizes. The records are written as brief does.
func TestTraps(t *testing.T) {
	t.Parallel()
	backslash := Format{Delimiter: ",", Escape: `\`}
	for _, c := range []struct {
		name   string
		text   string
		format Format
		want   []string
		counts Counts
	}{
		{name: "plain", text: "a,b\n1,2\n", want: []string{"a|b", "1|2"}},
		{name: "no line end at the end", text: "a,b\n1,2", want: []string{"a|b", "1|2"}},
		{name: "last field empty at the end", text: "a,b\n1,", want: []string{"a|b", "1|"}},
		{name: "empty file", text: "", want: []string{}},
		{name: "mark only", text: "\ufeff", want: []string{}},
		{name: "mark", text: "\ufeffa,b\n1,2\n", want: []string{"a|b", "1|2"}},
		{name: "mark before a quote", text: "\ufeff\"a\",b\n1,2\n", want: []string{"«a»|b", "1|2"}},
		{name: "marks of joined files", text: "\ufeffa,b\n1,2\n\ufeff\"a\",b\n3,4\n", want: []string{"a|b", "1|2", "«a»|b", "3|4"}},
		{name: "crlf", text: "a,b\r\n1,2\r\n", want: []string{"a|b", "1|2"}},
		{name: "cr only", text: "a,b\r1,2\r3,4", want: []string{"a|b", "1|2", "3|4"}},
		{name: "cr at the end", text: "a,b\r1,2\r", want: []string{"a|b", "1|2"}},
		{name: "mixed line ends", text: "a,b\r\n1,2\n3,4\r5,6", want: []string{"a|b", "1|2", "3|4", "5|6"}},
		{name: "line ends in quotes stay", text: "a,b\r\n\"x\r\ny\rz\nw\",2\r\n", want: []string{"a|b", "«x\r\ny\rz\nw»|2"}},
		{name: "crlf behind a quote", text: "a,\"b\"\r\n\"1\",\"2\"\r\n", want: []string{"a|«b»", "«1»|«2»"}},
		{name: "doubled quotes", text: "a,b\n\"say \"\"hi\"\"\",\"\"\"\"\n", want: []string{"a|b", "«say \"hi\"»|«\"»"}},
		{name: "delimiter in quotes", text: "a,b\n\"1,5\",2\n", want: []string{"a|b", "«1,5»|2"}},
		{name: "empty and quoted empty", text: "a,b,c\n,\"\",\n", want: []string{"a|b|c", "|«»|"}},
		{name: "quoted at the end of the file", text: "a,b\n1,\"2\"", want: []string{"a|b", "1|«2»"}},
		{name: "spaces stay", text: "a,b\n 1 ,\t2\n", want: []string{"a|b", " 1 |\t2"}},
		{name: "ragged", text: "a,b,c\n1\n1,2,3,4\n1,2,3\n", want: []string{"a|b|c", "1", "1|2|3|4", "1|2|3"}},
		{name: "trailing delimiter", text: "a,b,\n1,2,\n", want: []string{"a|b|", "1|2|"}},
		{name: "blank lines", text: "\n\na,b\n\n1,2\r\n\r\n3,4\n\n", want: []string{"a|b", "1|2", "3|4"}, counts: Counts{BlankLines: 5}},
		{name: "blank lines of one column", text: "a\n1\n\n\"\"\n2\n", want: []string{"a", "1", "", "«»", "2"}},
		{name: "a line of spaces", text: "a,b\n  \n1,2\n", want: []string{"a|b", "  ", "1|2"}},
		{name: "bare quote", text: "a,b\n1,5\" pipe\n2,ok\n", want: []string{"a|b", "line 2, column 2: bare_quote", "2|ok"}},
		{name: "space before a quote", text: "a,b\n1, \"x\"\n2,ok\n", want: []string{"a|b", "line 2, column 2: bare_quote", "2|ok"}},
		{name: "text behind a quote", text: "a,b\n\"x\"y,1\n2,ok\n", want: []string{"a|b", "line 2, column 1: text_after_quote", "2|ok"}},
		{name: "bad quote on a later line", text: "a,b\n\"x\ny\"z,1\n2,ok\n",
			want: []string{"a|b", "line 2, column 1: text_after_quote", "line 3, column 1: bare_quote", "2|ok"}},
		{name: "unterminated quote", text: "a,b\n\"x,1\n2,ok\n3,ok\n",
			want: []string{"a|b", "line 2, column 1: unterminated_quote", "2|ok", "3|ok"}},
		{name: "quote opened at the end", text: "a,b\n1,\"", want: []string{"a|b", "line 2, column 2: unterminated_quote"}},
		{name: "backslash", text: `a,b` + "\n" + `"x\"y\\z\n",1\,5` + "\n" + `\N,C:\dir` + "\n", format: backslash,
			want: []string{"a|b", `«x"y\z\n»|1,5`, `\N|C:\dir`}},
		{name: "backslash before a line end", text: "a,b\n1\\\n2,x\\\r\ny\n", format: backslash, want: []string{"a|b", "1\n2|x\r\ny"}},
		{name: "backslash and doubled quotes", text: "a,b\n\"x\"\"y\",1\n", format: backslash, want: []string{"a|b", "«x\"y»|1"}},
		{name: "backslash and quote outside quotes", text: "a,b\n5\\\" pipe,1\n", format: backslash, want: []string{"a|b", `5" pipe|1`}},
		{name: "backslash at the end", text: "a,b\n1,x\\", format: backslash, want: []string{"a|b", `1|x\`}},
		{name: "no escape", text: "a,b\n\"x\",1\n\"x\"\"y\",1\n", format: Format{Delimiter: ",", Escape: None},
			want: []string{"a|b", "«x»|1", "line 3, column 1: text_after_quote"}},
		{name: "no quoting", text: "a,b\n5\" pipe,\"x\n", format: Format{Delimiter: ",", Quote: None}, want: []string{"a|b", `5" pipe|"x`}},
		{name: "other quote", text: "a,b\n'1,5',\"\n'it''s',\n", format: Format{Quote: "'"}, want: []string{"a|b", "«1,5»|\"", "«it's»|"}},
		{name: "delimiter of two characters", text: "a||b\n1|2||\"x||y\"\n|||\n", format: Format{Delimiter: "||"},
			want: []string{"a|b", "1|2|«x||y»", "||"}},
		{name: "delimiter of two letters behind a quote", text: "a~|b\n\"1\"~|2\n\"1\"~2\n", format: Format{Delimiter: "~|"},
			want: []string{"a|b", "«1»|2", "line 3, column 1: text_after_quote"}},
		{name: "delimiter beyond ASCII", text: "a¦b\né¦\"x¦y\"\n", format: Format{Delimiter: "¦"}, want: []string{"a|b", "é|«x¦y»"}},
		{name: "delimiter that is a control character", text: "a\x01b\n1\x01\"2\"\n", format: Format{Delimiter: "\x01"}, want: []string{"a|b", "1|«2»"}},
		{name: "tab", text: "a\tb\n1, 2\t\"3\t4\"\n", format: Format{Delimiter: `\t`}, want: []string{"a|b", "1, 2|«3\t4»"}},
		{name: "NUL", text: "a,b\n1\x00,\x00\"2\x00\"\x00\n\x00,\x003\n", want: []string{"a|b", "1|«2»", "|3"}, counts: Counts{NULs: 6}},
		{name: "NUL in escaped quotes", text: "a,b\n\"x\"\"\x00y\",1\n", want: []string{"a|b", "«x\"y»|1"}, counts: Counts{NULs: 1}},
		{name: "line of NUL", text: "a,b\n1,2\n\x00\x00\x00\n\x00\x00", want: []string{"a|b", "1|2"}, counts: Counts{NULs: 5, BlankLines: 1}},
		{name: "other control characters", text: "a,b\n1\t\x01\x0b,\x0f\n", want: []string{"a|b", "1\t\x01\x0b|\x0f"}},
		{name: "invalid UTF-8", text: "é,b\nü,\xff\nö,\"x\ny\"\n", want: []string{"é|b", "line 2, column 2: invalid_encoding", "ö|«x\ny»"}},
		{name: "invalid UTF-8 in a record of two lines", text: "é,b\n\"x\ny\xc3\",1\n2,3\n",
			format: Format{Encoding: UTF8}, want: []string{"é|b", "line 2, column 1: invalid_encoding", "2|3"}},
		{name: "cp1252", text: "name,b\nJos\xe9,\x80 5\nN\xfa\xf1ez,\x93x\x94\n", want: []string{"name|b", "José|€ 5", "Núñez|“x”"}},
		{name: "cp1252 undefined", text: "name,b\n\x81,\"\xe9\"\"\x00\"\n", format: Format{Encoding: "cp1252"},
			want: []string{"name|b", "\u0081|«é\"»"}, counts: Counts{NULs: 1}},
		{name: "latin-1", text: "name,b\nJos\xe9,\x80\n", format: Format{Encoding: "latin1"}, want: []string{"name|b", "José|\u0080"}},
		{name: "latin-1 with a delimiter beyond ASCII", text: "a\xa6b\n\xe9\xa6\"x\xa6y\"\n", format: Format{Encoding: "latin1", Delimiter: "¦"},
			want: []string{"a|b", "é|«x¦y»"}},
		{name: "utf-16le mark", text: "\xff\xfe" + string(encode16("a,b\n1,\"é€𝄞\"\n", UTF16LE)), want: []string{"a|b", "1|«é€𝄞»"}},
		{name: "utf-16be mark", text: "\xfe\xff" + string(encode16("a,b\r\n1,é€𝄞\r\n", UTF16BE)), want: []string{"a|b", "1|é€𝄞"}},
		{name: "utf-16le without a mark", text: string(encode16("a,b\n1,é€𝄞\n", UTF16LE)), want: []string{"a|b", "1|é€𝄞"}},
		{name: "utf-16be without a mark", text: string(encode16("a,b\n1,é€𝄞\n", UTF16BE)), want: []string{"a|b", "1|é€𝄞"}},
		{name: "lines above", text: "\ufeffa title, \"quoted\r\n\r\n\ra,b\n1,2\n", format: Format{SkipLines: 3}, want: []string{"a|b", "1|2"}},
		{name: "long line above", text: strings.Repeat("long ", 1000) + "\na,b\n1,2\n", format: Format{SkipLines: 1}, want: []string{"a|b", "1|2"}},
		{name: "lines above alone", text: "one\ntwo", format: Format{SkipLines: 3}, want: []string{}},
		{name: "lines above in utf-16", text: string(encode16("ü\r\na,b\n1,2\n", UTF16LE)), format: Format{Encoding: "utf-16le", SkipLines: 1}, want: []string{"a|b", "1|2"}},
		{name: "half a surrogate pair", text: string(encode16("a,b\n1,", UTF16LE)) + "\x00\xd8" + string(encode16("\n2,3\n", UTF16LE)),
			format: Format{Encoding: "utf-16le"}, want: []string{"a|b", "line 2, column 2: invalid_encoding", "2|3"}},
		{name: "odd byte at the end of utf-16", text: string(encode16("a,b\n1,2\n3,4", UTF16LE)) + "x",
			format: Format{Encoding: "utf-16"}, want: []string{"a|b", "1|2", "line 3, column 2: invalid_encoding"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := Detect([]byte(c.text), true, c.format)
			require.NoError(t, err)
			var first []outcome
			for name, src := range chunkings([]byte(c.text)) {
				r := NewReader(src, d, Position{})
				all := takeAll(t, r)
				require.Equal(t, c.want, brief(all), name)
				require.Equal(t, c.counts, r.Counts(), name)
				require.Equal(t, int64(len(c.text)), r.Position().Offset, name)
				if first == nil {
					first = all
				}
				require.Equal(t, first, all, name)
			}
			requireResumes(t, []byte(c.text), d, first, 64)
		})
	}
}

// TestFooter leaves out the last lines, however the text arrives.
func TestFooter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		format Format
		want   []string
	}{
		"one":                    {"a,b\n1,2\n3,4\nTotal,6\n", Format{FooterLines: 1}, []string{"a|b", "1|2", "3|4"}},
		"without a line end":     {"a,b\n1,2\nTotal,\"6", Format{FooterLines: 1}, []string{"a|b", "1|2"}},
		"blank lines around":     {"a,b\r\n1,2\r\n\r\nTotal\r\n \t\r\n1 row\r\n\r\n", Format{FooterLines: 2}, []string{"a|b", "1|2"}},
		"cr":                     {"a,b\r1,2\rTotal,2\r", Format{FooterLines: 1}, []string{"a|b", "1|2"}},
		"more than there are":    {"a,b\n1,2\n", Format{FooterLines: 5}, []string{}},
		"utf-16":                 {string(encode16("a,b\n1,2\nTotal,ü\n", UTF16BE)), Format{Encoding: "utf-16be", FooterLines: 1}, []string{"a|b", "1|2"}},
		"and above":              {"title\na,b\n1,2\nTotal\n", Format{SkipLines: 1, FooterLines: 1}, []string{"a|b", "1|2"}},
		"longer than is held":    {"a,b\n1," + strings.Repeat("x", footerMost+1) + "\n", Format{FooterLines: 2}, []string{"a|b", "1|" + strings.Repeat("x", footerMost+1)}},
		"empty":                  {"", Format{FooterLines: 1}, []string{}},
		"a quote that goes over": {"a,b\n1,\"2\n3\"\nTotal\n", Format{FooterLines: 1}, []string{"a|b", "1|«2\n3»"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := Detect([]byte(c.text[:min(len(c.text), 1<<20)]), true, c.format)
			require.NoError(t, err)
			var first []outcome
			for name, src := range chunkings([]byte(c.text)) {
				if len(c.text) > footerMost && name != "at once" {
					continue // a byte at a time takes long
				}
				first = takeAll(t, NewReader(src, d, Position{}))
				require.Equal(t, c.want, brief(first), name)
			}
			if len(c.text) < footerMost {
				requireResumes(t, []byte(c.text), d, first, 64)
			}
		})
	}
}

// requireResumes stops after every outcome and continues with a new reader.
func requireResumes(t testing.TB, text []byte, d Dialect, want []outcome, chunk int) {
	t.Helper()
	at := Position{}
	for i := 0; ; i++ {
		o, ok := take(t, newReader(bytes.NewReader(text[at.Offset:]), d, at, chunk))
		if !ok {
			require.Equal(t, len(want), i)
			return
		}
		require.Less(t, i, len(want))
		require.Equal(t, want[i], o)
		require.Greater(t, o.After.Offset, at.Offset)
		at = o.After
	}
}

// randomText is well-formed text, and the records that it stands for.
func randomText(random *rand.Rand, alphabet []rune) (text string, records [][]string) {
	var b strings.Builder
	end := [...]string{"\n", "\r\n"}[random.IntN(2)]
	for range 1 + random.IntN(40) {
		record := make([]string, 2+random.IntN(20))
		for i := range record {
			value := make([]rune, random.IntN(1+random.IntN(90)))
			for j := range value {
				value[j] = alphabet[random.IntN(len(alphabet))]
			}
			record[i] = string(value)
			if i > 0 {
				b.WriteByte(',')
			}
			if strings.ContainsAny(record[i], "\",\r\n") || random.IntN(8) == 0 {
				b.WriteString(`"` + strings.ReplaceAll(record[i], `"`, `""`) + `"`)
			} else {
				b.WriteString(record[i])
			}
		}
		b.WriteString(end)
		records = append(records, record)
	}
	text = b.String()
	if random.IntN(2) == 0 {
		text = strings.TrimSuffix(text, end)
	}
	return text, records
}

// TestRandomText reads well-formed text as the standard library does, in every encoding and however it arrives, and continues
// at every position.
func TestRandomText(t *testing.T) {
	t.Parallel()
	ascii := []rune("abcdefghij 0123456789.-;\t\"\",,\n")
	for _, encoding := range []string{UTF8, UTF16LE, UTF16BE, Latin1, Windows1252} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			alphabet := slices.Concat(ascii, []rune("éñÿ"))
			switch encoding {
			case Windows1252:
				alphabet = append(alphabet, '€', '“')
			case Latin1:
				alphabet = append(alphabet, '\u0085')
			default:
				alphabet = append(alphabet, '€', '日', '𝄞', '😀')
			}
			random := rand.New(rand.NewPCG(1, 2))
			for range 150 {
				letters := ascii
				if random.IntN(3) > 0 {
					letters = alphabet
				}
				text, records := randomText(random, letters)
				std := stdcsv.NewReader(strings.NewReader(text))
				std.FieldsPerRecord = -1
				fromStd, err := std.ReadAll()
				require.NoError(t, err)
				require.Equal(t, records, fromStd)

				source := encode(t, text, encoding)
				d := Dialect{Encoding: encoding, Delimiter: ",", Quote: `"`, Escape: `"`}
				var first []outcome
				for name, src := range chunkings(source) {
					// Small buffers meet their ends everywhere.
					all := takeAll(t, newReader(src, d, Position{}, 64+random.IntN(300)))
					require.Len(t, all, len(records), name)
					for i, o := range all {
						require.Nil(t, o.Bad)
						require.Equal(t, records[i], o.Values, name)
						require.Equal(t, int64(i+1), o.Row)
					}
					if first == nil {
						first = all
					}
					require.Equal(t, first, all)
				}
				requireResumes(t, source, d, first, 64+random.IntN(300))
			}
		})
	}
}

// TestPlaces compares line and offset of each record with what a count of the text gives.
func TestPlaces(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{UTF8, UTF16LE, UTF16BE, Windows1252} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			rows := []string{"id,note\n", "1,é\r\n", "\n", "2,\"x\r\ny\nz\"\n", "\r\n", "3,bad\"quote €\n", "4,\"\"\"\"\r", "5,\"open\n", "6,ok\n", "7,end"}
			bom := map[string]string{UTF8: "\ufeff", UTF16LE: "\ufeff", UTF16BE: "\ufeff"}[encoding]
			text := encode(t, bom+strings.Join(rows, ""), encoding)
			d, err := Detect(text, true, Format{})
			require.NoError(t, err)
			require.Equal(t, encoding, d.Encoding)

			r := NewReader(bytes.NewReader(text), d, Position{})
			header, err := r.ReadHeader()
			require.NoError(t, err)
			require.Equal(t, []string{"id", "note"}, header.Strings())
			require.Zero(t, header.Row)
			require.Equal(t, int64(len(encode(t, bom, encoding))), header.Offset)

			// The rows that give a record or an error, and the line ends before each.
			want := []struct {
				row   int
				line  int64
				value string
			}{{1, 2, "é"}, {3, 4, "x\r\ny\nz"}, {5, 8, BareQuote}, {6, 9, `"`}, {7, 10, UnterminatedQuote}, {8, 11, "ok"}, {9, 12, "end"}}
			for i, w := range want {
				offset := int64(len(encode(t, bom+strings.Join(rows[:w.row], ""), encoding)))
				o, ok := take(t, r)
				require.True(t, ok)
				if o.Bad != nil {
					require.Equal(t, w.value, o.Bad.Reason)
					require.Equal(t, strings.TrimRight(rows[w.row], "\r\n"), o.Bad.Raw)
					o.Line, o.Offset, o.Row = o.Bad.Line, o.Bad.Offset, o.Bad.Row
				} else {
					require.Equal(t, w.value, o.Values[1])
					require.Equal(t, strings.TrimRight(rows[w.row], "\r\n"), o.Raw)
				}
				require.Equal(t, w.line, o.Line, w.value)
				require.Equal(t, offset, o.Offset, w.value)
				require.Equal(t, int64(i+1), o.Row)
				require.Equal(t, offset+int64(len(encode(t, rows[w.row], encoding))), o.After.Offset)
			}
			_, ok := take(t, r)
			require.False(t, ok)
			require.Equal(t, Counts{BlankLines: 2}, r.Counts())
		})
	}
}

// TestSourceError returns what was complete, then the source's error, and does not move past what was lost.
func TestSourceError(t *testing.T) {
	t.Parallel()
	lost := errors.New("connection lost")
	for _, c := range []struct {
		name, head string
		records    int
		offset     int64
	}{
		{"in a field", "a,b\n1,2\n3,", 2, 8},
		{"behind a line", "a,b\n1,2\n", 2, 8},
		{"behind a CR", "a,b\n1,2\r", 1, 4},
		{"in a bad row", "a,b\n1,2\" pipe", 1, 4},
		{"behind the CR of a bad row", "a,b\n1,2\" pipe\r", 1, 4},
		{"in quotes", "a,b\n1,\"2\n3,4\n", 1, 4},
		{"at once", "", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := Dialect{Encoding: UTF8, Delimiter: ",", Quote: `"`, Escape: `"`}
			r := NewReader(io.MultiReader(strings.NewReader(c.head), iotest.ErrReader(lost)), d, Position{})
			for range c.records {
				_, ok := take(t, r)
				require.True(t, ok)
			}
			for range 2 {
				_, err := r.Next()
				require.ErrorIs(t, err, lost)
				require.Equal(t, Position{Offset: c.offset, Line: int64(c.records) + 1, Row: int64(c.records)}, r.Position())
			}
		})
	}
}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestRepeatedHeader(t *testing.T) {
	t.Parallel()
	d := Dialect{Encoding: UTF8, BOM: 3, Delimiter: ",", Quote: `"`, Escape: `"`}
	r := NewReader(strings.NewReader("\ufeffid,name\n1,x\nid,name\n\ufeffid,name\nid,Name\nid\n"), d, Position{})
	rec, err := r.ReadHeader()
	require.NoError(t, err)
	header := rec.Strings()
	for _, want := range []bool{false, true, true, false, false} { // the last one is shorter
		rec, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, want, rec.Repeats(header), rec.RawString())
	}
}

func TestRowErrorHidesValues(t *testing.T) {
	t.Parallel()
	d := Dialect{Encoding: UTF8, Delimiter: ",", Quote: `"`, Escape: `"`}
	_, err := NewReader(strings.NewReader("secret,4\"2\n"), d, Position{}).Next()
	require.EqualError(t, err, "line 1, column 2: bare_quote")
	require.NotContains(t, fmt.Sprintf("%v", err), "secret")
}
