package rawjson

// Flags says what is odd in the text of a string.
type Flags uint8

const (
	// HasNUL marks a text that holds U+0000, which PostgreSQL cannot store.
	HasNUL Flags = 1 << iota
	// LoneSurrogate marks a text with half of a surrogate pair, which is no character; U+FFFD stands in its place.
	LoneSurrogate
)

// Plain gives the text of a valid raw string that holds no escape, as a slice of value; ok is false when there is one.
func Plain(value []byte) (text []byte, ok bool) { return nil, false }

// AppendUnquoted appends the text of a valid raw string.
func AppendUnquoted(dst, value []byte) ([]byte, Flags) { return dst, 0 }

// AppendString appends text, which must be valid UTF-8, as a JSON string. It escapes only what JSON demands.
func AppendString[T string | []byte](dst []byte, text T) []byte { return dst }

// AppendStringLossy is AppendString for any bytes: each one that is no part of valid UTF-8 becomes U+FFFD.
func AppendStringLossy[T string | []byte](dst []byte, text T) []byte { return dst }
