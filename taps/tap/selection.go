package tap

import (
	"maps"
	"slices"
	"strings"

	"github.com/signalroom/signalroom/protocol"
)

// readsAnew tells whether a catalog, if there is one, asks for all of a stream. What the tap itself forces is no wish of anybody.
func readsAnew(catalog *protocol.Catalog, stream string) bool {
	if catalog == nil {
		return false
	}
	entry, ok := catalog.Stream(stream)
	if !ok {
		return false
	}
	root := entry.Root()
	return root.ReplicationMethod == protocol.FullTable ||
		root.ReplicationMethod == "" && root.ForcedReplicationMethod == "" && entry.ReplicationMethod == protocol.FullTable
}

// choose applies a catalog, or the default of every stream where there is none, and the setting select.
func choose(plans []*plan, catalog *protocol.Catalog, patterns []string) error {
	own, err := catalogOf(plans)
	if err != nil {
		return err
	}
	if catalog == nil {
		catalog = own
	} else if err := catalog.Check(streamNames(plans)); err != nil {
		return err
	}
	for _, p := range plans {
		entry, ok := catalog.Stream(p.Name)
		if !ok {
			p.selected = false
			continue
		}
		p.selection = p.asked(*entry, patterns).Selection()
		p.selected = p.selection.Selected()
		p.full = readsAnew(catalog, p.Name)
		if err := p.override(entry.Keys()); err != nil {
			return protocol.InStream(p.Name, err)
		}
		for _, c := range p.Columns {
			if c.Unselected && !mentions(entry, c.Name) {
				p.hidden = append(p.hidden, c.Name)
			}
		}
	}
	return restrict(plans, patterns)
}

// restrict applies the setting select.
func restrict(plans []*plan, patterns []string) error {
	if len(patterns) == 0 {
		return nil
	}
	parsed, err := protocol.ParsePatterns(patterns)
	if err != nil {
		return err
	}
	for _, pattern := range patterns {
		if err := matchesSome(pattern, plans); err != nil {
			return err
		}
	}
	for _, p := range plans {
		p.patterns = parsed
		p.selected = p.selected && parsed.Stream(p.Name)
	}
	return nil
}

// asked is the catalog's entry, with an unselected stream selected if a pattern names it and the user's catalog does not speak of it.
func (p *plan) asked(entry protocol.CatalogStream, patterns []string) *protocol.CatalogStream {
	root := entry.Root()
	names := func(pattern string) bool {
		parsed, err := protocol.ParsePatterns([]string{pattern})
		return err == nil && !strings.HasPrefix(strings.TrimSpace(pattern), "!") && parsed.Stream(p.Name)
	}
	if !p.Unselected || root.Selected != nil || !slices.ContainsFunc(patterns, names) {
		return &entry
	}
	selected := true
	root.Selected = &selected
	entry.Metadata = slices.Clone(entry.Metadata)
	for i, m := range entry.Metadata {
		if len(m.Breadcrumb) == 0 {
			entry.Metadata[i].Metadata = root
		}
	}
	return &entry
}

// mentions tells whether a catalog, which may be older than the column, says something of it.
func mentions(entry *protocol.CatalogStream, column string) bool {
	return slices.ContainsFunc(entry.Metadata, func(m protocol.Metadata) bool {
		return slices.Equal(m.Breadcrumb, []string{"properties", column})
	})
}

// override takes the key that the user wrote into the catalog.
func (p *plan) override(keys []string) error {
	keys = slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return p.tagged() && k == clientColumn })
	if len(keys) == 0 || slices.Equal(keys, p.Key) {
		return nil
	}
	for _, key := range keys {
		if !slices.ContainsFunc(p.Columns, func(c Column) bool { return c.Name == key }) {
			return protocol.ConfigFault("correct key-properties in the catalog", "the catalog's key %q is no column", key)
		}
	}
	p.Key = keys
	return p.check()
}

// matchesSome refuses a pattern that says nothing about any stream: it is a typing mistake.
func matchesSome(pattern string, plans []*plan) error {
	parsed, err := protocol.ParsePatterns([]string{strings.TrimPrefix(pattern, "!")})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(plans, func(p *plan) bool { return parsed.Stream(p.Name) }) {
		return nil
	}
	return protocol.ConfigFault("the streams are "+strings.Join(streamNames(plans), ", "), "setting select: %q matches no stream", pattern)
}

func streamNames(plans []*plan) []string {
	names := make([]string, 0, len(plans))
	for _, p := range plans {
		names = append(names, p.Name)
	}
	return names
}

// unusedRules lists the rules of the setting columns that no column matches, perhaps not yet. A rule for a stream that is not there
// is refused: with a misspelt one, values that should be hidden would go out.
func unusedRules(plans []*plan, rules Rules) (unused []string, err error) {
	for _, stream := range slices.Sorted(maps.Keys(rules)) {
		matching := slices.DeleteFunc(slices.Clone(plans), func(p *plan) bool { return p.Name != stream && !protocol.Glob(stream, p.Name) })
		if len(matching) == 0 {
			return nil, protocol.ConfigFault("the streams are "+strings.Join(streamNames(plans), ", "), "setting columns: %q matches no stream", stream)
		}
		for _, column := range slices.Sorted(maps.Keys(rules[stream])) {
			names := func(c Column) bool { return c.Name == column || protocol.Glob(column, c.Name) }
			if !slices.ContainsFunc(matching, func(p *plan) bool { return slices.ContainsFunc(p.Columns, names) }) {
				unused = append(unused, stream+"."+column)
			}
		}
	}
	return unused, nil
}
