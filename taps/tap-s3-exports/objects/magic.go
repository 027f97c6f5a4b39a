package objects

import "strings"

// magicSize is how many bytes recognise needs at most.
const magicSize = 10

// recognise tells the format from an object's first bytes. Bzip2 begins with letters, so its first block is looked at too.
func recognise(head []byte) format {
	s := string(head)
	switch {
	case strings.HasPrefix(s, "\x1f\x8b\x08"):
		return formatGzip
	case strings.HasPrefix(s, "PK\x03\x04"), strings.HasPrefix(s, "PK\x05\x06"):
		return formatZip
	case strings.HasPrefix(s, "\x28\xb5\x2f\xfd"):
		return formatZstd
	case len(s) >= 4 && s[0]&0xf0 == 0x50 && s[1:4] == "\x2a\x4d\x18": // a skippable frame, as pzstd writes first
		return formatZstd
	case strings.HasPrefix(s, "\xfd7zXZ\x00"):
		return formatXZ
	case strings.HasPrefix(s, "BZh") && len(s) == magicSize && (s[4:] == "\x31\x41\x59\x26\x53\x59" || s[4:] == "\x17\x72\x45\x38\x50\x90"):
		return formatBzip2
	default:
		return formatPlain
	}
}
