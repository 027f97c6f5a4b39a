package settings

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// word checks a text against the words allowed.
func (d *decoder) word(path string, f facets, text string) {
	if len(f.enum) == 0 || slices.Contains(f.enum, text) {
		return
	}
	hint := ""
	if near := nearest(text, f.enum); near != "" && !f.secret {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	d.report(path, "expected one of %s%s", strings.Join(f.enum, ", "), hint)
}

func (d *decoder) boolean(path string, v reflect.Value, text string) {
	switch strings.ToLower(text) {
	case "true", "t", "yes", "y", "on", "1":
		v.SetBool(true)
	case "false", "f", "no", "n", "off", "0":
		v.SetBool(false)
	default:
		d.report(path, "%s", expected[booleanKind])
	}
}

func (d *decoder) integer(path string, v reflect.Value, f facets, text string) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		// 1e3 and 10.0 are whole numbers too, as long as they are exact.
		whole, floatErr := strconv.ParseFloat(text, 64)
		if floatErr != nil || whole != math.Trunc(whole) || math.Abs(whole) > 1<<53 {
			d.report(path, "%s", expected[integerKind])
			return
		}
		n = int64(whole)
	}
	switch {
	case v.CanInt() && !v.OverflowInt(n):
		v.SetInt(n)
	case v.CanUint() && n >= 0 && !v.OverflowUint(uint64(n)):
		v.SetUint(uint64(n))
	default:
		d.report(path, "the number is out of range")
		return
	}
	d.bounds(path, f, float64(n), parseNumber)
}

func (d *decoder) number(path string, v reflect.Value, f facets, text string) {
	n, ok := parseNumber(text)
	if !ok || math.IsNaN(n) || math.IsInf(n, 0) {
		d.report(path, "%s", expected[numberKind])
		return
	}
	v.SetFloat(n)
	d.bounds(path, f, n, parseNumber)
}

func (d *decoder) duration(path string, v reflect.Value, f facets, text string) {
	n, ok := parseDuration(text)
	if !ok {
		d.report(path, "%s", expected[durationKind])
		return
	}
	v.SetInt(int64(n))
	d.bounds(path, f, n.Seconds(), parseSeconds)
}

// parseNumber and parseSeconds read a bound of the tags min and max.
func parseNumber(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}

func parseSeconds(text string) (float64, bool) {
	n, ok := parseDuration(text)
	return n.Seconds(), ok
}

func (d *decoder) bounds(path string, f facets, n float64, read func(string) (float64, bool)) {
	if least, ok := read(f.min); ok && n < least {
		d.report(path, "must be at least %s", f.min)
	}
	if most, ok := read(f.max); ok && n > most {
		d.report(path, "must be at most %s", f.max)
	}
}

// parseDuration reads seconds, Go's durations, and days as in 7d.
func parseDuration(text string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		return scaled(days, 24*time.Hour)
	}
	if n, ok := scaled(text, time.Second); ok {
		return n, true
	}
	n, err := time.ParseDuration(text)
	return n, err == nil
}

func scaled(text string, unit time.Duration) (time.Duration, bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.Abs(n*float64(unit)) >= math.MaxInt64 {
		return 0, false
	}
	return time.Duration(math.Round(n * float64(unit))), true
}

var instantLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02T15:04", time.DateOnly,
}

// instant takes a time without a zone as UTC.
func (d *decoder) instant(path string, v reflect.Value, f facets, text string) {
	layouts := instantLayouts
	if f.kind == dayKind {
		layouts = []string{time.DateOnly}
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			v.Set(reflect.ValueOf(t.UTC()))
			return
		}
	}
	d.report(path, "%s", expected[f.kind])
}
