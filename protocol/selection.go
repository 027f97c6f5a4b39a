package protocol

import "strings"

// A Selection tells which fields of a stream are wanted. Later changes of the entry that it was made from do not change it.
type Selection struct {
	metadata map[string]*MetadataValues // by path, see pathKey
	schema   *node
}

// Selection reads the entry's metadata by the rules of the Singer SDK:
//
//   - Without any metadata everything is selected.
//   - What lies below something deselected is deselected.
//   - inclusion decides when it is unsupported (no) or automatic (yes, even against selected: false).
//   - Then selected decides, then selected-by-default, then the parent.
//
// A selected that stands inside the schema, as old catalogs have it, counts where the metadata has none.
func (s *CatalogStream) Selection() *Selection {
	selection := &Selection{metadata: make(map[string]*MetadataValues, len(s.Metadata)), schema: &node{}}
	for i := range s.Metadata {
		selection.metadata[pathKey(propertyNames(s.Metadata[i].Breadcrumb))] = &s.Metadata[i].Metadata
	}
	if schema, err := parseTree(s.Schema); err == nil {
		selection.schema = schema
	}
	return selection
}

// Selected tells whether the stream (no path), a field, or a field of a field is wanted.
func (s *Selection) Selected(path ...string) bool {
	if _, ok := s.metadata[pathKey(path)]; ok || s.legacy(path) != nil {
		return s.resolve(path)
	}
	if len(path) == 0 {
		return true
	}
	return s.Selected(path[:len(path)-1]...)
}

func (s *Selection) resolve(path []string) bool {
	values, ok := s.metadata[pathKey(path)]
	if !ok {
		values = &MetadataValues{}
	}
	// Without metadata the stream is selected; with some that do not speak of the stream itself, the SDK says no.
	parent := len(path) == 0 && len(s.metadata) == 0
	if len(path) > 0 {
		if parent = s.resolve(path[:len(path)-1]); !parent {
			return false
		}
	}
	switch {
	case values.Inclusion == Unsupported:
		return false
	case values.Inclusion == Automatic:
		return true
	case values.Selected != nil:
		return *values.Selected
	}
	if selected := s.legacy(path); selected != nil {
		return *selected
	}
	if values.SelectedByDefault != nil {
		return *values.SelectedByDefault
	}
	return parent
}

// legacy is the selected inside the schema, nil when there is none.
func (s *Selection) legacy(path []string) *bool {
	n := s.schema
	for _, name := range path {
		for n.get("properties") == nil && n.get("items") != nil {
			n = n.get("items")
		}
		if n = n.get("properties"); n == nil {
			return nil
		}
		if n = n.get(name); n == nil {
			return nil
		}
	}
	selected := n.get("selected")
	if selected == nil || selected.kind != trueNode && selected.kind != falseNode {
		return nil
	}
	yes := selected.kind == trueNode
	return &yes
}

// propertyNames is a breadcrumb without the words between its names.
func propertyNames(breadcrumb []string) []string {
	var names []string
	for i := 0; i < len(breadcrumb); i++ {
		if breadcrumb[i] == "properties" && i+1 < len(breadcrumb) {
			i++
			names = append(names, breadcrumb[i])
		}
	}
	return names
}

// pathKey is one string for a path.
func pathKey(path []string) string { return strings.Join(path, "\x00") }
