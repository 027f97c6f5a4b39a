package rawjson

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/signalroom/signalroom/protocol"
)

// MaxDepth is how deep objects and arrays may nest.
const MaxDepth = 1000

// A SyntaxError says where text stops being JSON. It never holds the text.
type SyntaxError struct {
	Offset int    // of the byte that does not fit, from 0; the length of the text when it ends too early
	Reason string // "a value is missing"
}

// Error names the byte, counted from 1.
func (e *SyntaxError) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset+1, e.Reason) }

// A Scanner finds the members of objects. It reuses its memory: the fields of a call are valid until the next one.
// The zero value is ready.
type Scanner struct {
	fields []protocol.Field
	names  []byte // the text of names that are written with escapes
}

// Fields gives the members of the one object that data holds, in order, duplicates included.
func (s *Scanner) Fields(data []byte) ([]protocol.Field, error) {
	pos := SkipSpace(data, 0)
	fields, end, err := s.Members(data, pos)
	if err != nil {
		return nil, err
	}
	if end = SkipSpace(data, end); end < len(data) {
		return nil, &SyntaxError{end, "text after the value"}
	}
	return fields, nil
}

// Members is Fields for an object that begins at pos. It also tells where the object ends.
func (s *Scanner) Members(data []byte, pos int) (fields []protocol.Field, end int, err error) {
	s.names = s.names[:0]
	fields, end, bad := s.members(data, pos, s.fields[:0])
	s.fields = fields
	if bad != nil {
		return nil, 0, bad
	}
	return fields, end, nil
}

func (s *Scanner) members(data []byte, pos int, fields []protocol.Field) ([]protocol.Field, int, *SyntaxError) {
	pos, bad := enter(data, pos)
	if bad != nil {
		return fields, 0, bad
	}
	if data[pos] == '}' {
		return fields, pos + 1, nil
	}
	for {
		name, value, escaped, bad := member(data, pos)
		if bad != nil {
			return fields, 0, bad
		}
		if escaped {
			name = s.unescape(data[pos : pos+len(name)+2])
		}
		end, bad := skipValue(data, value, 1)
		if bad != nil {
			return fields, 0, bad
		}
		fields = append(fields, protocol.Field{Name: name, Value: data[value:end:end]})
		var last bool
		if pos, last, bad = next(data, end, '}'); bad != nil || last {
			return fields, pos, bad
		}
	}
}

// unescape gives the text of a raw name. Names given before stay as they are, wherever the scratch moves.
func (s *Scanner) unescape(raw []byte) []byte {
	start := len(s.names)
	s.names, _ = AppendUnquoted(s.names, raw)
	return s.names[start:len(s.names):len(s.names)]
}

// Object calls visit for each member of the object that begins at pos and tells where the object ends. The visitor gets
// the member's name, valid during the call, and where its value begins; it returns where the value ends, as [SkipValue]
// or [Scanner.Members] say.
func (s *Scanner) Object(data []byte, pos int, visit func(name []byte, pos int) (end int, err error)) (end int, err error) {
	pos, bad := enter(data, pos)
	if bad != nil {
		return 0, bad
	}
	if data[pos] == '}' {
		return pos + 1, nil
	}
	for {
		name, value, escaped, bad := member(data, pos)
		if bad != nil {
			return 0, bad
		}
		if escaped {
			s.names = s.names[:0]
			name = s.unescape(data[pos : pos+len(name)+2])
		}
		end, err := visit(name, value)
		if err != nil {
			return 0, err
		}
		var last bool
		if pos, last, bad = next(data, end, '}'); bad != nil {
			return 0, bad
		} else if last {
			return pos, nil
		}
	}
}

// SkipValue gives the end of the value that begins at pos, or after space there.
func SkipValue(data []byte, pos int) (end int, err error) {
	end, bad := skipValue(data, SkipSpace(data, pos), 0)
	if bad != nil {
		return 0, bad
	}
	return end, nil
}

// Valid checks that data is one value, with or without space around it.
func Valid(data []byte) error {
	end, err := SkipValue(data, 0)
	if err != nil {
		return err
	}
	if end = SkipSpace(data, end); end < len(data) {
		return &SyntaxError{end, "text after the value"}
	}
	return nil
}

// SkipSpace gives the first position from pos that holds no space.
func SkipSpace(data []byte, pos int) int {
	if pos < len(data) && data[pos] > ' ' {
		return pos
	}
	return skipSpaces(data, pos)
}

func skipSpaces(data []byte, pos int) int {
	for pos < len(data) && isSpace(data[pos]) {
		pos++
	}
	return pos
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// enter gives the position of the first name in the object that begins at pos, or of its closing brace.
func enter(data []byte, pos int) (int, *SyntaxError) {
	if pos >= len(data) || data[pos] != '{' {
		return 0, &SyntaxError{pos, "an object is missing"}
	}
	if pos = SkipSpace(data, pos+1); pos >= len(data) {
		return 0, &SyntaxError{pos, "the object does not end"}
	}
	return pos, nil
}

// member reads a name at pos and the colon. The name is as written, between the quotes.
func member(data []byte, pos int) (name []byte, value int, escaped bool, bad *SyntaxError) {
	if pos >= len(data) || data[pos] != '"' {
		return nil, 0, false, &SyntaxError{pos, "the name of a member is missing"}
	}
	end, escaped, bad := skipString(data, pos+1)
	if bad != nil {
		return nil, 0, false, bad
	}
	name = data[pos+1 : end-1 : end-1]
	if end >= len(data) || data[end] != ':' {
		if end = skipSpaces(data, end); end >= len(data) || data[end] != ':' {
			return nil, 0, false, &SyntaxError{end, "a colon is missing"}
		}
	}
	return name, SkipSpace(data, end+1), escaped, nil
}

// next goes past what follows an element: to the next one, or past the closing bracket, and then it was the last.
func next(data []byte, pos int, closing byte) (after int, last bool, bad *SyntaxError) {
	pos = SkipSpace(data, pos)
	if pos < len(data) {
		if data[pos] == ',' {
			return SkipSpace(data, pos+1), false, nil
		}
		if data[pos] == closing {
			return pos + 1, true, nil
		}
	}
	return 0, false, &SyntaxError{pos, "a comma or a closing bracket is missing"}
}

// skipValue gives the end of the value that begins at pos, inside of depth containers.
func skipValue(data []byte, pos, depth int) (int, *SyntaxError) {
	if pos >= len(data) {
		return 0, &SyntaxError{pos, "a value is missing"}
	}
	switch c := data[pos]; {
	case c == '"':
		end, _, bad := skipString(data, pos+1)
		return end, bad
	case c-'0' < 10 || c == '-':
		return skipNumber(data, pos)
	case c == '{':
		return skipObject(data, pos, depth+1)
	case c == '[':
		return skipArray(data, pos, depth+1)
	case c == 't':
		return skipWord(data, pos, "true")
	case c == 'f':
		return skipWord(data, pos, "false")
	case c == 'n':
		return skipWord(data, pos, "null")
	case c == 'N':
		return skipWord(data, pos, "NaN")
	case c == 'I':
		return skipWord(data, pos, "Infinity")
	}
	return 0, &SyntaxError{pos, "a value is missing"}
}

func skipWord(data []byte, pos int, word string) (int, *SyntaxError) {
	if len(data)-pos < len(word) || string(data[pos:pos+len(word)]) != word {
		return 0, &SyntaxError{pos, "an unknown word stands where a value is expected"}
	}
	return pos + len(word), nil
}

func skipObject(data []byte, pos, depth int) (int, *SyntaxError) {
	if depth > MaxDepth {
		return 0, &SyntaxError{pos, tooDeep}
	}
	pos, bad := enter(data, pos)
	if bad != nil {
		return 0, bad
	}
	if data[pos] == '}' {
		return pos + 1, nil
	}
	for {
		_, value, _, bad := member(data, pos)
		if bad != nil {
			return 0, bad
		}
		end, bad := skipValue(data, value, depth)
		if bad != nil {
			return 0, bad
		}
		var last bool
		if pos, last, bad = next(data, end, '}'); bad != nil || last {
			return pos, bad
		}
	}
}

func skipArray(data []byte, pos, depth int) (int, *SyntaxError) {
	if depth > MaxDepth {
		return 0, &SyntaxError{pos, tooDeep}
	}
	if pos = SkipSpace(data, pos+1); pos < len(data) && data[pos] == ']' {
		return pos + 1, nil
	}
	for {
		end, bad := skipValue(data, pos, depth)
		if bad != nil {
			return 0, bad
		}
		var last bool
		if pos, last, bad = next(data, end, ']'); bad != nil || last {
			return pos, bad
		}
	}
}

const tooDeep = "objects and arrays nest deeper than 1000 levels"

func skipNumber(data []byte, pos int) (int, *SyntaxError) {
	if data[pos] == '-' {
		pos++
		if pos < len(data) && data[pos] == 'I' {
			return skipWord(data, pos, "Infinity")
		}
	}
	switch first := pos; {
	case pos < len(data) && data[pos] == '0':
		pos++
	default:
		if pos = skipDigits(data, pos); pos == first {
			return 0, &SyntaxError{pos, "a digit is missing"}
		}
	}
	if pos < len(data) && data[pos] == '.' {
		first := pos + 1
		if pos = skipDigits(data, first); pos == first {
			return 0, &SyntaxError{pos, "a digit is missing"}
		}
	}
	if pos < len(data) && data[pos]|0x20 == 'e' {
		pos++
		if pos < len(data) && (data[pos] == '+' || data[pos] == '-') {
			pos++
		}
		first := pos
		if pos = skipDigits(data, first); pos == first {
			return 0, &SyntaxError{pos, "a digit is missing"}
		}
	}
	return pos, nil
}

func skipDigits(data []byte, pos int) int {
	for pos < len(data) && data[pos]-'0' < 10 {
		pos++
	}
	return pos
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special has the high bit of the first byte in x set that is a quote, a backslash or a control character, and of no byte
// before it; what is set behind it means nothing.
func special(x uint64) uint64 {
	quote := x ^ '"'*ones
	backslash := x ^ '\\'*ones
	return ((quote-ones)&^quote | (backslash-ones)&^backslash | (x-' '*ones)&^x) & highs
}

// skipString gives the position after the closing quote of the string whose text begins at pos, and whether it has escapes.
func skipString(data []byte, pos int) (end int, escaped bool, bad *SyntaxError) {
	for {
		for len(data)-pos >= 8 {
			if found := special(binary.LittleEndian.Uint64(data[pos:])); found != 0 {
				pos += bits.TrailingZeros64(found) >> 3
				break
			}
			pos += 8
		}
		// Here is a special byte, or one of the last seven.
		if pos >= len(data) {
			return 0, escaped, &SyntaxError{pos, "the string does not end"}
		}
		switch c := data[pos]; {
		case c == '"':
			return pos + 1, escaped, nil
		case c == '\\':
			escaped = true
			if pos, bad = skipEscape(data, pos+1); bad != nil {
				return 0, escaped, bad
			}
		case c < ' ':
			return 0, escaped, &SyntaxError{pos, "a control character in a string"}
		default:
			pos++
		}
	}
}

// skipEscape checks the escape whose letter is at pos.
func skipEscape(data []byte, pos int) (int, *SyntaxError) {
	if pos >= len(data) {
		return 0, &SyntaxError{pos, "the string does not end"}
	}
	switch data[pos] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return pos + 1, nil
	case 'u':
		if _, ok := hex4(data, pos+1); ok {
			return pos + 5, nil
		}
	}
	return 0, &SyntaxError{pos, "an unknown escape in a string"}
}

// hex4 reads four hexadecimal digits.
func hex4(data []byte, pos int) (r rune, ok bool) {
	if len(data)-pos < 4 {
		return 0, false
	}
	for _, c := range data[pos : pos+4] {
		switch {
		case c-'0' < 10:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
