package csv

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// Detect settles the dialect from the head of a file, of which it wants up to 1 MiB. atEOF says that head is the whole file.
// Its error is one of the settings, as from [Format.Validate].
//
// A byte order mark beats the setting for the encoding.
func Detect(head []byte, atEOF bool, f Format) (Dialect, error) {
	d, err := f.dialect()
	if err != nil {
		return Dialect{}, err
	}
	d.detectEncoding(head, atEOF)
	candidates := []string{d.Delimiter}
	if d.Delimiter == "" {
		// In order of preference where all else is equal: what text rarely holds comes first.
		candidates = []string{"\t", "|", ";", ","}
	}
	best := shape{}
	for _, delimiter := range candidates {
		d.Delimiter = delimiter
		if err := d.validate(); err != nil {
			if f.Delimiter == "" || f.Delimiter == Auto {
				continue // the quote or escape character
			}
			return Dialect{}, err
		}
		if s := measure(head, atEOF, d); best.delimiter == "" || s.beats(best) {
			best = s
		}
	}
	if best.delimiter == "" {
		return Dialect{}, d.validate()
	}
	d.Delimiter, d.OneColumn = best.delimiter, best.records > 0 && best.widest == 1
	return d, nil
}

// detectEncoding settles encoding and byte order mark.
func (d *Dialect) detectEncoding(head []byte, atEOF bool) {
	switch {
	case bytes.HasPrefix(head, []byte(bom)):
		d.Encoding, d.BOM = UTF8, len(bom)
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		d.Encoding, d.BOM = UTF16LE, 2
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		d.Encoding, d.BOM = UTF16BE, 2
	case d.Encoding == UTF16:
		d.Encoding = UTF16LE
		if byteOrder(head) == UTF16BE {
			d.Encoding = UTF16BE
		}
	case d.Encoding == Auto:
		if d.Encoding = byteOrder(head); d.Encoding != "" {
			d.Guessed = true
			return
		}
		d.Encoding, d.Guessed = UTF8, false
		if isWindows1252(head, atEOF) {
			d.Encoding, d.Guessed = Windows1252, true
		}
	}
}

// byteOrder tells UTF-16 without a mark by the zero bytes of its ASCII characters, all of which stand on the same side. It is
// empty for anything else.
func byteOrder(head []byte) string {
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i&1]++
		}
	}
	most := max(zeros[0], zeros[1])
	switch {
	case most < 2 || most < len(head)/16 || min(zeros[0], zeros[1]) > most/8:
		return ""
	case zeros[1] == most:
		return UTF16LE
	}
	return UTF16BE
}

// isWindows1252 says whether text that is not valid UTF-8 was never meant to be. A few bad bytes in a file that otherwise is UTF-8
// do not change how it is read, because that would garble all other values in silence: each costs its row. It takes the lines with
// bad bytes against the good characters beyond ASCII; where there are none, a single bad line after a hundred good ones, or with
// bytes that Windows-1252 does not define, is damage.
func isWindows1252(head []byte, atEOF bool) bool {
	if utf8.Valid(head) {
		return false
	}
	if !atEOF {
		// The head may end inside a character.
		for i := 1; i < utf8.UTFMax && i < len(head); i++ {
			if last := head[len(head)-i:]; utf8.RuneStart(last[0]) {
				if !utf8.FullRune(last) {
					head = head[:len(head)-i]
				}
				break
			}
		}
	}
	var good, badLines, linesBefore int
	undefined := false
	lines, lineIsBad := 0, false
	for i := 0; i < len(head); {
		c := head[i]
		if c < utf8.RuneSelf {
			if c == '\n' || c == '\r' && !bytes.HasPrefix(head[i+1:], []byte{'\n'}) {
				lines++
				lineIsBad = false
			}
			i++
			continue
		}
		char, size := utf8.DecodeRune(head[i:])
		i += size
		if char != utf8.RuneError || size > 1 {
			good++
			continue
		}
		switch c {
		case 0x81, 0x8d, 0x8f, 0x90, 0x9d, 0xff:
			undefined = true // 0xff is a letter that hardly occurs
		}
		if lineIsBad {
			continue
		}
		lineIsBad = true
		if badLines++; badLines == 1 {
			linesBefore = lines
		}
	}
	switch {
	case good > 0:
		return badLines > good
	case badLines == 1:
		return linesBefore < 100 && !undefined
	}
	return badLines > 1
}

// shape is what the head of a file looks like with one delimiter.
type shape struct {
	delimiter string
	records   int // whole ones, broken ones among them
	common    int // the most frequent number of fields
	agreeing  int // records with that number of fields
	first     int // fields of the first record
	widest    int
}

// sampleRecords is how many records Detect looks at.
const sampleRecords = 1000

func measure(head []byte, atEOF bool, d Dialect) shape {
	s := shape{delimiter: d.Delimiter}
	rest := errors.New("the file goes on")
	if atEOF {
		rest = io.EOF
	}
	r := newReader(&headReader{head, rest}, d, Position{}, 32<<10)
	widths := make(map[int]int)
	for s.records < sampleRecords {
		rec, err := r.ReadHeader()
		var bad *RowError
		if errors.As(err, &bad) {
			s.records++
			continue
		}
		if err != nil {
			break
		}
		if s.records == 0 {
			s.first = rec.Len()
		}
		s.records++
		width := rec.Len()
		s.widest = max(s.widest, width)
		widths[width]++
		if n := widths[width]; n > s.agreeing || n == s.agreeing && width > s.common {
			s.agreeing, s.common = n, width
		}
	}
	if s.records == 0 && !atEOF {
		return measure(head, true, d)
	}
	return s
}

// beats says whether s is the better reading of a file than t.
func (s shape) beats(t shape) bool {
	if a, b := s.rank(), t.rank(); a != b {
		return a > b
	}
	// The share of agreeing records, then their width.
	if a, b := s.agreeing*t.records, t.agreeing*s.records; a != b {
		return a > b
	}
	if s.common != t.common {
		return s.common > t.common
	}
	return s.rank() <= oneColumn // the last one, a comma, is what such a file would use
}

// The ways in which records can agree, the most telling last.
const (
	nothing = iota
	noPattern
	oneColumn
	headerOnly  // the rows below it are ragged
	titleAbove  // a line of other things stands first
	headerAgree // most rows are as wide as the header
)

func (s shape) rank() int {
	most := s.agreeing*10 >= s.records*6
	switch {
	case s.agreeing == 0:
		return nothing
	case most && s.common > 1 && s.first == s.common:
		return headerAgree
	case most && s.common > 2: // two might be text with a comma in it
		return titleAbove
	case s.first > 1:
		return headerOnly
	case s.agreeing == s.records:
		return oneColumn
	}
	return noPattern
}

// headReader returns the head and then err.
type headReader struct {
	head []byte
	err  error
}

func (r *headReader) Read(p []byte) (int, error) {
	if len(r.head) == 0 {
		return 0, r.err
	}
	n := copy(p, r.head)
	r.head = r.head[n:]
	return n, nil
}
