package tap

import (
	"strconv"
	"strings"
	"unicode"
)

// SnakeCase makes a lower-case SQL name: "Product Sku #" becomes product_sku, "Upsell Product Id #1" upsell_product_id_1 and "Decline
// Salvage Discount %" decline_salvage_discount_pct. It is empty where the name holds neither letter nor digit.
func SnakeCase(name string) string {
	var b strings.Builder
	gap, lower := false, false // a separator, or a lower-case letter, came before
	word := func(c rune) {
		if gap && b.Len() > 0 {
			b.WriteByte('_')
		}
		gap = false
		b.WriteRune(c)
	}
	for _, c := range name {
		switch {
		case unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c):
			gap = gap || lower && unicode.IsUpper(c)
			lower = unicode.IsLower(c)
			word(unicode.ToLower(c))
		case c == '%':
			gap, lower = true, false
			for _, p := range "pct" {
				word(p)
			}
			gap = true
		default:
			gap, lower = true, false
		}
	}
	return b.String()
}

// DistinctNames gives a number to each name that was there before, in any case: of three that are alike the first keeps its name, and
// the later ones get _2 and _3. A number that another name bears by its own right is left out. It changes names, and returns it.
func DistinctNames(names []string) []string {
	taken := make(map[string]bool, len(names))
	for _, name := range names {
		taken[strings.ToLower(name)] = true
	}
	seen := make(map[string]int, len(names))
	for i, name := range names {
		key := strings.ToLower(name)
		n, again := seen[key]
		if !again {
			seen[key] = 1
			continue
		}
		for n++; taken[key+"_"+strconv.Itoa(n)]; n++ {
		}
		seen[key] = n
		names[i] = name + "_" + strconv.Itoa(n)
		taken[strings.ToLower(names[i])] = true
	}
	return names
}
