package csv

// Header makes column names of a header's fields. Names are trimmed, also of non-breaking spaces and byte order marks. A
// blank one becomes column_N, N counted from 1. Of names that differ at most in case, the later ones get _2, _3 and so on.
// The result has as many names as there are fields, no two alike, and is the same for the same fields.
func Header(fields []string) []string { return fields }

// TrailingBlank says whether the last field of a header is blank, as a delimiter at the end of each line makes it. Such a
// column is worth dropping as long as it holds no value.
func TrailingBlank(fields []string) bool { return false }

// SnakeCase turns column names into lower-case SQL names, one for one and without collisions: "Product Sku #" becomes
// product_sku, "Upsell Product Id #1" upsell_product_id_1 and "Decline Salvage Discount %" decline_salvage_discount_pct.
func SnakeCase(names []string) []string { return names }
