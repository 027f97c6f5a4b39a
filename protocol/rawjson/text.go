package rawjson

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// Flags says what is odd in the text of a string.
type Flags uint8

const (
	// HasNUL marks a text that holds U+0000, which PostgreSQL cannot store.
	HasNUL Flags = 1 << iota
	// LoneSurrogate marks a text with half of a surrogate pair, which is no character; U+FFFD stands in its place.
	LoneSurrogate
)

// Plain gives the text of a valid raw string that has no escapes, as a slice of value; ok is false when it has some.
func Plain(value []byte) (text []byte, ok bool) {
	if len(value) < 2 || value[0] != '"' {
		return nil, false
	}
	text = value[1 : len(value)-1]
	if plainPrefix(text) < len(text) {
		return nil, false
	}
	return text, true
}

// Text gives the text of a valid raw string: a slice of value where it has no escapes, and new memory otherwise. Any other value is given as it
// is.
func Text(value []byte) []byte {
	if KindOf(value) != String {
		return value
	}
	text, plain := Plain(value)
	if !plain {
		text, _ = AppendUnquoted(nil, value)
	}
	return text
}

// AppendUnquoted appends the text of a valid raw string.
func AppendUnquoted(dst, value []byte) ([]byte, Flags) {
	var flags Flags
	if len(value) < 2 || value[0] != '"' {
		return dst, 0
	}
	text := value[1 : len(value)-1]
	for {
		plain := plainPrefix(text)
		dst = append(dst, text[:plain]...)
		if text = text[plain:]; len(text) < 2 {
			return dst, flags
		}
		used := 2
		switch c := text[1]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, _ := hex4(text, 2)
			used = 6
			switch {
			case r == 0:
				flags |= HasNUL
			case utf16.IsSurrogate(r):
				r, used = pair(text, r)
				if r == utf8.RuneError {
					flags |= LoneSurrogate
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, c)
		}
		text = text[min(used, len(text)):]
	}
}

// pair joins the surrogate half that text begins with to the one behind it. U+FFFD stands for a half that is alone.
func pair(text []byte, half rune) (r rune, used int) {
	if len(text) >= 12 && text[6] == '\\' && text[7] == 'u' {
		if second, ok := hex4(text, 8); ok {
			if r := utf16.DecodeRune(half, second); r != utf8.RuneError {
				return r, 12
			}
		}
	}
	return utf8.RuneError, 6
}

// AppendString appends text, which must be valid UTF-8, as a JSON string. It escapes only what JSON demands.
func AppendString[T string | []byte](dst []byte, text T) []byte {
	dst = append(dst, '"')
	plain := plainPrefix(text)
	dst = append(dst, text[:plain]...)
	// Behind the first character to escape there are mostly more. Each step copies eight bytes and takes back what comes after one.
	i := plain
	for len(text)-i >= 8 {
		if cap(dst)-len(dst) < 8 {
			dst = slices.Grow(dst, len(text)-i+8)
		}
		x := load(text[i : i+8])
		n := len(dst)
		dst = dst[:n+8]
		binary.LittleEndian.PutUint64(dst[n:], x)
		found := special(x)
		if found == 0 {
			i += 8
			continue
		}
		at := bits.TrailingZeros64(found) >> 3
		dst = appendEscape(dst[:n+at], text[i+at])
		i += at + 1
	}
	for ; i < len(text); i++ {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' {
			dst = appendEscape(dst, c)
		} else {
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// load reads eight bytes as a little-endian word.
func load[T string | []byte](s T) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// PlainPrefix is how many bytes at the beginning of text need no escapes in a JSON string: quotes around any part of them that
// is whole UTF-8 make one.
func PlainPrefix[T string | []byte](text T) int { return plainPrefix(text) }

// ShortSize is how long a text may be for [ShortIsPlain].
const ShortSize = 16

// ShortIsPlain tells whether PlainPrefix(text) is all of text, without a loop. text has at most ShortSize bytes, and room for that many.
func ShortIsPlain(text []byte) bool {
	const spaces = 0x2020202020202020
	n := uint(len(text))
	block := text[:ShortSize]
	x, y := load(block[:8]), load(block[8:])
	// A shift by 64 and more gives 0, so that the mask of a full word is all ones.
	low := uint64(1)<<(8*n) - 1
	high := uint64(0)
	if n > 8 {
		low, high = ^uint64(0), uint64(1)<<(8*(n-8))-1
	}
	return special(x&low|spaces&^low)|special(y&high|spaces&^high) == 0
}

// AppendStringLossy is AppendString for any bytes: each one that is no part of valid UTF-8 becomes U+FFFD.
func AppendStringLossy[T string | []byte](dst []byte, text T) []byte {
	dst = append(dst, '"')
	for {
		plain := plainPrefix(text)
		for chunk := text[:plain]; len(chunk) > 0; {
			valid := validPrefix(chunk)
			dst = append(dst, chunk[:valid]...)
			if chunk = chunk[valid:]; len(chunk) > 0 {
				dst = append(dst, "\uFFFD"...)
				chunk = chunk[1:]
			}
		}
		if plain == len(text) {
			return append(dst, '"')
		}
		dst = appendEscape(dst, text[plain])
		text = text[plain+1:]
	}
}

// validPrefix is how many bytes at the beginning of text are valid UTF-8.
func validPrefix[T string | []byte](text T) int {
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(string(text[i:min(i+utf8.UTFMax, len(text))]))
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(text)
}

// appendEscape escapes a quote, a backslash or a control character.
func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}

// plainPrefix is how many bytes at the beginning of text stand for themselves in a JSON string.
func plainPrefix[T string | []byte](text T) int {
	i := 0
	for ; len(text)-i >= 8; i += 8 {
		if found := special(load(text[i : i+8])); found != 0 {
			return i + bits.TrailingZeros64(found)>>3
		}
	}
	for ; i < len(text); i++ {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' {
			break
		}
	}
	return i
}
