// Package tuples turns the records of a stream into rows of PostgreSQL's binary COPY format.
//
// An [Encoder] is made from one SCHEMA and from the [Form] that the table's rows have. Several SCHEMAs may share a form: then their
// tuples may follow each other in one COPY. A record becomes a whole tuple or none at all, and the [Problem] says why not. Nothing is
// allocated for a record; what it is made of is sliced from the line.
//
// The package knows no server and no transaction. What becomes of single values is told by package values.
package tuples
