package csv

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// lines repeats a line with its number.
func lines(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestDetectDelimiter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text, want string
		oneColumn        bool
	}{
		{"comma", "id,name\n" + lines(30, "%d,x\n"), ",", false},
		{"semicolon with decimal commas", "id;price\n" + lines(30, "%d;1,5\n"), ";", false},
		{"tab with text", "id\tnote\n" + lines(30, "%d\tone, two; three\n"), "\t", false},
		{"pipe", "id|note|x\n" + lines(30, "%d|a,b|\n"), "|", false},
		{"comma with lists of semicolons", "id,name,tags\n" + lines(30, "%d,x,a;b\n"), ",", false},
		{"delimiters in quotes", "id,note\n" + lines(30, "%d,\"a;b;c;d\ne;f|g\"\n"), ",", false},
		{"header only", "id;name;date\n", ";", false},
		{"header only without a line end", "id|name|date", "|", false},
		{"ragged", "a,b,c,d\n" + lines(10, "%d,2\n") + lines(9, "%d,2,3\n"), ",", false},
		{"a title above", "Report of 3 November\n\nid,name,date\n" + lines(30, "%d,x,y\n"), ",", false},
		{"broken rows among them", "id,name\n" + lines(30, "%d,x\n") + "31,5\" pipe\n" + lines(30, "%d,y\n"), ",", false},
		{"a semicolon in the header too", "id,a;b\n" + lines(20, "%d,x;y\n") + lines(5, "%d,z\n"), ",", false},
		{"one column", "id\n" + lines(30, "%d\n"), ",", true},
		{"one column with text", "name\n" + lines(30, "Smith, Number %d\n"), ";", true},
		{"one column of quoted text", "name\n" + lines(30, "\"Smith, Number %d\"\n"), ",", true},
		{"nothing", "", ",", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, encoding := range []string{UTF8, UTF16LE, UTF16BE} {
				d, err := Detect(encode(t, c.text, encoding), true, Format{Encoding: encoding})
				require.NoError(t, err)
				require.Equal(t, c.want, d.Delimiter)
				require.Equal(t, c.oneColumn, d.OneColumn)
			}
		})
	}
}

// TestDetectInMidFile does not take a record that the head cuts for a whole one.
func TestDetectInMidFile(t *testing.T) {
	t.Parallel()
	head := "a;b;c\n1;2;3\n4,0,0,0"
	d, err := Detect([]byte(head), false, Format{})
	require.NoError(t, err)
	require.Equal(t, ";", d.Delimiter)
	// One long record is all there is to see.
	d, err = Detect([]byte("aaa|bbb|ccc"), false, Format{})
	require.NoError(t, err)
	require.Equal(t, "|", d.Delimiter)
}

func TestDetectEncoding(t *testing.T) {
	t.Parallel()
	ascii := "id,name\n" + lines(500, "%d,Smith\n")
	utf := "id,name\n" + lines(50, "%d,José\n")
	for _, c := range []struct {
		name, text, setting string
		want                Dialect // only encoding, mark and guess count
	}{
		{"ascii", ascii, "", Dialect{Encoding: UTF8}},
		{"utf-8", utf, "", Dialect{Encoding: UTF8}},
		{"utf-8 mark", "\ufeff" + ascii, "", Dialect{Encoding: UTF8, BOM: 3}},
		{"mark beats the setting", "\ufeff" + ascii, "latin1", Dialect{Encoding: UTF8, BOM: 3}},
		{"utf-16le mark", "\xff\xfea\x00", "", Dialect{Encoding: UTF16LE, BOM: 2}},
		{"utf-16be mark", "\xfe\xff\x00a", "utf-16", Dialect{Encoding: UTF16BE, BOM: 2}},
		{"utf-16le", string(encode16(ascii, UTF16LE)), "", Dialect{Encoding: UTF16LE, Guessed: true}},
		{"utf-16be", string(encode16(ascii, UTF16BE)), "", Dialect{Encoding: UTF16BE, Guessed: true}},
		{"utf-16be of Cyrillic", string(encode16("ид,имя\n"+lines(50, "%d,Иван Петрович\n"), UTF16BE)), "", Dialect{Encoding: UTF16BE, Guessed: true}},
		{"utf-16 as set", string(encode16(ascii, UTF16BE)), "utf-16", Dialect{Encoding: UTF16BE}},
		{"utf-16 as set without a hint", "", "utf-16", Dialect{Encoding: UTF16LE}},
		{"a few NULs", "id,n\x00ame\n1,\x00\x00\x00\x00\n" + utf, "", Dialect{Encoding: UTF8}},
		{"a run of NULs", ascii + strings.Repeat("\x00", 4096), "", Dialect{Encoding: UTF8}},
		{"cp1252", "id,name\n1,Jos\xe9\n", "", Dialect{Encoding: Windows1252, Guessed: true}},
		{"cp1252 rarely", ascii + "1,Jos\xe9\n" + ascii + "2,N\xfa\xf1ez\n", "", Dialect{Encoding: Windows1252, Guessed: true}},
		{"cp1252 as set", "id,name\n1,Jos\xe9\n", "CP1252", Dialect{Encoding: Windows1252}},
		{"latin-1 as set", utf, "ISO-8859-1", Dialect{Encoding: Latin1}},
		{"one bad byte late in ASCII", ascii + "501,Jos\xe9\n" + ascii, "", Dialect{Encoding: UTF8}},
		{"one bad byte in utf-8", "id,name\n1,Jos\xe9\n" + utf, "", Dialect{Encoding: UTF8}},
		{"one bad byte late in utf-8", utf + "51,\xff\n", "", Dialect{Encoding: UTF8}},
		{"a byte that cp1252 lacks", "id,name\n1,Jos\x81\n", "", Dialect{Encoding: UTF8}},
		{"utf-8 as set", "id,name\n1,Jos\xe9\n", "utf8", Dialect{Encoding: UTF8}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := Detect([]byte(c.text), true, Format{Encoding: c.setting})
			require.NoError(t, err)
			require.Equal(t, c.want, Dialect{Encoding: d.Encoding, Guessed: d.Guessed, BOM: d.BOM})
		})
	}
	t.Run("head that ends inside a character", func(t *testing.T) {
		t.Parallel()
		for _, char := range []string{"é", "€", "𝄞"} {
			for cut := 1; cut < len(char); cut++ {
				d, err := Detect([]byte("id,name\n1,"+char[:cut]), false, Format{})
				require.NoError(t, err)
				require.Equal(t, UTF8, d.Encoding)
			}
		}
	})
}

// TestOneBadByteLate costs one row far behind the head that was looked at.
func TestOneBadByteLate(t *testing.T) {
	t.Parallel()
	text := []byte("id,name\n" + lines(100000, "%d,Smith\n"))
	text[len(text)-5] = 0xe9
	d, err := Detect(text[:1<<20], false, Format{})
	require.NoError(t, err)
	all := takeAll(t, NewReader(bytes.NewReader(text), d, Position{}))
	require.Len(t, all, 100001)
	require.Equal(t, "line 100001, column 2: invalid_encoding", all[100000].Bad.Error())
	require.Equal(t, "99999,S\ufffdith", all[100000].Bad.Raw)
	require.Nil(t, all[99999].Bad)
}

func TestDialectInBookmark(t *testing.T) {
	t.Parallel()
	d, err := Detect([]byte("\ufeffa;b\n1;2\n"), true, Format{Escape: `\`})
	require.NoError(t, err)
	text, err := json.Marshal(d)
	require.NoError(t, err)
	require.JSONEq(t, `{"encoding":"utf-8","bom":3,"delimiter":";","quote":"\"","escape":"\\","max_record_bytes":16777216}`, string(text))
	var back Dialect
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, d, back)
}

func TestFormatErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format Format
		want   string
	}{
		{Format{}, ""},
		{Format{Delimiter: "auto", Encoding: "auto", Quote: None, Escape: None}, ""},
		{Format{Delimiter: "TAB", Encoding: "Latin-1"}, ""},
		{Format{Delimiter: "||", Escape: `\`}, ""},
		{Format{Encoding: "ebcdic"}, `unknown encoding "ebcdic": use auto`},
		{Format{Delimiter: "a\nb"}, "without line ends"},
		{Format{Delimiter: `"`}, `quote character "\"" is part of the delimiter`},
		{Format{Delimiter: `\,`, Escape: `\`}, `escape character "\\" is part of the delimiter`},
		{Format{Delimiter: "→", Encoding: "latin1"}, `cannot be written in iso-8859-1`},
		{Format{Quote: "''"}, "one ASCII character"},
		{Format{Quote: "«"}, "one ASCII character"},
		{Format{Escape: "\n"}, "one ASCII character"},
		{Format{MaxRecordBytes: -1}, "use at most"},
		{Format{MaxRecordBytes: LargestMaxRecordBytes + 1}, "use at most"},
	} {
		err := c.format.Validate()
		_, detectErr := Detect([]byte("a,b\n"), true, c.format)
		if c.want == "" {
			require.NoError(t, err)
			require.NoError(t, detectErr)
			continue
		}
		require.ErrorContains(t, err, c.want)
		require.Equal(t, err, detectErr)
	}
	// The quote may be what would be tried as a delimiter.
	d, err := Detect([]byte("a;b\n|1;2|;3\n"), true, Format{Quote: "|"})
	require.NoError(t, err)
	require.Equal(t, ";", d.Delimiter)
}
