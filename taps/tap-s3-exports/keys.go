package main

import (
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// exportSuffixes are those that the default pattern takes, before and after packing.
var (
	exportSuffixes = []string{".csv", ".tsv"}
	packedSuffixes = []string{"", ".gz", ".bz2", ".xz", ".zst", ".zip"}
)

// matches tells whether a key belongs to the stream by its name.
func (s *stream) matches(key string) bool {
	if !strings.HasPrefix(key, s.prefix) {
		return false
	}
	if s.pattern == "" {
		lower := strings.ToLower(key)
		for _, packed := range packedSuffixes {
			for _, suffix := range exportSuffixes {
				if strings.HasSuffix(lower, suffix+packed) {
					return true
				}
			}
		}
		return false
	}
	below := key[strings.LastIndexByte(s.prefix, '/')+1:]
	if doublestar.MatchUnvalidated(s.pattern, below) {
		return true
	}
	return !strings.Contains(s.pattern, "/") && doublestar.MatchUnvalidated(s.pattern, path.Base(below))
}

// isLitter tells the keys that no stream wants, and no report mentions: folder markers and the leavings of other programs.
func isLitter(key string) bool {
	base := path.Base(key)
	switch {
	case strings.HasSuffix(key, "/"), base == "_SUCCESS", strings.Contains("/"+key, "/_temporary/"):
		return true
	}
	return slices.Contains([]string{".crc", ".tmp", ".part", ".filepart"}, strings.ToLower(path.Ext(base)))
}
