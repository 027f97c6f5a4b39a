package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// node is a JSON value that keeps the order of its members and the text of its numbers. For small documents.
type node struct {
	kind    nodeKind
	text    string // of a string; the literal of a number
	members []namedNode
	items   []*node
}

type namedNode struct {
	name string
	*node
}

type nodeKind uint8

const (
	nullNode nodeKind = iota
	trueNode
	falseNode
	numberNode
	stringNode
	objectNode
	arrayNode
)

func (n *node) isNull() bool { return n.kind == nullNode }

// get finds a member; of several with one name the last counts. It is nil for what is no object.
func (n *node) get(name string) *node {
	for i := len(n.members) - 1; i >= 0; i-- {
		if n.members[i].name == name {
			return n.members[i].node
		}
	}
	return nil
}

// string is the text of a member that is a string, empty otherwise.
func (n *node) string(name string) string {
	if m := n.get(name); m != nil && m.kind == stringNode {
		return m.text
	}
	return ""
}

// appendJSON spells a plain value.
func (n *node) appendJSON(dst []byte) []byte {
	switch n.kind {
	case trueNode:
		return append(dst, "true"...)
	case falseNode:
		return append(dst, "false"...)
	case numberNode:
		return append(dst, n.text...)
	case stringNode:
		return appendText(dst, n.text)
	}
	return append(dst, "null"...)
}

// appendText spells a string, leaving <, > and & as they are.
func appendText(dst []byte, text string) []byte {
	b := bytes.NewBuffer(dst)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string and a buffer: it cannot fail
	return b.Bytes()[:b.Len()-1]
}

// maxTreeDepth bounds what parseTree takes.
const maxTreeDepth = 1000

var errTooDeep = errors.New("it nests deeper than 1000 levels")

func parseTree(raw []byte) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	n, err := parseNode(d, 0)
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the value")
	}
	return n, nil
}

func parseNode(d *json.Decoder, depth int) (*node, error) {
	if depth > maxTreeDepth {
		return nil, errTooDeep
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case bool:
		if t {
			return &node{kind: trueNode}, nil
		}
		return &node{kind: falseNode}, nil
	case json.Number:
		return &node{kind: numberNode, text: t.String()}, nil
	case string:
		return &node{kind: stringNode, text: t}, nil
	case json.Delim:
		if t == '{' {
			return parseMembers(d, depth)
		}
		n := &node{kind: arrayNode}
		for d.More() {
			item, err := parseNode(d, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		_, err := d.Token()
		return n, err
	}
	return &node{kind: nullNode}, nil
}

func parseMembers(d *json.Decoder, depth int) (*node, error) {
	n := &node{kind: objectNode}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		text, ok := name.(string)
		if !ok {
			return nil, errors.New("the name of a member is missing")
		}
		value, err := parseNode(d, depth+1)
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, namedNode{text, value})
	}
	_, err := d.Token()
	return n, err
}
