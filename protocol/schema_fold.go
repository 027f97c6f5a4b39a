package protocol

import (
	"cmp"
	"slices"
)

// DecimalFormat is the format of a string that holds a decimal number; the spelling x-singer.decimal is read as this.
const DecimalFormat = "singer.decimal"

// The kinds of value that a facet speaks of.
const (
	textual = String
	numeric = Integer | Number
)

// either is a schema that allows what a or b allows. A facet stays where the branches that it applies to agree on it.
func either(a, b *Schema) *Schema {
	s := &Schema{
		SQLDatatype: agreed(a, b, ^Null, a.SQLDatatype, b.SQLDatatype),
		AirbyteType: agreed(a, b, textual|numeric, a.AirbyteType, b.AirbyteType),
		Title:       cmp.Or(a.Title, b.Title),
		Description: cmp.Or(a.Description, b.Description),
		Additional:  a.Additional || b.Additional,
	}
	if a.Kinds != 0 && b.Kinds != 0 {
		s.Kinds = a.Kinds | b.Kinds
	}
	s.Format = agreed(a, b, textual, a.Format, b.Format)
	if isInstant(a.Format) && isInstant(b.Format) && s.Format == "" {
		s.Format = "date-time" // a date is the beginning of its day
	}
	s.ContentEncoding = agreed(a, b, textual, a.ContentEncoding, b.ContentEncoding)
	s.ContentMediaType = agreed(a, b, textual, a.ContentMediaType, b.ContentMediaType)
	s.MaxLength = agreed(a, b, textual, a.MaxLength, b.MaxLength)
	s.Minimum = agreed(a, b, numeric, a.Minimum, b.Minimum)
	s.Maximum = agreed(a, b, numeric, a.Maximum, b.Maximum)
	s.MultipleOf = agreed(a, b, numeric, a.MultipleOf, b.MultipleOf)
	s.Precision = agreed(a, b, textual|numeric, a.Precision, b.Precision)
	s.Scale = agreed(a, b, textual|numeric, a.Scale, b.Scale)
	s.Items = agreed(a, b, Array, a.Items, b.Items)
	if a.Items != nil && b.Items != nil {
		s.Items = either(a.Items, b.Items)
	}
	s.addProperties(a.Properties, either)
	s.addProperties(b.Properties, either)
	s.Required = agreedList(a, b)
	return s
}

// addProperties adds properties, and joins those that are there already.
func (s *Schema) addProperties(more []Property, join func(a, b *Schema) *Schema) {
	for _, p := range more {
		if mine, ok := s.Property(p.Name); ok {
			mine.Schema = *join(&mine.Schema, &p.Schema)
		} else {
			s.Properties = append(s.Properties, p)
		}
	}
}

func isInstant(format string) bool { return format == "date" || format == "date-time" }

// agreed is the value of a facet that speaks of some kinds of values: the one on which both branches agree, or that of the only branch
// which allows such values, or nothing.
func agreed[T comparable](a, b *Schema, kinds Kinds, inA, inB T) T {
	var none T
	switch {
	case !a.allows(kinds):
		return inB
	case !b.allows(kinds), inA == inB:
		return inA
	}
	return none
}

func agreedList(a, b *Schema) []string {
	switch {
	case !a.allows(Object):
		return b.Required
	case !b.allows(Object):
		return a.Required
	}
	var names []string
	for _, name := range a.Required {
		if slices.Contains(b.Required, name) {
			names = append(names, name)
		}
	}
	return names
}

// allows tells whether values of one of the kinds may come.
func (s *Schema) allows(kinds Kinds) bool { return s.Kinds == 0 || s.Kinds&kinds != 0 }

// both is a schema that allows what a and b both allow. Of two facets a's counts.
func both(a, b *Schema) *Schema {
	s := &Schema{
		Kinds:            common(a.Kinds, b.Kinds),
		Format:           cmp.Or(a.Format, b.Format),
		ContentEncoding:  cmp.Or(a.ContentEncoding, b.ContentEncoding),
		ContentMediaType: cmp.Or(a.ContentMediaType, b.ContentMediaType),
		MaxLength:        cmp.Or(a.MaxLength, b.MaxLength),
		Minimum:          cmp.Or(a.Minimum, b.Minimum),
		Maximum:          cmp.Or(a.Maximum, b.Maximum),
		MultipleOf:       cmp.Or(a.MultipleOf, b.MultipleOf),
		Precision:        cmp.Or(a.Precision, b.Precision),
		Scale:            cmp.Or(a.Scale, b.Scale),
		SQLDatatype:      cmp.Or(a.SQLDatatype, b.SQLDatatype),
		AirbyteType:      cmp.Or(a.AirbyteType, b.AirbyteType),
		Title:            cmp.Or(a.Title, b.Title),
		Description:      cmp.Or(a.Description, b.Description),
		Items:            cmp.Or(a.Items, b.Items),
		Additional:       a.Additional || b.Additional,
	}
	if a.Items != nil && b.Items != nil {
		s.Items = both(a.Items, b.Items)
	}
	s.addProperties(a.Properties, both)
	s.addProperties(b.Properties, both)
	s.Required = distinct(slices.Concat(a.Required, b.Required))
	return s
}

// common is the kinds that a and b have in common. Schemas that contradict each other allow anything rather than nothing.
func common(a, b Kinds) Kinds {
	if a == 0 || b == 0 {
		return a | b
	}
	kinds := a & b
	if a.Has(Number) {
		kinds |= b & Integer
	}
	if b.Has(Number) {
		kinds |= a & Integer
	}
	return kinds
}
