package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

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

// nested reads an object or a list of JSON.
func (d *decoder) nested(path string, v reflect.Value, f facets, raw []byte) {
	switch {
	case f.kind < listKind:
		d.report(path, "%s", expected[f.kind])
	case v.Kind() == reflect.Slice:
		d.elements(path, v, f, raw)
	case v.Kind() == reflect.Map:
		d.members(path, v, f, raw)
	case v.Kind() == reflect.Struct:
		d.fields(path, v, raw)
	default:
		d.report(path, "%s", d.want(v, f))
	}
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
	var known []string
	for _, field := range membersOf(v.Type()) {
		known = append(known, field.Name)
		d.field(path, v.FieldByIndex(field.Index), field, object[field.Name])
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			d.report(path, "unknown key %q%s", name, didYouMean(name, known))
		}
	}
}

// field reads one field of the struct at path; raw is empty where the object does not have it.
func (d *decoder) field(path string, v reflect.Value, field reflect.StructField, raw []byte) {
	f, at := facetsOf(field), path+"."+field.Name
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && string(raw) != "null" {
		d.json(at, v, f, raw)
		return
	}
	if byDefault, ok := field.Tag.Lookup("default"); ok {
		d.text(at, v, f, byDefault)
	}
	if _, required := field.Tag.Lookup("required"); required {
		d.report(path, "key %q is missing", field.Name)
	}
}

// readObject splits a JSON object into its members; a name that comes twice counts as last written.
func readObject(raw []byte) (map[string]json.RawMessage, []string, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, nil, err
	}
	return object, slices.Sorted(maps.Keys(object)), nil
}
