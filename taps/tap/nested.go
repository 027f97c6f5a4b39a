package tap

import (
	"encoding/json"
	"slices"

	"github.com/signalroom/signalroom/protocol/rawjson"
)

// pruneSchema leaves out of an object's schema the properties, at any depth, that are not wanted. A schema that loses
// nothing is returned as it is.
func pruneSchema(schema json.RawMessage, wants func(path ...string) bool, path ...string) (json.RawMessage, error) {
	tree, err := pruneTree(schema, wants, path)
	if err != nil || tree == nil {
		return schema, err
	}
	return tree.schema(schema)
}

// A prune is what a value loses: all of it, or members of it.
type prune struct {
	all     bool
	members map[string]*prune
}

// pruneTree is what a column loses; nil when that is nothing.
func pruneTree(schema []byte, wants func(path ...string) bool, path []string) (*prune, error) {
	properties, err := member(schema, "properties")
	if err != nil || rawjson.KindOf(properties) != rawjson.Object {
		return nil, err
	}
	var scanner rawjson.Scanner
	fields, err := scanner.Fields(properties)
	if err != nil {
		return nil, err
	}
	members := map[string]*prune{}
	for _, field := range fields {
		below := append(path[:len(path):len(path)], string(field.Name))
		lost := &prune{all: true}
		if wants(below...) {
			if lost, err = pruneTree(field.Value, wants, below); err != nil {
				return nil, err
			}
		}
		if lost != nil {
			members[string(field.Name)] = lost
		}
	}
	if len(members) == 0 {
		return nil, nil
	}
	return &prune{members: members}, nil
}

// schema rewrites an object's schema.
func (p *prune) schema(schema []byte) (json.RawMessage, error) {
	var scanner rawjson.Scanner
	fields, err := scanner.Fields(schema)
	if err != nil {
		return nil, err
	}
	out := []byte{'{'}
	for _, field := range fields {
		value := field.Value
		switch string(field.Name) {
		case "properties":
			value, err = p.properties(value)
		case "required":
			value, err = p.required(value)
		}
		if err != nil {
			return nil, err
		}
		out = appendMember(out, field.Name, value)
	}
	return append(out, '}'), nil
}

func (p *prune) properties(properties []byte) ([]byte, error) {
	var scanner rawjson.Scanner
	fields, err := scanner.Fields(properties)
	if err != nil {
		return nil, err
	}
	out := []byte{'{'}
	for _, field := range fields {
		value, lost := field.Value, p.members[string(field.Name)]
		if lost != nil && lost.all {
			continue
		}
		if lost != nil {
			if value, err = lost.schema(value); err != nil {
				return nil, err
			}
		}
		out = appendMember(out, field.Name, value)
	}
	return append(out, '}'), nil
}

func (p *prune) required(names []byte) ([]byte, error) {
	required := []string{}
	if err := json.Unmarshal(names, &required); err != nil {
		return nil, err
	}
	return json.Marshal(slices.DeleteFunc(required, func(name string) bool {
		lost := p.members[name]
		return lost != nil && lost.all
	}))
}

// appendValue appends a record's value without what it loses. Anything but an object loses nothing.
func (p *prune) appendValue(dst, value []byte) ([]byte, error) {
	if rawjson.KindOf(value) != rawjson.Object {
		return append(dst, value...), nil
	}
	var scanner rawjson.Scanner
	fields, err := scanner.Fields(value)
	if err != nil {
		return nil, err
	}
	dst = append(dst, '{')
	for _, field := range fields {
		lost := p.members[string(field.Name)]
		switch {
		case lost == nil:
			dst = appendMember(dst, field.Name, field.Value)
		case !lost.all:
			dst = appendMember(dst, field.Name, nil)
			if dst, err = lost.appendValue(dst, field.Value); err != nil {
				return nil, err
			}
		}
	}
	return append(dst, '}'), nil
}

// appendMember appends a comma where one is due, the name and the value. dst ends inside an object.
func appendMember(dst, name, value []byte) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = rawjson.AppendStringLossy(dst, name)
	dst = append(dst, ':')
	return append(dst, value...)
}

// member is the value of an object's member, nil without one.
func member(object []byte, name string) ([]byte, error) {
	if rawjson.KindOf(object) != rawjson.Object {
		return nil, nil
	}
	var scanner rawjson.Scanner
	fields, err := scanner.Fields(object)
	if err != nil {
		return nil, err
	}
	for _, field := range slices.Backward(fields) {
		if string(field.Name) == name {
			return field.Value, nil
		}
	}
	return nil, nil
}
