package rawjson

// AppendCompact appends a valid value without the space between its tokens.
func AppendCompact(dst, value []byte) []byte { return dst }

// AppendCanonical appends a valid value in one spelling: no space, members sorted by name (of duplicates the last one
// alone), strings with the fewest escapes. Numbers stay as they are written.
func AppendCanonical(dst, value []byte) []byte { return dst }

// Equal tells whether two valid values have the same canonical spelling.
func Equal(a, b []byte) bool { return false }
