// Package csv reads delimited text as exporters really write it: in five encodings, with any delimiter and line end, and
// with broken rows in between.
//
// What it promises:
//
//   - A broken record costs one row. [Reader.Next] returns a [*RowError] for it and goes on with the next call: after a bad
//     quote at the line that follows the bad record's first line, after a bad byte at the next record.
//   - Every value is valid UTF-8, and is otherwise what the file holds: line ends and spaces inside quotes stay as they are.
//     Only NUL is taken out, and counted.
//   - A [Position] is exact in bytes of the source. A new Reader that starts there returns the very records that the
//     first one would have returned next.
//   - Memory is bounded by [Format.MaxRecordBytes], also when a quote is never closed.
//   - Reading allocates nothing per row.
//
// Which columns a record ought to have is the caller's business: it sees as many fields as the row holds.
package csv
