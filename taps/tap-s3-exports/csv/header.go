package csv

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/signalroom/signalroom/taps/tap"
)

// Header makes column names of a header's fields. Names are trimmed, also of non-breaking spaces and byte order marks. A blank
// one becomes column_N, N counted from 1. Of names that differ at most in case, the first keeps its name and the later ones
// get _2, _3 and so on; a number that another field bears by its own right is left out. The result has one name per
// field, no two alike, and is the same for the same fields.
func Header(fields []string) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		if names[i] = trim(f); names[i] == "" {
			names[i] = columnName(i)
		}
	}
	return tap.DistinctNames(names)
}

// TrailingBlanks is the number of blank fields at the end of a header, such as a delimiter at the end of each line makes.
// Their columns are worth dropping as long as they hold no value.
func TrailingBlanks(fields []string) int {
	n := 0
	for n < len(fields) && trim(fields[len(fields)-1-n]) == "" {
		n++
	}
	return n
}

// SnakeCase turns column names into lower-case SQL names, one for one and without collisions: "Product Sku #" becomes
// product_sku, "Upsell Product Id #1" upsell_product_id_1 and "Decline Salvage Discount %" decline_salvage_discount_pct.
func SnakeCase(names []string) []string {
	snakes := make([]string, len(names))
	for i, name := range names {
		if snakes[i] = tap.SnakeCase(name); snakes[i] == "" {
			snakes[i] = columnName(i)
		}
	}
	return tap.DistinctNames(snakes)
}

func columnName(i int) string { return "column_" + strconv.Itoa(i+1) }

// trim takes white space off both ends, and what looks like nothing.
func trim(name string) string {
	return strings.TrimFunc(name, func(c rune) bool {
		return unicode.IsSpace(c) || unicode.IsControl(c) || c == '\ufeff' || c == '\u200b'
	})
}
