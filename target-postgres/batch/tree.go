package batch

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// A node is a column of a Parquet file, or a group of them. The values of a row come with levels that say how much of the path
// to them is there: definition counts the optional and repeated nodes on it, repetition the lists that go on.
type node struct {
	name       []byte // quoted, with a colon
	optional   bool
	repeated   bool
	shape      shape
	children   []*node
	leaf       appendValue
	definition int // of a value when this node is there
	repetition int // of a value that goes on with this node's list
	column     int // the first leaf
	end        int // behind the last leaf
}

// A shape is what becomes of a node.
type shape uint8

const (
	value  shape = iota
	object       // the children are members
	inner        // the one child stands for it: groups that lists and maps are wrapped in
	entry        // the two children are the name and the value of a member
)

var errSchema = errors.New("its schema contradicts itself")

// newTree reads the flat list of a file's nodes.
func newTree(elements []format.SchemaElement, stream *protocol.Stream) (*node, error) {
	b := &builder{elements: elements, stream: stream}
	root, err := b.node(nil, 0)
	if err == nil && (len(b.elements) > 0 || root.shape != object) {
		err = errSchema
	}
	return root, err
}

type builder struct {
	elements []format.SchemaElement // that are no node yet
	leaves   int
	stream   *protocol.Stream
	property *protocol.Property // of the column under way; nil where the stream has none
}

// node takes an element and what is below it.
func (b *builder) node(parent *node, depth int) (*node, error) {
	if len(b.elements) == 0 {
		return nil, errSchema
	}
	e := &b.elements[0]
	b.elements = b.elements[1:]
	n := &node{name: append(rawjson.AppendStringLossy(nil, e.Name), ':'), column: b.leaves}
	if depth == 1 {
		b.property, _ = b.stream.Schema.Property(e.Name)
	}
	if parent != nil {
		n.optional, n.repeated = e.RepetitionType.V == format.Optional, e.RepetitionType.V == format.Repeated
		n.definition, n.repetition = parent.definition, parent.repetition
	}
	if n.optional || n.repeated {
		n.definition++
	}
	if n.repeated {
		n.repetition++
	}
	var err error
	if e.NumChildren.V == 0 {
		b.leaves++
		n.leaf, err = valueOf(e, b.property)
	} else {
		n.shape = object
		for range e.NumChildren.V {
			child, err := b.node(n, depth+1)
			if err != nil {
				return nil, err
			}
			n.children = append(n.children, child)
		}
		err = n.reshape(e)
	}
	n.end = b.leaves
	return n, err
}

// reshape finds the groups of lists and maps, in the forms that writers old and new give them.
func (n *node) reshape(e *format.SchemaElement) error {
	list := e.ConvertedType.Valid && e.ConvertedType.V == deprecated.List
	pairs := e.ConvertedType.Valid && (e.ConvertedType.V == deprecated.Map || e.ConvertedType.V == deprecated.MapKeyValue)
	switch e.LogicalType.Value.(type) {
	case *format.ListType:
		list = true
	case *format.MapType:
		pairs = true
	case *format.VariantType:
		return fmt.Errorf("its column %s is a VARIANT; write it as JSON", bytes.TrimSuffix(n.name, []byte(":")))
	}
	if !list && !pairs || len(n.children) != 1 || !n.children[0].repeated {
		return nil
	}
	only := n.children[0]
	switch {
	case pairs && len(only.children) == 2:
		n.shape, only.shape = inner, entry
	case list:
		n.shape = inner
		tuple := append(bytes.TrimSuffix(n.name, []byte(`":`)), `_tuple":`...)
		if len(only.children) == 1 && string(only.name) != `"array":` && !bytes.Equal(only.name, tuple) {
			only.shape = inner
		}
	}
	return nil
}

// append writes the node as JSON and takes its values away.
func (n *node) append(dst []byte, values [][]parquet.Value) []byte {
	missing := (n.optional || n.repeated) && values[n.column][0].DefinitionLevel() < n.definition
	if missing {
		for i := n.column; i < n.end; i++ {
			values[i] = values[i][1:]
		}
	}
	switch {
	case n.repeated:
		brackets := "[]"
		if n.shape == entry {
			brackets = "{}"
		}
		dst = append(dst, brackets[0])
		for more := !missing; more; {
			dst = n.appendOne(dst, values)
			left := values[n.column]
			if more = len(left) > 0 && left[0].RepetitionLevel() == n.repetition; more {
				dst = append(dst, ',')
			}
		}
		return append(dst, brackets[1])
	case missing:
		return append(dst, "null"...)
	}
	return n.appendOne(dst, values)
}

// appendOne writes a node that is there, or one item of a list.
func (n *node) appendOne(dst []byte, values [][]parquet.Value) []byte {
	switch n.shape {
	case inner:
		return n.children[0].append(dst, values)
	case entry:
		start := len(dst)
		if dst = n.children[0].append(dst, values); dst[start] != '"' {
			dst = rawjson.AppendString(dst[:start], string(dst[start:]))
		}
		return n.children[1].append(append(dst, ':'), values)
	case object:
		for i, child := range n.children {
			dst = append(dst, "{,"[min(i, 1)])
			dst = child.append(append(dst, child.name...), values)
		}
		return append(dst, '}')
	}
	v := values[n.column][0]
	values[n.column] = values[n.column][1:]
	if v.IsNull() {
		return append(dst, "null"...)
	}
	return n.leaf(dst, v)
}
