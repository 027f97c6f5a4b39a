package csv

import "io"

// A footless source leaves out the last lines of another one: those that are not blank count. Lines are those of the text, whatever
// stands in quotes. If they are very long, the end is taken for rows.
type footless struct {
	src   io.Reader
	lines int
	text  []byte // read and not given yet
	given int    // of text, from its start
	err   error
}

const (
	footerRead = 64 << 10
	footerMost = 8 << 20 // bytes that are held back
)

// Read gives what cannot be a part of the last lines.
func (f *footless) Read(p []byte) (int, error) {
	for {
		end := f.footer()
		if len(f.text)-end > footerMost {
			f.lines, end = 0, len(f.text)
		}
		if n := copy(p, f.text[f.given:max(f.given, end)]); n > 0 || len(p) == 0 {
			f.given += n
			return n, nil
		}
		if f.err != nil {
			return 0, f.err
		}
		f.text = append(f.text[:0], f.text[f.given:]...)
		f.given = 0
		held := len(f.text)
		f.text = append(f.text, make([]byte, max(footerRead, held))...) // what is held is looked through again
		var n int
		n, f.err = f.src.Read(f.text[held:])
		if f.text = f.text[:held+n]; n == 0 && f.err == nil {
			return 0, nil
		}
	}
}

// footer is where the last lines begin in what was read.
func (f *footless) footer() int {
	if f.lines == 0 {
		return len(f.text)
	}
	found, inLine := 0, false
	for i := len(f.text); i > f.given; i-- {
		switch f.text[i-1] {
		case '\n', '\r':
			if inLine {
				if found++; found == f.lines {
					return i
				}
			}
			inLine = false
		case ' ', '\t':
		default:
			inLine = true
		}
	}
	return f.given
}
