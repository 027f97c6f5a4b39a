package tap

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/protocol/settings"
)

// Rules is the setting columns: stream glob, column glob, and drop, hash or mask. The exact name counts first, then the
// longest glob that has a word for the column.
type Rules map[string]map[string]string

// words are what a rule may say.
var words = map[string]Keep{"drop": Dropped, "hash": Hashed, "mask": Masked}

func (r Rules) check(problems *settings.Problems) {
	for _, stream := range slices.Sorted(maps.Keys(r)) {
		for _, column := range slices.Sorted(maps.Keys(r[stream])) {
			if _, ok := words[r[stream][column]]; !ok {
				problems.Add("columns", "%s, %s: expected drop, hash or mask", stream, column)
			}
		}
	}
}

// keep is what the rules say of a column.
func (r Rules) keep(stream, column string) Keep {
	if len(r) == 0 {
		return Whole
	}
	for _, glob := range byPrecedence(r, stream) {
		for _, name := range byPrecedence(r[glob], column) {
			return words[r[glob][name]]
		}
	}
	return Whole
}

// byPrecedence lists the keys of a setting that match a name: the name itself, then globs, the longest first.
func byPrecedence[V any](setting map[string]V, name string) []string {
	var globs []string
	for glob := range setting {
		if glob == name || protocol.Glob(glob, name) {
			globs = append(globs, glob)
		}
	}
	slices.SortFunc(globs, func(a, b string) int {
		switch {
		case a == name:
			return -1
		case b == name:
			return 1
		}
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	return globs
}

// maskTail is how many characters a masked value keeps, and only if it is at least twice as long.
const maskTail = 4

// AppendKept appends the JSON string that a Hashed or Masked column gets for a value, given as its text without quotes and
// escapes. A hash is the lower case hex of the SHA-256 of the text; a mask is **** and the last four characters of a text of
// eight or more. For Whole it is the text as a JSON string; for Dropped nothing. Text that is no UTF-8 gets U+FFFD in a mask
// or a whole, while a hash is of the bytes as they are.
func AppendKept(dst []byte, keep Keep, value []byte) []byte {
	switch keep {
	case Hashed:
		sum := sha256.Sum256(value)
		dst = append(dst, '"')
		dst = hex.AppendEncode(dst, sum[:])
		return append(dst, '"')
	case Masked:
		dst = append(dst, `"****`...)
		if tail := maskedTail(value); len(tail) > 0 {
			quoted := len(dst)
			dst = rawjson.AppendStringLossy(dst, tail)
			dst = slices.Delete(dst, quoted, quoted+1)
			return dst
		}
		return append(dst, '"')
	case Dropped:
		return dst
	}
	return rawjson.AppendStringLossy(dst, value)
}

func maskedTail(value []byte) []byte {
	if utf8.RuneCount(value) < 2*maskTail {
		return nil
	}
	tail := len(value)
	for range maskTail {
		_, size := utf8.DecodeLastRune(value[:tail])
		tail -= size
	}
	return value[tail:]
}
