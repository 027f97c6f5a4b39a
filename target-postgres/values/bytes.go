package values

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
)

// appendUUID reads a UUID as PostgreSQL does: 32 hexadecimal digits of either case, with a hyphen after any group of
// four, and with braces around them.
func appendUUID(dst, text []byte) ([]byte, Reason) {
	if n := len(text); n > 2 && text[0] == '{' && text[n-1] == '}' {
		text = text[1 : n-1]
	}
	start := len(dst)
	dst = append(dst, 0, 0, 0, 16)
	if len(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' {
		var digits [32]byte
		copy(digits[:8], text)
		copy(digits[8:12], text[9:])
		copy(digits[12:16], text[14:])
		copy(digits[16:20], text[19:])
		copy(digits[20:], text[24:])
		dst = append(dst, make([]byte, 16)...)
		if _, err := hex.Decode(dst[start+4:], digits[:]); err != nil {
			return dst[:start], BadFormat
		}
		return dst, ""
	}
	digits, high := 0, 0
	for i, c := range text {
		d := hexDigit(c)
		switch {
		case d < 0 && c == '-' && digits > 0 && digits < 32 && digits%4 == 0 && text[i-1] != '-':
			continue
		case d < 0 || digits == 32:
			return dst[:start], BadFormat
		case digits%2 == 0:
			high = d << 4
		default:
			dst = append(dst, byte(high|d))
		}
		digits++
	}
	if digits != 32 {
		return dst[:start], BadFormat
	}
	return dst, ""
}

// appendBytes decodes base64 (either alphabet, with or without padding and line ends) or base16. Without an encoding
// the text is PostgreSQL's hexadecimal form, \x0123.
func appendBytes(dst, text []byte, encoding string) ([]byte, Reason) {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	var err error
	switch encoding {
	case "base64":
		alphabet := base64.RawStdEncoding
		if bytes.ContainsAny(text, "-_") {
			alphabet = base64.RawURLEncoding
		}
		dst, err = alphabet.AppendDecode(dst, bytes.TrimRight(text, "=\r\n"))
	case "base16":
		dst, err = hex.AppendDecode(dst, text)
	default:
		digits, ok := bytes.CutPrefix(text, []byte(`\x`))
		if !ok {
			return dst[:start], BadFormat
		}
		dst, err = hex.AppendDecode(dst, digits)
	}
	if err != nil {
		return dst[:start], BadFormat
	}
	return setLength(dst, start), ""
}
