package main

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// A datePart is a letter, or a literal byte when letter is 0.
type datePart struct {
	letter  byte
	literal byte
}

// composite letters stand for others.
var composites = strings.NewReplacer("%D", "%m/%d/%y", "%F", "%Y-%m-%d", "%T", "%H:%M:%S", "%R", "%H:%M", "%r", "%I:%M:%S %p")

const dateLetters = "YymdeBbhjHIMSfpzZ"

// parseDateFormat compiles strptime letters (https://docs.python.org/3/library/datetime.html#format-codes): Y y m d e B b h j H I M
// S f p z Z, and the composites D F T R r. zone is where times without an offset are; nil is UTC.
func parseDateFormat(layout string, zone *time.Location) (*dateFormat, error) {
	f := isoDates(zone)
	f.layout = layout
	text := composites.Replace(layout)
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			f.parts = append(f.parts, datePart{literal: text[i]})
			continue
		}
		i++
		if i == len(text) {
			return nil, fmt.Errorf("date format %q ends in %%", layout)
		}
		if text[i] == '-' && i+1 < len(text) { // %-d: the same as %d, as reading never asks for leading zeros
			i++
		}
		switch letter := text[i]; {
		case letter == '%':
			f.parts = append(f.parts, datePart{literal: '%'})
		case strings.IndexByte(dateLetters, letter) >= 0:
			f.parts = append(f.parts, datePart{letter: letter})
			f.instants = f.instants || strings.IndexByte("HIMSf", letter) >= 0
		default:
			return nil, fmt.Errorf("date format %q: %%%c is not known; use the letters %s of strptime", layout, letter, dateLetters)
		}
	}
	has := func(letters string) bool {
		for _, p := range f.parts {
			if p.letter != 0 && strings.IndexByte(letters, p.letter) >= 0 {
				return true
			}
		}
		return false
	}
	if !has("Yy") || !has("j") && (!has("mBbh") || !has("de")) {
		return nil, fmt.Errorf("date format %q does not name a year, a month and a day", layout)
	}
	return f, nil
}

// parse reads v by the letters.
func (f *dateFormat) parse(v []byte) (time.Time, bool) {
	w := wallTime{year: -1, month: 1, day: 1}
	for _, p := range f.parts {
		width := 0
		switch {
		case p.letter != 0:
			width = w.read(p.letter, v)
		case len(v) > 0 && v[0] == p.literal:
			width = 1
		}
		if width == 0 {
			return time.Time{}, false
		}
		v = v[width:]
	}
	if len(v) > 0 {
		return time.Time{}, false
	}
	return w.in(f.zone)
}

// A wallTime is a date and a time of day while they are read.
type wallTime struct {
	year, month, day            int
	yearDay                     int // 0: month and day say it
	hour, minute, second, nanos int
	twelve, pm                  bool // hours are those of a clock with AM and PM
	hasOffset                   bool
	offset                      int // seconds east of UTC
}

// read reads what a letter stands for at the front of v, and tells how many bytes it took; 0 when something else stands there.
func (w *wallTime) read(letter byte, v []byte) (width int) {
	switch letter {
	case 'B', 'b', 'h':
		w.month, width = monthName(v)
		return width
	case 'p':
		if len(v) < 2 || v[1]|0x20 != 'm' || v[0]|0x20 != 'a' && v[0]|0x20 != 'p' {
			return 0
		}
		w.twelve, w.pm = true, v[0]|0x20 == 'p'
		return 2
	case 'z', 'Z':
		end := bytes.IndexByte(v, ' ')
		if end < 0 {
			end = len(v)
		}
		if w.offset, w.hasOffset = parseOffset(v[:end]); !w.hasOffset {
			return 0
		}
		return end
	}
	limit := 2
	switch letter {
	case 'Y':
		limit = 4
	case 'j':
		limit = 3
	case 'f':
		limit = 9
	}
	n := 0
	for width < len(v) && width < limit && isDigit(v[width]) {
		n = n*10 + int(v[width]-'0')
		width++
	}
	switch letter {
	case 'Y':
		if w.year = n; width != limit {
			return 0
		}
	case 'y': // as in POSIX: 69 to 99 are 19xx
		w.year = 2000 + n
		if n >= 69 {
			w.year = 1900 + n
		}
	case 'm':
		w.month = n
	case 'd', 'e':
		w.day = n
	case 'j':
		w.yearDay = n
	case 'H':
		w.hour = n
	case 'I':
		if w.hour = n; n < 1 || n > 12 {
			return 0
		}
	case 'M':
		w.minute = n
	case 'S':
		w.second = n
	case 'f':
		w.nanos = fraction(v[:width])
	}
	return width
}

// in is the instant in a zone, or at the offset that was read. ok is false where there is none.
func (w *wallTime) in(zone *time.Location) (at time.Time, ok bool) {
	if w.year < 1 || w.month < 1 || w.month > 12 || w.hour > 23 || w.minute > 59 || w.second > 59 || w.twelve && w.hour > 12 {
		return time.Time{}, false
	}
	hour := w.hour
	if w.twelve {
		hour %= 12
	}
	if w.pm {
		hour += 12
	}
	if w.hasOffset {
		zone = time.UTC
	}
	if w.yearDay > 0 {
		at = time.Date(w.year, 1, w.yearDay, hour, w.minute, w.second-w.offset, w.nanos, zone)
		return at, w.yearDay <= 365 || isLeap(w.year) && w.yearDay == 366
	}
	if w.day < 1 || w.day > daysIn(w.year, w.month) {
		return time.Time{}, false
	}
	return time.Date(w.year, time.Month(w.month), w.day, hour, w.minute, w.second-w.offset, w.nanos, zone), true
}

func monthName(v []byte) (month, width int) {
	for m := time.January; m <= time.December; m++ {
		name := m.String()
		for _, width := range []int{len(name), 3} {
			if len(v) >= width && strings.EqualFold(string(v[:width]), name[:width]) {
				return int(m), width
			}
		}
	}
	return 0, 0
}
