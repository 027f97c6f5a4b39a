package settings

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A problem is what is wrong with a value: where inside it, "" for the value itself, and what was expected.
type problem struct{ path, text string }

// A decoder reads one value into its place. It gathers problems, which never hold the value, and secrets, which do.
type decoder struct {
	problems []problem
	secrets  []string
}

func (d *decoder) report(path, format string, args ...any) {
	d.problems = append(d.problems, problem{path, fmt.Sprintf(format, args...)})
}

// text reads a value as a flag, the environment or a default tag have it.
func (d *decoder) text(path string, v reflect.Value, f facets, text string) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	if f.secret && text != "" {
		d.secrets = append(d.secrets, text)
	}
	trimmed := strings.TrimSpace(text)
	switch f.kind {
	case textKind:
		d.word(path, f, text)
		v.SetString(text)
	case booleanKind:
		switch strings.ToLower(trimmed) {
		case "true", "t", "yes", "y", "on", "1":
			v.SetBool(true)
		case "false", "f", "no", "n", "off", "0":
			v.SetBool(false)
		default:
			d.report(path, "expected true or false")
		}
	case integerKind:
		d.integer(path, v, f, trimmed)
	case numberKind:
		n, err := strconv.ParseFloat(trimmed, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			d.report(path, "expected a number")
			return
		}
		v.SetFloat(n)
		d.bounds(path, f, n, number)
	case durationKind:
		n, ok := parseDuration(trimmed)
		if !ok {
			d.report(path, "expected a duration: a number of seconds, or text such as 90s, 5m, 12h, 7d")
			return
		}
		v.SetInt(int64(n))
		d.bounds(path, f, n.Seconds(), seconds)
	case instantKind, dayKind:
		d.instant(path, v, f, trimmed)
	case listKind:
		d.list(path, v, f, trimmed)
	case pairsKind:
		d.pairs(path, v, f, trimmed)
	case customKind:
		_, readsText := v.Addr().Interface().(encoding.TextUnmarshaler) // of any form, as a key that has lost its escapes
		if readsText || !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") {
			d.custom(path, v, f, quote(text))
			return
		}
		fallthrough
	case jsonKind:
		if !json.Valid([]byte(trimmed)) {
			d.report(path, "expected JSON")
			return
		}
		d.json(path, v, f, []byte(trimmed))
	}
}

// json reads a value as a config file has it. Text is taken for any other kind where it spells one, since Meltano,
// the environment and web forms know nothing else; a number is taken for text, as in an id that is all digits.
func (d *decoder) json(path string, v reflect.Value, f facets, raw []byte) {
	raw = bytes.TrimSpace(raw)
	if string(raw) == "null" {
		return
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	if f.secret && raw[0] != '"' {
		d.secrets = append(d.secrets, string(raw))
	}
	if f.kind == customKind {
		if raw[0] == '"' && looksLikeJSON(unquote(raw)) {
			d.text(path, v, f, unquote(raw))
			return
		}
		if raw[0] == '"' && f.secret {
			d.secrets = append(d.secrets, unquote(raw))
		}
		d.custom(path, v, f, raw)
		return
	}
	if v.Type() == rawType {
		d.raw(v, f, raw)
		return
	}
	if v.Kind() == reflect.Interface {
		var value any
		if json.Unmarshal(raw, &value) == nil {
			v.Set(reflect.ValueOf(value))
		}
		return
	}
	switch raw[0] {
	case '"':
		switch text := unquote(raw); {
		case text == "" && f.kind != textKind: // as if absent
		case f.kind == jsonKind && !looksLikeJSON(text):
			d.report(path, "%s", expectedJSON(v.Type()))
		default:
			d.text(path, v, f, text)
		}
		return
	case '{', '[':
		if f.kind < listKind {
			d.report(path, "%s", expected[f.kind])
			return
		}
	case 't', 'f':
		if f.kind != booleanKind {
			d.report(path, "%s", d.want(v, f))
			return
		}
		v.SetBool(raw[0] == 't')
		return
	default:
		switch f.kind {
		case textKind, integerKind, numberKind, durationKind:
			d.text(path, v, f, string(raw))
		default:
			d.report(path, "%s", d.want(v, f))
		}
		return
	}
	switch v.Kind() {
	case reflect.Slice:
		d.elements(path, v, f, raw)
	case reflect.Map:
		d.members(path, v, f, raw)
	case reflect.Struct:
		d.fields(path, v, raw)
	default:
		d.report(path, "%s", d.want(v, f))
	}
}

func (d *decoder) want(v reflect.Value, f facets) string {
	if f.kind == jsonKind {
		return expectedJSON(v.Type())
	}
	return expected[f.kind]
}

// expected says what a kind of value looks like.
var expected = [...]string{
	textKind:     "expected text",
	booleanKind:  "expected true or false",
	integerKind:  "expected a whole number",
	numberKind:   "expected a number",
	durationKind: "expected a duration: a number of seconds, or text such as 90s, 5m, 12h, 7d",
	instantKind:  "expected a date such as 2026-01-31 or an instant such as 2026-01-31T00:00:00Z",
	dayKind:      "expected a date such as 2026-01-31",
	listKind:     "expected a list of texts",
	pairsKind:    "expected an object of texts",
	customKind:   "not understood",
}

func expectedJSON(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return "expected a list"
	case reflect.Map, reflect.Struct:
		return "expected an object"
	}
	return "expected JSON"
}

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
	d.bounds(path, f, float64(n), number)
}

// number and seconds read a bound of the tags min and max.
func number(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}

func seconds(text string) (float64, bool) {
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

// list reads a JSON list, or comma separated text, and adds to what is there: a flag may be given again.
func (d *decoder) list(path string, v reflect.Value, f facets, text string) {
	if strings.HasPrefix(text, "[") && json.Valid([]byte(text)) {
		list := reflect.New(v.Type()).Elem()
		d.elements(path, list, f, []byte(text))
		v.Set(reflect.AppendSlice(v, list))
		return
	}
	for i, word := range words(text) {
		if f.secret {
			d.secrets = append(d.secrets, word)
		}
		d.word(fmt.Sprintf("%s[%d]", path, i), f, word)
		v.Set(reflect.Append(v, reflect.ValueOf(word)))
	}
}

// pairs reads a JSON object, or k=v,k=v, and adds to what is there.
func (d *decoder) pairs(path string, v reflect.Value, f facets, text string) {
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	if strings.HasPrefix(text, "{") && json.Valid([]byte(text)) {
		d.members(path, v, f, []byte(text))
		return
	}
	for _, pair := range words(text) {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			d.report(path, "expected name=value pairs, comma separated, or a JSON object")
			return
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if f.secret && value != "" {
			d.secrets = append(d.secrets, value)
		}
		d.word(path+"."+name, f, value)
		v.SetMapIndex(reflect.ValueOf(name), reflect.ValueOf(value))
	}
}

// custom lets a value read itself. What its error says is shown, unless the setting is secret.
func (d *decoder) custom(path string, v reflect.Value, f facets, raw []byte) {
	var err error
	switch into := v.Addr().Interface().(type) {
	case json.Unmarshaler:
		err = into.UnmarshalJSON(raw)
	case encoding.TextUnmarshaler:
		text := raw
		switch raw[0] {
		case '{', '[':
			d.report(path, "%s", expected[textKind])
			return
		case '"':
			text = []byte(unquote(raw))
		}
		err = into.UnmarshalText(text)
	}
	var wrongType *json.UnmarshalTypeError
	var wrongSyntax *json.SyntaxError
	switch {
	case err == nil:
	case errors.As(err, &wrongType) && wrongType.Field != "":
		d.report(path+"."+wrongType.Field, "expected another type of value")
	case f.secret || wrongType != nil || errors.As(err, &wrongSyntax):
		d.report(path, "%s", expected[customKind])
	default:
		d.report(path, "%v", err)
	}
}

// raw keeps JSON as it is. Inside a secret document every text under a telling name is a secret of its own.
func (d *decoder) raw(v reflect.Value, f facets, raw []byte) {
	if text := unquote(raw); raw[0] == '"' && looksLikeJSON(text) {
		raw = []byte(text)
		if f.secret {
			d.secrets = append(d.secrets, text)
		}
	} else if f.secret && raw[0] == '"' {
		d.secrets = append(d.secrets, text)
	}
	v.SetBytes(bytes.Clone(raw))
}

func (d *decoder) elements(path string, v reflect.Value, f facets, raw []byte) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		d.report(path, "%s", d.want(v, f))
		return
	}
	of := elementFacets(v.Type(), f)
	v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
	for i, element := range list {
		d.json(fmt.Sprintf("%s[%d]", path, i), v.Index(i), of, element)
	}
}

func (d *decoder) members(path string, v reflect.Value, f facets, raw []byte) {
	object, names, err := readObject(raw)
	if err != nil || v.Type().Key().Kind() != reflect.String {
		d.report(path, "%s", d.want(v, f))
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	of := elementFacets(v.Type(), f)
	for _, name := range names {
		value := reflect.New(v.Type().Elem()).Elem()
		d.json(path+"."+name, value, of, object[name])
		v.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), value)
	}
}

func elementFacets(t reflect.Type, f facets) facets {
	return facets{kind: kindOf(t.Elem()), enum: f.enum, min: f.min, max: f.max, secret: f.secret}
}

// fields reads a struct that is one value, strictly, with the tags enum, min, max, default, required and secret.
func (d *decoder) fields(path string, v reflect.Value, raw []byte) {
	object, names, err := readObject(raw)
	if err != nil {
		d.report(path, "expected an object")
		return
	}
	known := map[string]bool{}
	var order []string
	d.structFields(path, v, object, known, &order)
	for _, name := range names {
		if !known[name] {
			d.report(path, "unknown key %q%s", name, didYouMean(name, order))
		}
	}
}

func (d *decoder) structFields(path string, v reflect.Value, object map[string]json.RawMessage, known map[string]bool, order *[]string) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || !field.IsExported() && !field.Anonymous {
			continue
		}
		if field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct {
			d.structFields(path, v.Field(i), object, known, order)
			continue
		}
		if name == "" {
			name = field.Name
		}
		known[name] = true
		*order = append(*order, name)
		f := facetsOf(field)
		value, given := object[name]
		given = given && string(bytes.TrimSpace(value)) != "null"
		if byDefault, ok := field.Tag.Lookup("default"); ok && !given {
			d.text(path+"."+name, v.Field(i), f, byDefault)
		}
		if _, required := field.Tag.Lookup("required"); required && !given {
			d.report(path, "key %q is missing", name)
		}
		if given {
			d.json(path+"."+name, v.Field(i), f, value)
		}
	}
}

// readObject splits a JSON object into its members; a name that comes twice counts as last written.
func readObject(raw []byte) (map[string]json.RawMessage, []string, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, nil, err
	}
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return object, names, nil
}

func looksLikeJSON(text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && strings.ContainsRune("{[", rune(text[0])) && json.Valid([]byte(text))
}

func unquote(raw []byte) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

func quote(text string) []byte {
	raw, err := json.Marshal(text)
	if err != nil {
		return []byte(`""`)
	}
	return raw
}
