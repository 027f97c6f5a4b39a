package rawjson

import (
	"bytes"
	"sort"
)

// AppendCompact appends a valid value without the space between its tokens.
func AppendCompact(dst, value []byte) []byte {
	for pos := 0; pos < len(value); {
		start := pos
		for pos < len(value) && !isSpace(value[pos]) {
			if value[pos] != '"' {
				pos++
				continue
			}
			end, _, bad := skipString(value, pos+1)
			if bad != nil {
				return append(dst, value[start:]...)
			}
			pos = end
		}
		dst = append(dst, value[start:pos]...)
		pos = SkipSpace(value, pos)
	}
	return dst
}

// AppendCanonical appends a valid value in one spelling: no space, members sorted by name (of duplicates the last one
// alone), strings with the fewest escapes. Numbers stay as they are written. What is no valid value is appended as it is.
func AppendCanonical(dst, value []byte) []byte {
	value = bytes.TrimSpace(value)
	switch KindOf(value) {
	case String:
		text, flags := AppendUnquoted(nil, value)
		if flags&LoneSurrogate != 0 {
			return append(dst, value...) // two different halves must not look the same
		}
		return AppendString(dst, text)
	case Object:
		var s Scanner
		fields, err := s.Fields(value)
		if err != nil {
			return append(dst, value...)
		}
		sort.SliceStable(fields, func(i, j int) bool { return bytes.Compare(fields[i].Name, fields[j].Name) < 0 })
		dst = append(dst, '{')
		for i, f := range fields {
			if i+1 < len(fields) && bytes.Equal(f.Name, fields[i+1].Name) {
				continue
			}
			if dst[len(dst)-1] != '{' {
				dst = append(dst, ',')
			}
			dst = append(AppendString(dst, f.Name), ':')
			dst = AppendCanonical(dst, f.Value)
		}
		return append(dst, '}')
	case Array:
		dst = append(dst, '[')
		for pos := SkipSpace(value, 1); pos < len(value) && value[pos] != ']'; {
			end, bad := skipValue(value, pos, 0)
			if bad != nil {
				return append(dst, value[pos:]...)
			}
			dst = AppendCanonical(dst, value[pos:end])
			if pos = SkipSpace(value, end); pos < len(value) && value[pos] == ',' {
				dst = append(dst, ',')
				pos = SkipSpace(value, pos+1)
			}
		}
		return append(dst, ']')
	}
	return append(dst, value...)
}

// Equal tells whether two valid values have the same canonical spelling.
func Equal(a, b []byte) bool {
	return bytes.Equal(a, b) || bytes.Equal(AppendCanonical(nil, a), AppendCanonical(nil, b))
}
