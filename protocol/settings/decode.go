package settings

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
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
	v = pointed(v)
	if f.secret && text != "" {
		d.secrets = append(d.secrets, text)
	}
	trimmed := strings.TrimSpace(text)
	switch f.kind {
	case textKind:
		d.word(path, f, text)
		v.SetString(text)
	case booleanKind:
		d.boolean(path, v, trimmed)
	case integerKind:
		d.integer(path, v, f, trimmed)
	case numberKind:
		d.number(path, v, f, trimmed)
	case durationKind:
		d.duration(path, v, f, trimmed)
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

// pointed is what a pointer leads to, and any other value itself.
func pointed(v reflect.Value) reflect.Value {
	if v.Kind() != reflect.Pointer {
		return v
	}
	if v.IsNil() {
		v.Set(reflect.New(v.Type().Elem()))
	}
	return v.Elem()
}

// json reads a value as a config file has it. Text is taken for any other kind where it spells one, since Meltano,
// the environment and web forms know nothing else; a number is taken for text, as in an id that is all digits.
func (d *decoder) json(path string, v reflect.Value, f facets, raw []byte) {
	raw = bytes.TrimSpace(raw)
	if string(raw) == "null" {
		return
	}
	v = pointed(v)
	if f.secret && raw[0] != '"' {
		d.secrets = append(d.secrets, string(raw))
	}
	switch {
	case f.kind == customKind:
		d.customJSON(path, v, f, raw)
	case v.Type() == rawType:
		d.raw(v, f, raw)
	case v.Kind() == reflect.Interface:
		var value any
		if json.Unmarshal(raw, &value) == nil {
			v.Set(reflect.ValueOf(value))
		}
	case raw[0] == '"':
		d.quoted(path, v, f, unquote(raw))
	case raw[0] == '{' || raw[0] == '[':
		d.nested(path, v, f, raw)
	case raw[0] == 't' || raw[0] == 'f':
		if f.kind != booleanKind {
			d.report(path, "%s", d.want(v, f))
			return
		}
		v.SetBool(raw[0] == 't')
	case slices.Contains([]kind{textKind, integerKind, numberKind, durationKind}, f.kind):
		d.text(path, v, f, string(raw))
	default:
		d.report(path, "%s", d.want(v, f))
	}
}

// quoted reads what a config file has as text.
func (d *decoder) quoted(path string, v reflect.Value, f facets, text string) {
	switch {
	case text == "" && f.kind != textKind: // as if absent
	case f.kind == jsonKind && !looksLikeJSON(text):
		d.report(path, "%s", expectedJSON(v.Type()))
	default:
		d.text(path, v, f, text)
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

// customJSON lets a value read itself from a config file, where its JSON may stand in a text.
func (d *decoder) customJSON(path string, v reflect.Value, f facets, raw []byte) {
	if raw[0] == '"' && looksLikeJSON(unquote(raw)) {
		d.text(path, v, f, unquote(raw))
		return
	}
	if raw[0] == '"' && f.secret {
		d.secrets = append(d.secrets, unquote(raw))
	}
	d.custom(path, v, f, raw)
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
