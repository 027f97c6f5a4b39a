package values

import (
	"bytes"
	"unicode/utf8"

	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

const replacement = "\uFFFD"

// replaceOdd rids the text that was unquoted to dst[from:] of U+0000, and counts what the unquoting replaced.
func (e *Encoder) replaceOdd(dst []byte, from int, raw []byte, flags rawjson.Flags) []byte {
	if flags&rawjson.LoneSurrogate != 0 {
		e.tally.Malformed += loneSurrogates(raw)
	}
	if flags&rawjson.HasNUL != 0 {
		e.tally.NUL += int64(bytes.Count(dst[from:], []byte{0}))
		dst = append(dst[:from], bytes.ReplaceAll(dst[from:], []byte{0}, []byte(replacement))...)
	}
	return dst
}

// replaceMalformed replaces each byte of dst[from:] that is no part of UTF-8.
func (e *Encoder) replaceMalformed(dst []byte, from int) []byte {
	broken := bytes.Clone(dst[from:])
	dst = dst[:from]
	for len(broken) > 0 {
		r, size := utf8.DecodeRune(broken)
		if r == utf8.RuneError && size == 1 {
			e.tally.Malformed++
		}
		dst = utf8.AppendRune(dst, r)
		broken = broken[size:]
	}
	return dst
}

// loneSurrogates counts the escaped halves of surrogate pairs in raw that have no other half.
func loneSurrogates(raw []byte) (n int64) {
	for i := 0; ; {
		at := bytes.IndexByte(raw[i:], '\\')
		if at < 0 {
			return n
		}
		size, odd := escape(raw[i+at:])
		if odd == loneSurrogate {
			n++
		}
		i += at + size
	}
}

// What an escape sequence is to PostgreSQL.
type oddity uint8

const (
	harmless oddity = iota
	escapedNUL
	loneSurrogate
)

// escape looks at the escape sequence that s begins with and gives its size: 2, 6, or 12 for a surrogate pair.
// A sequence that is cut off ends where s does.
func escape(s []byte) (size int, odd oddity) {
	if len(s) < 2 || s[1] != 'u' {
		return min(2, len(s)), harmless
	}
	switch u := unit(s); {
	case u == 0:
		return 6, escapedNUL
	case u >= 0xD800 && u < 0xDC00:
		if low := unit(s[6:]); low >= 0xDC00 && low < 0xE000 {
			return 12, harmless
		}
		return 6, loneSurrogate
	case u >= 0xDC00 && u < 0xE000:
		return 6, loneSurrogate
	case u < 0:
		return min(6, len(s)), harmless
	}
	return 6, harmless
}

// unit is the number in the sequence \uXXXX that s begins with, or -1.
func unit(s []byte) int {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	u := 0
	for _, c := range s[2:6] {
		digit := hexDigit(c)
		if digit < 0 {
			return -1
		}
		u = u<<4 | digit
	}
	return u
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// appendJSON writes jsonb, or json, from the raw value as it stands, unless it holds something that jsonb refuses.
func (e *Encoder) appendJSON(dst, raw []byte, kind rawjson.Kind) ([]byte, Reason) {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	if e.column.Kind == columns.JSONB {
		dst = append(dst, 1)
	}
	if kind == rawjson.Number {
		dst = append(dst, raw...)
		return setLength(dst, start), ""
	}
	body := len(dst)
	if isLoadable(raw) {
		dst = append(dst, raw...)
	} else {
		dst = e.appendLoadable(dst, raw)
	}
	if !utf8.Valid(dst[body:]) {
		dst = e.replaceMalformed(dst, body)
	}
	return setLength(dst, start), ""
}

// isLoadable tells whether jsonb takes raw as it is: no escaped U+0000, no lone surrogates, no tokens that are not JSON.
// It may say no where a string holds the word NaN.
func isLoadable(raw []byte) bool {
	if bytes.Contains(raw, []byte("NaN")) || bytes.Contains(raw, []byte("Infinity")) {
		return false
	}
	for i := 0; ; {
		at := bytes.IndexByte(raw[i:], '\\')
		if at < 0 {
			return true
		}
		size, odd := escape(raw[i+at:])
		if odd != harmless {
			return false
		}
		i += at + size
	}
}

// appendLoadable appends raw with what jsonb refuses replaced.
func (e *Encoder) appendLoadable(dst, raw []byte) []byte {
	inString := false
	for i := 0; i < len(raw); {
		c := raw[i]
		switch {
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			size, odd := escape(raw[i:])
			switch odd {
			case escapedNUL:
				e.tally.NUL++
				dst = append(dst, replacement...)
			case loneSurrogate:
				e.tally.Malformed++
				dst = append(dst, replacement...)
			default:
				dst = append(dst, raw[i:i+size]...)
			}
			i += size
			continue
		case !inString && (c == 'N' || c == 'I' || c == '-' && i+1 < len(raw) && raw[i+1] == 'I'):
			end := i + 1
			for end < len(raw) && (raw[end]|0x20 >= 'a' && raw[end]|0x20 <= 'z') {
				end++
			}
			e.tally.NonFinite++
			dst = append(append(append(dst, '"'), raw[i:end]...), '"')
			i = end
			continue
		}
		dst = append(dst, c)
		i++
	}
	return dst
}
