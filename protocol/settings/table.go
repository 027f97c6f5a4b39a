package settings

import (
	"cmp"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// A kind is how a setting's value is written.
type kind uint8

const (
	textKind kind = iota
	booleanKind
	integerKind
	numberKind
	durationKind
	instantKind
	dayKind
	listKind   // []string
	pairsKind  // map[string]string
	customKind // reads itself
	jsonKind
)

// A setting is one leaf of a settings struct.
type setting struct {
	facets
	key         string   // ssh_tunnel.host
	aliases     []string // whole keys
	env         []string // names beside the program's own
	help        string
	placeholder string
	example     string
	group       string
	byDefault   string
	hasDefault  bool
	meltano     string
	required    bool
	hidden      bool
	airbyte     airbyteFacets
	index       []int
	typ         reflect.Type
}

// facets are what the tags say of a value, wherever it stands.
type facets struct {
	kind     kind
	enum     []string
	min, max string
	secret   bool
}

// A table is a settings struct, read once.
type table struct {
	settings []setting
	blocks   map[string]bool // keys of nested blocks: ssh_tunnel
	byKey    map[string]int  // keys and aliases
}

var (
	durationType    = reflect.TypeFor[time.Duration]()
	instantType     = reflect.TypeFor[time.Time]()
	rawType         = reflect.TypeFor[json.RawMessage]()
	textsType       = reflect.TypeFor[[]string]()
	pairsType       = reflect.TypeFor[map[string]string]()
	unmarshalerType = reflect.TypeFor[json.Unmarshaler]()
	textReaderType  = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// tableOf reads the struct that config points to. An error is a defect of the program.
func tableOf(config any) (*table, error) {
	t := reflect.TypeOf(config)
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("settings must be a pointer to a struct, not %T", config)
	}
	table := &table{blocks: map[string]bool{}, byKey: map[string]int{}}
	if err := table.add(t.Elem(), "", "", nil); err != nil {
		return nil, fmt.Errorf("settings %s: %w", t.Elem(), err)
	}
	all := slices.Clone(table.settings)
	table.settings = slices.DeleteFunc(table.settings, func(s setting) bool {
		return slices.ContainsFunc(all, func(o setting) bool { return o.key == s.key && len(o.index) < len(s.index) })
	})
	for i := range table.settings {
		s := &table.settings[i]
		for _, key := range append([]string{s.key}, s.aliases...) {
			if _, taken := table.byKey[key]; taken || table.blocks[key] {
				return nil, fmt.Errorf("settings %s: key %q is declared twice", t.Elem(), key)
			}
			table.byKey[key] = i
		}
	}
	return table, nil
}

func (t *table) add(of reflect.Type, prefix, group string, index []int) error {
	for i := range of.NumField() {
		field := of.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		at := append(append([]int(nil), index...), i)
		inGroup := group
		if own, ok := field.Tag.Lookup("group"); ok {
			inGroup = own
		}
		switch {
		case name == "-":
			continue
		case field.Anonymous && name == "":
			if field.Type.Kind() != reflect.Struct {
				return fmt.Errorf("embedded %s must be a struct", field.Name)
			}
			first := len(t.settings)
			if err := t.add(field.Type, prefix, inGroup, at); err != nil {
				return err
			}
			for _, name := range words(field.Tag.Get("required")) {
				own := slices.IndexFunc(t.settings[first:], func(s setting) bool { return s.key == prefix+name })
				if own < 0 {
					return fmt.Errorf("%s has no setting %s to require", field.Name, name)
				}
				t.settings[first+own].required = true
			}
			continue
		case !field.IsExported():
			continue
		case name == "":
			return fmt.Errorf("field %s has no json name", field.Name)
		}
		if key := prefix + name; isBlock(field.Type) {
			t.blocks[key] = true
			if err := t.add(field.Type, key+".", inGroup, at); err != nil {
				return err
			}
			continue
		}
		s, err := settingOf(field, prefix)
		if err != nil {
			return err
		}
		s.group, s.index = inGroup, at
		t.settings = append(t.settings, s)
	}
	return nil
}

// settingOf reads the tags of a field that is a setting.
func settingOf(field reflect.StructField, prefix string) (setting, error) {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	s := setting{
		facets:      facetsOf(field),
		key:         prefix + name,
		env:         words(field.Tag.Get("env")),
		help:        field.Tag.Get("help"),
		placeholder: field.Tag.Get("placeholder"),
		example:     field.Tag.Get("example"),
		meltano:     field.Tag.Get("meltano"),
		airbyte:     airbyteTag(field),
		typ:         field.Type,
	}
	s.byDefault, s.hasDefault = field.Tag.Lookup("default")
	_, s.required = field.Tag.Lookup("required")
	_, s.hidden = field.Tag.Lookup("hidden")
	s.hidden = s.hidden || s.airbyte.only
	for _, alias := range words(field.Tag.Get("alias")) {
		s.aliases = append(s.aliases, prefix+alias)
	}
	switch {
	case s.help == "":
		return s, fmt.Errorf("setting %s has no help", s.key)
	case s.secret && s.hasDefault:
		return s, errors.New("secret setting " + s.key + " has a default")
	case s.airbyte.name != "" && !slices.Contains(s.aliases, s.airbyte.name):
		return s, fmt.Errorf("setting %s: the name in the tag airbyte is no alias", s.key)
	}
	return s, nil
}

// facetsOf reads the tags that a field of a nested struct may have too.
func facetsOf(field reflect.StructField) facets {
	_, secret := field.Tag.Lookup("secret")
	f := facets{
		kind:   kindOf(field.Type),
		enum:   words(field.Tag.Get("enum")),
		min:    field.Tag.Get("min"),
		max:    field.Tag.Get("max"),
		secret: secret,
	}
	if f.kind == instantKind && field.Tag.Get("format") == "date" {
		f.kind = dayKind
	}
	return f
}

// membersOf are the fields of a struct that is one value, with those of the structs that it embeds. Name is that in JSON, and Index
// the whole path.
func membersOf(t reflect.Type) []reflect.StructField {
	var members []reflect.StructField
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct:
			for _, m := range membersOf(field.Type) {
				m.Index = slices.Concat(field.Index, m.Index)
				members = append(members, m)
			}
		case name != "-" && field.IsExported():
			field.Name = cmp.Or(name, field.Name)
			members = append(members, field)
		}
	}
	return members
}

// isBlock tells nested settings from a struct that is one value.
func isBlock(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && kindOf(t) == jsonKind
}

func kindOf(t reflect.Type) kind {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case durationType:
		return durationKind
	case instantType:
		return instantKind
	case textsType:
		return listKind
	case pairsType:
		return pairsKind
	case rawType:
		return jsonKind
	}
	if p := reflect.PointerTo(t); p.Implements(unmarshalerType) || p.Implements(textReaderType) {
		return customKind
	}
	switch t.Kind() {
	case reflect.String:
		return textKind
	case reflect.Bool:
		return booleanKind
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return integerKind
	case reflect.Float32, reflect.Float64:
		return numberKind
	}
	return jsonKind
}

// words splits a comma separated tag.
func words(list string) []string {
	var out []string
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, word)
		}
	}
	return out
}

// flagName is page-size for page_size and ssh-tunnel-host for ssh_tunnel.host.
func flagName(key string) string { return strings.NewReplacer("_", "-", ".", "-").Replace(key) }

// envName is TAP_X_SSH_TUNNEL_HOST for the setting ssh_tunnel.host of tap-x, as Meltano spells it.
func envName(program, key string) string {
	return strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(program + "_" + key))
}

// envNames are the variables of a setting in the order in which they count.
func (s *setting) envNames(program string) []string {
	names := []string{envName(program, s.key)}
	for _, alias := range s.aliases {
		names = append(names, envName(program, alias))
	}
	return append(names, s.env...)
}
