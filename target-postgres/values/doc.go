// Package values turns the JSON values of records into fields of PostgreSQL's binary COPY format.
//
// An [Encoder] is made for one column from two things: the schema that the stream declares for the property and the
// type that the table's column has. The schema decides whether a value is accepted, so "abc" in a declared integer is a
// [Problem] even where the table's column is text. The type decides how an accepted value is written. A value is written
// exactly or not at all; every exception to that is in docs/values.md, which is made from the tests.
package values
