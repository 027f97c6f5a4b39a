package tap

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
)

// clientColumn is the column that client_id becomes.
const clientColumn = "client_id"

// A plan is a declared stream with what the settings and the catalog make of it.
type plan struct {
	Stream
	settings  *Settings
	selection *protocol.Selection // of the catalog; nil while the catalog is made
	patterns  *protocol.Patterns  // of the setting select; nil for none
	selected  bool
	full      bool     // FULL_TABLE, full_refresh: the bookmark does not count
	refresh   bool     // full_refresh of a stream that could be read with its bookmark
	listed    []string // the columns that a configured catalog lists; nil for all
	hidden    []string // columns not selected by default, of which the catalog does not know
}

// newPlans checks the declaration: a mistake here is a defect of the tap, or of what its discovery made of the source.
func newPlans(streams []Stream, settings *Settings) ([]*plan, error) {
	plans := make([]*plan, 0, len(streams))
	seen := map[string]bool{}
	for _, s := range streams {
		if s.err != nil {
			return nil, protocol.InStream(s.Name, s.err)
		}
		if seen[s.Name] {
			return nil, protocol.InStream(s.Name, fmt.Errorf("it is declared twice"))
		}
		seen[s.Name] = true
		p := &plan{Stream: s, settings: settings, selected: true}
		if err := p.check(); err != nil {
			return nil, protocol.InStream(s.Name, err)
		}
		plans = append(plans, p)
	}
	return plans, nil
}

func (p *plan) check() error {
	names := map[string]bool{}
	for _, c := range p.Columns {
		if names[c.Name] {
			return fmt.Errorf("column %q is declared twice", c.Name)
		}
		names[c.Name] = true
		if err := rawjson.Valid(c.Schema); err != nil {
			return fmt.Errorf("schema of column %q: %w", c.Name, err)
		}
	}
	if len(p.Columns) > 0 {
		for _, key := range p.Key {
			if !names[key] {
				return fmt.Errorf("key %q is no column", key)
			}
		}
		if p.Cursor != "" && !names[p.Cursor] {
			return fmt.Errorf("cursor %q is no column", p.Cursor)
		}
	}
	switch p.Disposition {
	case protocol.Append, protocol.Replace:
	case protocol.Merge:
		if len(p.Key) == 0 {
			return fmt.Errorf("disposition merge needs a key")
		}
	default:
		return fmt.Errorf("unknown disposition %q", p.Disposition)
	}
	for _, key := range p.Key {
		switch p.settings.Columns.keep(p.Name, key) {
		case Dropped, Masked:
			return protocol.ConfigFault("hash it instead", "setting columns: %q belongs to the key, and rows could no longer be told apart", key)
		}
	}
	if p.Versions && p.Disposition != protocol.Merge {
		return fmt.Errorf("versions are of merge streams")
	}
	if p.Cursor != "" && p.settings.Columns.keep(p.Name, p.Cursor) != Whole {
		return protocol.ConfigFault("leave it as it is", "setting columns: %q is the cursor, which orders the rows", p.Cursor)
	}
	return nil
}

// tagged tells whether records carry client_id from the settings.
func (p *plan) tagged() bool { return p.settings.ClientID != "" }

// keep says what becomes of a column: the client's own column replaces one of that name, keys and cursor are always
// there, and for the rest selection comes before the setting columns.
func (p *plan) keep(column string) Keep {
	if p.tagged() && column == clientColumn {
		return Dropped
	}
	if !slices.Contains(p.Key, column) && column != p.Cursor && !p.wants(column) {
		return Dropped
	}
	keep := p.settings.Columns.keep(p.Name, column)
	if base, ok := strings.CutSuffix(column, AsSent); ok && keep == Whole && !slices.ContainsFunc(p.Columns, func(c Column) bool { return c.Name == column }) {
		return p.keep(base)
	}
	return keep
}

// besides tells whether a member holds what did not fit a column, on a wire where a catalog lists all that may be sent: the column is null
// then, and the record says so.
func (p *plan) besides(member string) (column string, ok bool) {
	column, ok = strings.CutSuffix(member, AsSent)
	return column, ok && p.listed != nil && !slices.Contains(p.listed, member) && p.keep(column) != Dropped
}

// wants tells what catalog and select say of a field, or of a field of a field.
func (p *plan) wants(path ...string) bool {
	if p.selection != nil && !p.selection.Selected(path...) || slices.Contains(p.hidden, path[0]) {
		return false
	}
	if p.listed != nil && !slices.Contains(p.listed, path[0]) {
		return false
	}
	return p.patterns == nil || p.patterns.Field(p.Name, path...)
}

// schema is the stream as its SCHEMA message says it.
func (p *plan) schema(columns []Column) (*protocol.Stream, error) {
	var kept []protocol.Member
	if p.tagged() {
		kept = append(kept, protocol.Member{Name: clientColumn, Value: json.RawMessage(`{"type":"string"}`)})
	}
	for _, c := range columns {
		keep := p.keep(c.Name)
		if keep == Dropped {
			continue
		}
		value, err := p.columnSchema(c, keep)
		if err != nil {
			return nil, fmt.Errorf("schema of column %q: %w", c.Name, err)
		}
		kept = append(kept, protocol.Member{Name: c.Name, Value: value})
	}
	keywords := []protocol.Member{{Name: protocol.DispositionKeyword, Value: json.RawMessage(`"` + p.Disposition + `"`)}}
	if p.Description != "" {
		keywords = append(keywords, protocol.Member{Name: "description", Value: rawjson.AppendStringLossy(nil, p.Description)})
	}
	if (p.Disposition == protocol.Replace || p.Versions) && p.tagged() {
		scope := append([]byte(`{"`+clientColumn+`":`), p.clientValue()...)
		keywords = append(keywords, protocol.Member{Name: protocol.ReplaceScopeKeyword, Value: append(scope, '}')})
	}
	var cursor []string
	if p.Cursor != "" {
		cursor = []string{p.Cursor}
	}
	return protocol.NewStream(p.Name, protocol.BuildSchema(kept, keywords...), p.keys(), cursor)
}

// columnSchema is a column's schema without the fields of it that are not selected; a hash or a mask is a string.
func (p *plan) columnSchema(c Column, keep Keep) (json.RawMessage, error) {
	if keep == Whole {
		return pruneSchema(c.Schema, p.wants, c.Name)
	}
	schema, err := protocol.ParseSchema(c.Schema)
	if err != nil {
		return nil, err
	}
	if schema.Kinds == 0 || schema.Kinds.Has(protocol.Null) {
		return json.RawMessage(`{"type":["null","string"]}`), nil
	}
	return json.RawMessage(`{"type":"string"}`), nil
}

// keys is the key as it goes out. A stream without a key gets none from the client's column, as one row per client would be left.
func (p *plan) keys() []string {
	if len(p.Key) == 0 || !p.tagged() {
		return p.Key
	}
	return append([]string{clientColumn}, slices.DeleteFunc(slices.Clone(p.Key), func(k string) bool { return k == clientColumn })...)
}

// clientValue is the raw JSON of client_id.
func (p *plan) clientValue() []byte { return rawjson.AppendStringLossy(nil, p.settings.ClientID) }

// catalogOf describes streams with the settings applied: what it lists is what can be selected.
func catalogOf(plans []*plan) (*protocol.Catalog, error) {
	catalog := &protocol.Catalog{Streams: []protocol.CatalogStream{}}
	for _, p := range plans {
		stream, err := p.schema(p.Columns)
		if err != nil {
			return nil, protocol.InStream(p.Name, err)
		}
		var unselected []string
		for _, c := range p.Columns {
			if c.Unselected && p.keep(c.Name) != Dropped {
				unselected = append(unselected, c.Name)
			}
		}
		entry := protocol.NewCatalogStream(stream, unselected...)
		entry.ReplicationMethod = p.method()
		root := &entry.Metadata[0].Metadata
		root.ForcedReplicationMethod = ""
		if p.Disposition == protocol.Replace {
			root.ForcedReplicationMethod = protocol.FullTable
		}
		if p.Unselected {
			*root.SelectedByDefault = false
		}
		catalog.Streams = append(catalog.Streams, entry)
	}
	return catalog, nil
}

// method is how a stream is read unless the catalog says FULL_TABLE: with its bookmark, whether or not a column is the cursor.
func (p *plan) method() string {
	if p.Disposition == protocol.Replace {
		return protocol.FullTable
	}
	return protocol.Incremental
}
