// Package database is what the target says to PostgreSQL: how it connects, what it reads from the catalogs, the
// statements that move rows from a staging table to their table, and the target's own four tables.
//
// Statements are templates, embedded from the folder sql and rendered once for each stream; identifiers are quoted by
// their type. Nothing here decides when a statement runs: that is the loader's part.
//
// Errors of the server become a [protocol.Fault] in one place, [Fault], by their SQLSTATE alone.
package database
