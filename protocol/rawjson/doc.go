// Package rawjson slices JSON text without copying it: the hot path of taps and of the target.
//
// What it promises: a value that it has accepted is valid JSON (RFC 8259), apart from the three tokens NaN, Infinity
// and -Infinity, which many programs write and which it accepts as values. Nothing is converted: a number stays the
// text that was sent, whatever its size. Spans point into the caller's bytes. Invalid UTF-8 inside strings is not
// looked for here; see [unicode/utf8.Valid].
package rawjson
