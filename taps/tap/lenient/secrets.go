package lenient

import (
	"regexp"
	"slices"

	"github.com/signalroom/signalroom/protocol/rawjson"
)

// urlSecret is a parameter of a URL that holds a credential, unless it is a macro. The URL may stand in a longer text.
var urlSecret = regexp.MustCompile(`(?i)([?&](?:[\w.-]*[_.-])?(?:api_?key|key|token|access_?token|secret|auth|password|passwd|pwd|sig|signature)=)[^{\[$#&%][^&#\s"'<>]*`)

// appendWithout appends a valid value without what is secret in it.
func (s *Sender) appendWithout(dst, value []byte) []byte {
	switch rawjson.KindOf(value) {
	case rawjson.Object:
		var scanner rawjson.Scanner
		fields, _ := scanner.Fields(value) // it was scanned as a part of its row
		dst = append(dst, '{')
		for _, field := range fields {
			if !slices.Contains(s.Secrets, string(field.Name)) {
				dst = s.appendWithout(appendName(dst, field.Name), field.Value)
			}
		}
		return append(dst, '}')
	case rawjson.Array:
		dst = append(dst, '[')
		for pos := rawjson.SkipSpace(value, 1); value[pos] != ']'; {
			end, _ := rawjson.SkipValue(value, pos)
			dst = s.appendWithout(comma(dst), value[pos:end:end])
			if pos = rawjson.SkipSpace(value, end); value[pos] == ',' {
				pos = rawjson.SkipSpace(value, pos+1)
			}
		}
		return append(dst, ']')
	case rawjson.String:
		if text, _ := rawjson.AppendUnquoted(nil, value); s.MaskURLs && urlSecret.Match(text) {
			return rawjson.AppendStringLossy(dst, urlSecret.ReplaceAll(text, []byte("$1****")))
		}
	}
	return append(dst, value...)
}
