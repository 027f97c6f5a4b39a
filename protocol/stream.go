package protocol

import (
	"bytes"
	"slices"
)

// A Disposition is what a target does with a stream's rows.
type Disposition string

const (
	// Append adds rows. With a key, a row whose key is there already is left as it is.
	Append Disposition = "append"
	// Merge inserts or updates by key.
	Merge Disposition = "merge"
	// Replace puts the new set of rows in the place of the old one, all at once.
	Replace Disposition = "replace"
)

// Keywords that a stream's JSON Schema carries at its root, for targets that know them. Others ignore unknown keywords.
const (
	DispositionKeyword  = "x-write-disposition" // a Disposition
	ReplaceScopeKeyword = "x-replace-scope"     // {"client_id":"acme"}: whose rows a replace removes
)

// A Stream is what a SCHEMA message, or a configured catalog, says of a stream.
type Stream struct {
	Name               string
	Namespace          string
	Raw                []byte  // the JSON Schema as it was sent, owned by the Stream
	Schema             *Schema // the same, read
	KeyProperties      []string
	BookmarkProperties []string    // the cursor: at most one is meaningful to a target
	Disposition        Disposition // empty when the schema does not say
	ReplaceScope       []ScopeValue
	Sync               *Sync // what an Airbyte catalog says beside; nil on the Singer wire
}

// Label names the stream among those of a run: its name, with the namespace before it where it has one.
func (s *Stream) Label() string {
	if s.Namespace == "" {
		return s.Name
	}
	return s.Namespace + "." + s.Name
}

// A Sync is one run of a stream under Airbyte.
type Sync struct {
	ID         *int64 // of the job; nil where the platform gives none
	Generation *int64 // grows with each refresh; likewise
	Refresh    Refresh
}

// A Refresh says when the rows of a run take the place of those of earlier runs.
type Refresh uint8

const (
	// NoRefresh is never.
	NoRefresh Refresh = iota
	// RefreshAtEnd is at the clean end of the input. A run that failed leaves nothing for the next one.
	RefreshAtEnd
	// RefreshWhenComplete is at the clean end too, if the source said that the stream is complete. Rows of a run that failed are
	// those of the next run of the same generation too.
	RefreshWhenComplete
)

// A ScopeValue is one column of a replace scope and the raw JSON value it must have.
type ScopeValue struct {
	Column string
	Value  []byte
}

// NewStream reads a stream's JSON Schema and the keywords at its root. Its errors are Data faults that name the stream.
func NewStream(name string, schema []byte, keys, bookmarks []string) (*Stream, error) {
	root, err := parseTree(schema)
	if err != nil {
		return nil, InStream(name, DataFault(sendSchema, "the schema is no JSON: %w", err))
	}
	if root.kind != objectNode || root.get("properties") == nil || root.get("properties").kind != objectNode {
		return nil, InStream(name, DataFault(sendSchema, "the schema has no properties"))
	}
	folded, err := foldRoot(root)
	if err != nil {
		return nil, InStream(name, DataFault(sendSchema, "the schema cannot be read: %w", err))
	}
	s := &Stream{
		Name:               name,
		Raw:                bytes.Clone(schema),
		Schema:             folded,
		KeyProperties:      distinct(keys),
		BookmarkProperties: distinct(bookmarks),
	}
	if err := s.readKeywords(root); err != nil {
		return nil, InStream(name, err)
	}
	return s, nil
}

const sendSchema = "correct the SCHEMA that the tap sends"

func (s *Stream) readKeywords(root *node) error {
	if word := root.get(DispositionKeyword); word != nil && !word.isNull() {
		s.Disposition = Disposition(word.text)
		if !slices.Contains([]Disposition{Append, Merge, Replace}, s.Disposition) {
			return DataFault("it is append, merge or replace", "the schema's %s is unknown", DispositionKeyword)
		}
	}
	scope := root.get(ReplaceScopeKeyword)
	if scope == nil || scope.isNull() {
		return nil
	}
	if scope.kind != objectNode {
		return DataFault(`it is an object such as {"client_id":"acme"}`, "the schema's %s is no object", ReplaceScopeKeyword)
	}
	for _, m := range scope.members {
		if m.kind == objectNode || m.kind == arrayNode {
			return DataFault("give one plain value for each column", "column %q of the schema's %s has no plain value", m.name, ReplaceScopeKeyword)
		}
		if _, ok := s.Schema.Property(m.name); !ok {
			return DataFault("name a column of the stream", "the schema's %s names %q, which is no property", ReplaceScopeKeyword, m.name)
		}
		s.ReplaceScope = append(s.ReplaceScope, ScopeValue{m.name, m.appendJSON(nil)})
	}
	return nil
}

// distinct copies names without repetitions.
func distinct(names []string) []string {
	var kept []string
	for _, name := range names {
		if !slices.Contains(kept, name) {
			kept = append(kept, name)
		}
	}
	return kept
}

// Same tells whether two streams say the same of their rows.
func (s *Stream) Same(other *Stream) bool {
	return s.Name == other.Name && s.Namespace == other.Namespace &&
		slices.Equal(s.KeyProperties, other.KeyProperties) && slices.Equal(s.BookmarkProperties, other.BookmarkProperties) &&
		bytes.Equal(s.Raw, other.Raw)
}
