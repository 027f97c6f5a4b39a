package protocol

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Patterns select streams and fields as Meltano's do: `stream`, `stream.field`, `stream.field.nested`, shell globs in each;
// `!` in front excludes and wins; `\.` is a dot that belongs to a name. If every pattern excludes, all else is included.
type Patterns struct {
	include, exclude []pattern
}

// pattern is the glob of a stream, and that of a field's path joined by dots.
type pattern struct{ stream, field string }

var unescapedDot = regexp.MustCompile(`^((?:[^.\\]|\\.)+)\.(.+)$`)

// ParsePatterns reads patterns. An empty one is a Config fault.
func ParsePatterns(patterns []string) (*Patterns, error) {
	p := &Patterns{}
	for _, text := range patterns {
		rest, excludes := strings.CutPrefix(strings.TrimSpace(text), "!")
		if rest == "" {
			return nil, ConfigFault("write stream, stream.field or !stream.field", "the selection %q names nothing", text)
		}
		parsed := pattern{stream: rest, field: "*"}
		if m := unescapedDot.FindStringSubmatch(rest); m != nil {
			parsed = pattern{m[1], m[2]}
		}
		parsed.stream = strings.ReplaceAll(parsed.stream, `\.`, ".")
		parsed.field = strings.ReplaceAll(parsed.field, `\.`, ".")
		if excludes {
			p.exclude = append(p.exclude, parsed)
		} else {
			p.include = append(p.include, parsed)
		}
	}
	if len(p.include) == 0 {
		p.include = []pattern{{"*", "*"}}
	}
	return p, nil
}

// Stream tells whether anything of a stream is included.
func (p *Patterns) Stream(name string) bool {
	of := func(pattern pattern) bool { return Glob(pattern.stream, name) }
	whole := func(pattern pattern) bool { return of(pattern) && pattern.field == "*" }
	return slices.ContainsFunc(p.include, of) && !slices.ContainsFunc(p.exclude, whole)
}

// Field tells whether a field, or a field of a field, is included: a pattern names the field itself, something that contains it, or something
// inside it, and no pattern excludes it or what contains it.
func (p *Patterns) Field(stream string, path ...string) bool {
	if !p.Stream(stream) {
		return false
	}
	named := func(pattern pattern) bool {
		return Glob(pattern.stream, stream) && (covers(pattern.field, path) || leadsBelow(pattern.field, path))
	}
	excluded := func(pattern pattern) bool { return Glob(pattern.stream, stream) && covers(pattern.field, path) }
	return slices.ContainsFunc(p.include, named) && !slices.ContainsFunc(p.exclude, excluded)
}

// covers tells whether a glob matches a path or one above it.
func covers(glob string, path []string) bool {
	for i := range path {
		if Glob(glob, strings.Join(path[:i+1], ".")) {
			return true
		}
	}
	return false
}

// leadsBelow tells whether the first parts of a glob match the path, so that it speaks of something inside.
func leadsBelow(glob string, path []string) bool {
	parts := strings.Split(glob, ".")
	return len(parts) > len(path) && Glob(strings.Join(parts[:len(path)], "."), strings.Join(path, "."))
}

// ByGlob looks a name up in a setting that is given by glob: its exact name first, then the longest glob that matches,
// of two as long the first by the alphabet.
func ByGlob[V any](globs map[string]V, name string) (V, bool) {
	if v, ok := globs[name]; ok {
		return v, true
	}
	var best string
	found := false
	for glob := range globs {
		if !Glob(glob, name) {
			continue
		}
		if !found || cmp.Or(cmp.Compare(len(glob), len(best)), strings.Compare(best, glob)) > 0 {
			best, found = glob, true
		}
	}
	return globs[best], found
}

// Glob matches a shell pattern of *, ?, [a-z] and [!a-z] as Python's fnmatch does: * matches every character, and a bracket
// that is never closed is a bracket. It takes no longer than the product of the two lengths.
func Glob(pattern, name string) bool {
	behind, from, star := "", "", false // what follows the last star, and where in the name that is tried
	for pattern != "" || name != "" {
		if strings.HasPrefix(pattern, "*") {
			pattern = strings.TrimLeft(pattern, "*")
			behind, from, star = pattern, name, true
			if pattern == "" {
				return true
			}
			continue
		}
		if pattern != "" && name != "" {
			_, size := utf8.DecodeRuneInString(name)
			if match, rest := globOne(pattern, name[:size]); match {
				pattern, name = rest, name[size:]
				continue
			}
		}
		if !star || from == "" {
			return false
		}
		_, size := utf8.DecodeRuneInString(from)
		from = from[size:]
		pattern, name = behind, from
	}
	return true
}

// globOne matches what pattern begins with against one character.
func globOne(pattern, one string) (match bool, rest string) {
	switch pattern[0] {
	case '?':
		return true, pattern[1:]
	case '[':
		set := strings.TrimPrefix(pattern[1:], "!")
		negated := len(set) < len(pattern)-1
		if set == "" {
			break
		}
		_, first := utf8.DecodeRuneInString(set)
		end := strings.IndexByte(set[first:], ']') // the first character may be a bracket
		if end < 0 {
			break
		}
		r, _ := utf8.DecodeRuneInString(one)
		return inSet([]rune(set[:first+end]), r) != negated, set[first+end+1:]
	}
	rest, match = strings.CutPrefix(pattern, one)
	return match, rest
}

// inSet looks for a character in a list of characters and ranges.
func inSet(set []rune, r rune) bool {
	for i := 0; i < len(set); i++ {
		if i+2 < len(set) && set[i+1] == '-' {
			if set[i] <= r && r <= set[i+2] {
				return true
			}
			i += 2
		} else if set[i] == r {
			return true
		}
	}
	return false
}
