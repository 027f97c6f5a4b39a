package protocol

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ParseSchema reads a JSON Schema of draft 4, 6, 7, 2019-09 or 2020-12.
//
//   - A local $ref, and one to Airbyte's well-known types, is replaced by what it refers to. One that leads back into itself, or to any
//     other document, allows anything.
//   - anyOf, oneOf and lists of types give the union of their branches; allOf, and keywords side by side, what all of them allow.
//   - What only restricts values further (not, if, pattern, …) is ignored, and so is a type that is not known.
//
// So the result may allow more than the original, but never less, with one exception: a property that only some branches of a union
// name is what these say of it.
func ParseSchema(raw []byte) (*Schema, error) {
	root, err := parseTree(raw)
	if err != nil {
		return nil, err
	}
	return foldRoot(root)
}

func foldRoot(root *node) (*Schema, error) {
	f := folder{root: root}
	s, err := f.fold(root, 0)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return &Schema{}, nil
	}
	return s, nil
}

// maxFolded bounds the work that references to references can make.
const maxFolded = 100_000

// kindNames are the types of JSON Schema.
var kindNames = map[string]Kinds{
	"null": Null, "boolean": Boolean, "integer": Integer, "number": Number, "string": String, "object": Object, "array": Array,
}

type folder struct {
	root *node
	refs []*node // those being put in place
	done int
}

// fold reads one schema. The result is nil for a schema that allows nothing.
func (f *folder) fold(n *node, depth int) (*Schema, error) {
	if f.done++; f.done > maxFolded || depth > maxTreeDepth {
		return nil, errors.New("its references unfold without end")
	}
	switch n.kind {
	case falseNode:
		return nil, nil
	case objectNode:
	default:
		return &Schema{}, nil
	}
	s, err := f.own(n, depth)
	if err != nil {
		return nil, err
	}
	if ref := n.string("$ref"); ref != "" {
		target, err := f.follow(ref, depth)
		if err != nil || target == nil {
			return nil, err
		}
		s = both(s, target)
	}
	if all := n.get("allOf"); all != nil {
		for _, item := range all.items {
			branch, err := f.fold(item, depth+1)
			if err != nil || branch == nil {
				return nil, err
			}
			s = both(s, branch)
		}
	}
	for _, keyword := range [...]string{"anyOf", "oneOf"} {
		if list := n.get(keyword); list != nil && len(list.items) > 0 {
			union, err := f.union(list.items, depth)
			if err != nil || union == nil {
				return nil, err
			}
			s = both(s, union)
		}
	}
	if nullable := n.get("nullable"); nullable != nil && nullable.kind == trueNode && s.Kinds != 0 {
		s.Kinds |= Null
	}
	return s, nil
}

// union folds the branches of an anyOf. It is nil when none allows anything.
func (f *folder) union(items []*node, depth int) (*Schema, error) {
	var union *Schema
	for _, item := range items {
		branch, err := f.fold(item, depth+1)
		if err != nil {
			return nil, err
		}
		switch {
		case branch == nil:
		case union == nil:
			union = branch
		default:
			union = either(union, branch)
		}
	}
	return union, nil
}

// own reads the keywords that stand in n itself.
func (f *folder) own(n *node, depth int) (*Schema, error) {
	s := &Schema{
		Kinds:            kindsOf(n),
		Format:           n.string("format"),
		ContentEncoding:  n.string("contentEncoding"),
		ContentMediaType: n.string("contentMediaType"),
		MaxLength:        n.int("maxLength"),
		Minimum:          n.number("minimum"),
		Maximum:          n.number("maximum"),
		MultipleOf:       n.number("multipleOf"),
		Precision:        n.int("precision"),
		Scale:            n.int("scale"),
		SQLDatatype:      n.string("x-sql-datatype"),
		AirbyteType:      n.string("airbyte_type"),
		Title:            n.string("title"),
		Description:      n.string("description"),
	}
	if s.Format == "x-singer.decimal" {
		s.Format = DecimalFormat
	}
	if s.Minimum == "" {
		s.Minimum = n.number("exclusiveMinimum")
	}
	if s.Maximum == "" {
		s.Maximum = n.number("exclusiveMaximum")
	}
	if required := n.get("required"); required != nil {
		for _, item := range required.items {
			if item.kind == stringNode && !slices.Contains(s.Required, item.text) {
				s.Required = append(s.Required, item.text)
			}
		}
	}
	if additional := n.get("additionalProperties"); additional != nil {
		s.Additional = additional.kind == trueNode || additional.kind == objectNode
	}
	var err error
	if items := n.get("items"); items != nil && (items.kind == objectNode || items.kind == trueNode) && n.get("prefixItems") == nil {
		if s.Items, err = f.fold(items, depth+1); err != nil {
			return nil, fmt.Errorf("items: %w", err)
		}
	}
	s.Properties, err = f.properties(n.get("properties"), depth)
	return s, err
}

// properties reads those of an object, in order; nil where it has none.
func (f *folder) properties(n *node, depth int) ([]Property, error) {
	if n == nil {
		return nil, nil
	}
	properties := make([]Property, 0, len(n.members))
	for _, m := range n.members {
		if n.get(m.name) != m.node {
			continue // the name comes again
		}
		folded, err := f.fold(m.node, depth+1)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		if folded != nil { // nil is false: the property may not be there
			properties = append(properties, Property{m.name, *folded})
		}
	}
	return properties, nil
}

// kindsOf reads type; without it, const and enum tell.
func kindsOf(n *node) Kinds {
	types := n.get("type")
	if types == nil {
		var values []*node
		if value := n.get("const"); value != nil {
			values = []*node{value}
		} else if enum := n.get("enum"); enum != nil {
			values = enum.items
		}
		var kinds Kinds
		for _, value := range values {
			kinds |= kindOf(value)
		}
		return kinds
	}
	items := []*node{types}
	if types.kind == arrayNode {
		items = types.items
	}
	var kinds Kinds
	for _, item := range items {
		kind, ok := kindNames[item.text]
		if !ok {
			return 0
		}
		kinds |= kind
	}
	return kinds
}

func kindOf(value *node) Kinds {
	switch value.kind {
	case trueNode, falseNode:
		return Boolean
	case numberNode:
		if strings.ContainsAny(value.text, ".eE") {
			return Number
		}
		return Integer
	case stringNode:
		return String
	case objectNode:
		return Object
	case arrayNode:
		return Array
	}
	return Null
}

// follow folds what a reference leads to. A reference to elsewhere allows anything.
func (f *folder) follow(ref string, depth int) (*Schema, error) {
	if !strings.HasPrefix(ref, "#") {
		return wellKnown(ref), nil
	}
	target, err := f.find(ref[1:])
	if err != nil {
		return nil, err
	}
	if slices.Contains(f.refs, target) {
		return &Schema{}, nil
	}
	f.refs = append(f.refs, target)
	s, err := f.fold(target, depth+1)
	f.refs = f.refs[:len(f.refs)-1]
	return s, err
}

// find looks up a JSON pointer or an anchor.
func (f *folder) find(fragment string) (*node, error) {
	pointer, err := url.PathUnescape(fragment)
	if err != nil {
		return nil, fmt.Errorf("the reference %q is malformed", "#"+fragment)
	}
	if pointer != "" && pointer[0] != '/' {
		if n := anchored(f.root, pointer); n != nil {
			return n, nil
		}
		return nil, fmt.Errorf("the reference %q leads nowhere", "#"+fragment)
	}
	n := f.root
	for i, part := range strings.Split(pointer, "/") {
		if i == 0 {
			continue
		}
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		var next *node
		if index, err := strconv.Atoi(part); n.kind == arrayNode && err == nil && index >= 0 && index < len(n.items) {
			next = n.items[index]
		} else {
			next = n.get(part)
		}
		if next == nil {
			return nil, fmt.Errorf("the reference %q leads nowhere", "#"+fragment)
		}
		n = next
	}
	return n, nil
}

// anchored finds the schema with an $anchor, or in draft 4 to 7 with an $id of that name.
func anchored(n *node, name string) *node {
	if n.string("$anchor") == name || n.string("$id") == "#"+name || n.string("id") == "#"+name {
		return n
	}
	for _, m := range n.members {
		if found := anchored(m.node, name); found != nil {
			return found
		}
	}
	for _, item := range n.items {
		if found := anchored(item, name); found != nil {
			return found
		}
	}
	return nil
}

// number is the literal of a member that is a number, empty otherwise.
func (n *node) number(name string) string {
	if m := n.get(name); m != nil && m.kind == numberNode {
		return m.text
	}
	return ""
}

// int is a member that is a positive integer (also spelled 10.0), 0 otherwise.
func (n *node) int(name string) int {
	value, err := strconv.ParseFloat(n.number(name), 64)
	if err != nil || value < 1 || value > 1<<53 || value != float64(int(value)) {
		return 0
	}
	return int(value)
}
