package rest

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/signalroom/signalroom/protocol/rawjson"
)

var (
	// errNoRows is why an answer of status 200 is a failure all the same.
	errNoRows = errors.New("the answer does not hold the rows that were asked for")
	// errPage is an answer that begins like HTML.
	errPage = errors.New("the answer is a web page")
	// errEnd is the end of an answer; where more of it should come, it has been cut off.
	errEnd = errors.New("the answer breaks off")
	// errTooLarge is a row, or what stands beside the rows, that is larger than memory is meant to be.
	errTooLarge = errors.New("the answer holds a value that is too large")
)

// rowMost bounds one row, and one member beside the rows.
const rowMost = 16 << 20

// firstBuffer is what is read of an answer at a time, unless a row is larger.
const firstBuffer = 64 << 10

// A rowReader finds the rows in one answer while it is read. What stands around the rows, bounded like a row, becomes the
// envelope: the same JSON with null in the place of the rows.
type rowReader struct {
	body     io.Reader
	text     []byte // what was read and is not used yet, from pos
	pos      int
	ended    bool
	emit     func(row []byte) error // row is valid during the call
	envelope []byte
	found    bool
}

// lines reads JSON values one after another: an answer in JSON Lines, compressed with gzip or not.
func (r *rowReader) lines() error {
	buffered := bufio.NewReaderSize(r.body, firstBuffer)
	r.body = buffered
	if magic, err := buffered.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		unpacked, err := gzip.NewReader(buffered)
		if err != nil {
			return err
		}
		r.body = unpacked
	}
	for {
		c, err := r.peek()
		switch {
		case errors.Is(err, errEnd):
			return nil
		case err != nil:
			return err
		case c == '<':
			return errPage
		}
		row, err := r.value()
		if err != nil {
			return err
		}
		if err := r.emit(row); err != nil {
			return err
		}
	}
}

// read reads an answer whose rows stand at one of the paths, or are the answer itself.
func (r *rowReader) read(paths [][]string) error {
	c, err := r.peek()
	if err != nil {
		return err
	}
	switch {
	case c == '<':
		return errPage
	case c == '[', c == 'n', c == '{' && len(paths) == 0:
		err = r.rows(c == '{')
		r.envelope = nil
	case c == '{':
		err = r.object(paths)
	default:
		err = errNoRows
	}
	if err != nil {
		return err
	}
	switch _, err := r.peek(); {
	case err == nil:
		return errors.New("the answer is not JSON: text after its end")
	case !errors.Is(err, errEnd):
		return err
	}
	if !r.found {
		return errNoRows
	}
	return nil
}

// object copies an object to the envelope, all but the rows.
func (r *rowReader) object(paths [][]string) error {
	r.pos++
	r.envelope = append(r.envelope, '{')
	for first := true; ; first = false {
		c, err := r.peek()
		if err != nil {
			return err
		}
		if c == '}' {
			r.pos++
			r.envelope = append(r.envelope, '}')
			return nil
		}
		if !first {
			if err := r.expect(','); err != nil {
				return err
			}
			r.envelope = append(r.envelope, ',')
		}
		if err := r.member(paths); err != nil {
			return err
		}
	}
}

func (r *rowReader) member(paths [][]string) error {
	if err := r.fits(0); err != nil {
		return err
	}
	raw, err := r.value()
	if err != nil {
		return err
	}
	if rawjson.KindOf(raw) != rawjson.String {
		return errors.New("the answer is not JSON: a name is missing")
	}
	r.envelope = append(append(r.envelope, raw...), ':')
	text, _ := rawjson.AppendUnquoted(nil, raw)
	if err := r.expect(':'); err != nil {
		return err
	}
	c, err := r.peek()
	if err != nil {
		return err
	}
	var below [][]string
	for _, path := range paths {
		switch {
		case path[0] != string(text):
		case len(path) > 1:
			below = append(below, path[1:])
		case c == '[' || c == '{' || c == 'n':
			return r.rows(false)
		}
	}
	switch {
	case len(below) > 0 && c == '{':
		return r.object(below)
	case len(below) > 0 && c == '[':
		return r.array(below)
	}
	value, err := r.value()
	if err != nil {
		return err
	}
	if err := r.fits(len(value)); err != nil {
		return err
	}
	r.envelope = append(r.envelope, value...)
	return nil
}

// fits tells whether so many bytes more may stand beside the rows.
func (r *rowReader) fits(more int) error {
	if len(r.envelope)+more > rowMost {
		return fmt.Errorf("%w: more than %d MiB beside the rows", errTooLarge, rowMost>>20)
	}
	return nil
}

// array copies an array whose elements may hold rows. It need not have any.
func (r *rowReader) array(paths [][]string) error {
	r.found = true
	r.pos++
	r.envelope = append(r.envelope, '[')
	for first := true; ; first = false {
		c, err := r.peek()
		if err != nil {
			return err
		}
		if c == ']' {
			r.pos++
			r.envelope = append(r.envelope, ']')
			return nil
		}
		if !first {
			if err := r.expect(','); err != nil {
				return err
			}
			r.envelope = append(r.envelope, ',')
			if c, err = r.peek(); err != nil {
				return err
			}
		}
		if c != '{' {
			return errNoRows
		}
		if err := r.fits(0); err != nil {
			return err
		}
		if err := r.object(paths); err != nil {
			return err
		}
	}
}

// rows emits the elements of an array, the values of an object's members, or nothing for null. A single row is emitted as it is.
func (r *rowReader) rows(single bool) error {
	r.found = true
	r.envelope = append(r.envelope, "null"...)
	c, err := r.peek()
	if err != nil {
		return err
	}
	if single || c == 'n' {
		value, err := r.value()
		if err != nil || !single {
			return err
		}
		return r.emit(value)
	}
	closing := byte(']')
	if c == '{' {
		closing = '}'
	}
	r.pos++
	for first := true; ; first = false {
		c, err := r.peek()
		if err != nil {
			return err
		}
		if c == closing {
			r.pos++
			return nil
		}
		if !first {
			if err := r.expect(','); err != nil {
				return err
			}
		}
		if closing == '}' { // a name
			if _, err := r.value(); err != nil {
				return err
			}
			if err := r.expect(':'); err != nil {
				return err
			}
		}
		row, err := r.value()
		if err != nil {
			return err
		}
		if err := r.emit(row); err != nil {
			return err
		}
	}
}

// peek goes past space and gives the next byte without using it up.
func (r *rowReader) peek() (byte, error) {
	for {
		r.pos = rawjson.SkipSpace(r.text, r.pos)
		if r.pos < len(r.text) {
			return r.text[r.pos], nil
		}
		if err := r.more(); err != nil {
			return 0, err
		}
	}
}

// expect uses up one byte, after space.
func (r *rowReader) expect(want byte) error {
	c, err := r.peek()
	if err != nil {
		return err
	}
	if c != want {
		return fmt.Errorf("the answer is not JSON: %q is missing", want)
	}
	r.pos++
	return nil
}

// near is how close to the end of what was read an error may come from what was not read yet: a word or an escape cut in two.
const near = 16

// value uses up one value, valid until the next call. A control character in a string, which some servers do not escape, is
// taken as if it were.
func (r *rowReader) value() ([]byte, error) {
	if _, err := r.peek(); err != nil {
		return nil, err
	}
	for {
		end, err := rawjson.SkipValue(r.text, r.pos)
		if err == nil && (end < len(r.text) || r.ended) {
			value := r.text[r.pos:end:end]
			r.pos = end
			return value, nil
		}
		var wrong *rawjson.SyntaxError
		if errors.As(err, &wrong) {
			if at := wrong.Offset; at < len(r.text) && r.text[at] < ' ' && r.escape() {
				continue
			}
			if wrong.Offset < len(r.text)-near {
				return nil, fmt.Errorf("the answer is not JSON: %s", wrong.Reason)
			}
		}
		if err := r.more(); err != nil {
			return nil, err
		}
	}
}

// escape spells out the control characters in all strings that were read, and tells whether there were any. All at once: one at a time,
// an answer full of them would take time by the square of its size.
func (r *rowReader) escape() bool {
	escaped := make([]byte, 0, len(r.text)-r.pos+firstBuffer)
	inString, found := false, false
	for i := r.pos; i < len(r.text); i++ {
		switch c := r.text[i]; {
		case inString && c < ' ':
			escaped, found = fmt.Appendf(escaped, `\u%04x`, c), true
			continue
		case c == '"':
			inString = !inString
		case inString && c == '\\' && i+1 < len(r.text):
			if next := r.text[i+1]; next == '"' || next == '\\' {
				escaped = append(escaped, c)
				i++
			}
		}
		escaped = append(escaped, r.text[i])
	}
	r.text, r.pos = escaped, 0
	return found
}

// more reads on: at least as much as is there already, so that a long value is not looked at too often. At the end of the answer it
// is errEnd.
func (r *rowReader) more() error {
	if r.ended {
		return errEnd
	}
	pending := copy(r.text, r.text[r.pos:])
	r.text, r.pos = r.text[:pending], 0
	if pending > rowMost {
		return fmt.Errorf("%w: more than %d MiB", errTooLarge, rowMost>>20)
	}
	r.text = slices.Grow(r.text, max(firstBuffer, 2*pending)-pending)
	for len(r.text) < max(1, 2*pending) && !r.ended {
		n, err := r.body.Read(r.text[len(r.text):cap(r.text)])
		r.text = r.text[:len(r.text)+n]
		switch {
		case errors.Is(err, io.EOF):
			r.ended = true
		case err != nil:
			return err
		}
	}
	if len(r.text) == 0 {
		return errEnd
	}
	return nil
}

// splitPaths takes the paths of a [List] apart.
func splitPaths(paths []string) [][]string {
	var split [][]string
	for _, path := range paths {
		split = append(split, strings.Split(path, "."))
	}
	return split
}
