package logs

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

// masked stands where a secret was.
const masked = "***"

// shortSecret is the length below which a secret is masked only where it stands alone: a password of one letter
// would otherwise make every line unreadable.
const shortSecret = 6

// secrets are the texts that no line may hold, longest first, so that one inside another leaves no rest.
type secrets struct{ texts atomic.Pointer[[]string] }

// add takes secrets in every spelling that a message may have: as they are, in a URL, in quotes.
func (s *secrets) add(more []string) {
	for {
		old := s.texts.Load()
		var all []string
		if old != nil {
			all = append(all, *old...)
		}
		for _, secret := range more {
			secret = strings.TrimSpace(secret)
			if secret == "" {
				continue
			}
			quoted, goQuoted := appendJSON(nil, secret), strconv.Quote(secret)
			all = append(all, secret, url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword("", secret).String()[1:],
				string(quoted[1:len(quoted)-1]), goQuoted[1:len(goQuoted)-1])
			// A key of several lines is found line by line too.
			for part := range strings.SplitSeq(secret, "\n") {
				if part = strings.TrimSpace(part); len(part) >= 16 {
					all = append(all, part)
				}
			}
		}
		slices.SortFunc(all, func(a, b string) int {
			if len(a) != len(b) {
				return len(b) - len(a)
			}
			return strings.Compare(a, b)
		})
		all = slices.Compact(all)
		if s.texts.CompareAndSwap(old, &all) {
			return
		}
	}
}

func (s *secrets) mask(text string) string {
	texts := s.texts.Load()
	if texts == nil || text == "" {
		return text
	}
	for _, secret := range *texts {
		switch {
		case len(secret) >= shortSecret:
			text = strings.ReplaceAll(text, secret, masked)
		case strings.Contains(text, secret):
			text = maskWord(text, secret)
		}
	}
	return text
}

// maskWord masks a short secret that is no part of a longer word.
func maskWord(text, secret string) string {
	var b strings.Builder
	for from := 0; ; {
		i := strings.Index(text[from:], secret)
		if i < 0 {
			b.WriteString(text[from:])
			return b.String()
		}
		start, end := from+i, from+i+len(secret)
		before, _ := utf8.DecodeLastRuneInString(text[:start])
		after, _ := utf8.DecodeRuneInString(text[end:])
		b.WriteString(text[from:start])
		if inWord(before) || inWord(after) {
			b.WriteString(secret)
		} else {
			b.WriteString(masked)
		}
		from = end
	}
}

func inWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
