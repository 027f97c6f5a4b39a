package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// A fileDater finds the day that a file is about.
type fileDater struct {
	pattern *regexp.Regexp // the user's, with the groups year, month and day, or nil
}

// keyDate is a day in a key: 2026-11-03, 2026_11_03 or 20261103, with no digit on either side.
var keyDate = regexp.MustCompile(`(?:^|[^0-9])((?:19|20)[0-9]{2})([-_]?)(0[1-9]|1[0-2])([-_]?)(0[1-9]|[12][0-9]|3[01])(?:[^0-9]|$)`)

// newFileDater compiles file_date_pattern: strptime letters (%d-%m-%Y), or a regular expression with groups named year, month and
// day. Empty is none.
func newFileDater(pattern string) (fileDater, error) {
	if pattern == "" {
		return fileDater{}, nil
	}
	if strings.Contains(pattern, "%") {
		quoted := regexp.QuoteMeta(pattern)
		pattern = strings.NewReplacer(
			"%Y", `(?P<year>[0-9]{4})`, "%y", `(?P<year>[0-9]{2})`, "%m", `(?P<month>[0-9]{1,2})`, "%d", `(?P<day>[0-9]{1,2})`,
			"%b", `(?P<month>[A-Za-z]{3})`, "%B", `(?P<month>[A-Za-z]+)`,
		).Replace(quoted)
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return fileDater{}, fmt.Errorf("not a regular expression: %w", err)
	}
	for _, group := range []string{"year", "month", "day"} {
		if re.SubexpIndex(group) < 0 {
			return fileDater{}, fmt.Errorf("it must name a year, a month and a day: %%Y %%m %%d, or groups (?P<year>…) (?P<month>…) (?P<day>…)")
		}
	}
	return fileDater{re}, nil
}

// date is the day in the key, otherwise the one that the pattern finds, otherwise the UTC day of the modification time.
func (d fileDater) date(key string, modified time.Time) time.Time {
	// Matches may share their outer characters, so each try begins one character behind the last one's begin.
	for rest := key; ; {
		m := keyDate.FindStringSubmatchIndex(rest)
		if m == nil {
			break
		}
		part := func(i int) []byte { return []byte(rest[m[2*i]:m[2*i+1]]) }
		if string(part(2)) == string(part(4)) {
			if day, ok := dayOf(digits(part(1)), digits(part(3)), digits(part(5))); ok {
				return day
			}
		}
		rest = rest[m[2]+1:]
	}
	if d.pattern != nil {
		if m := d.pattern.FindStringSubmatch(key); m != nil {
			part := func(group string) []byte { return []byte(m[d.pattern.SubexpIndex(group)]) }
			year, month := digits(part("year")), digits(part("month"))
			if len(part("year")) == 2 {
				year += 2000
			}
			if month < 0 {
				month, _ = monthName(part("month"))
			}
			if day, ok := dayOf(year, month, digits(part("day"))); ok {
				return day
			}
		}
	}
	return modified.UTC().Truncate(24 * time.Hour)
}

func dayOf(year, month, day int) (time.Time, bool) {
	if year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC), true
}
