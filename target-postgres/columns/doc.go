// Package columns decides what a stream looks like as a PostgreSQL table: the names of its columns, their types, and
// the changes that bring a table that exists to the form that a stream wants.
//
// Everything here is a pure function of its arguments. The package reads no catalog and sends no statement: its caller
// describes the table that it found, and executes the SQL that it is given. The same stream over the same table gives
// the same changes in the same order, on every run and in every shard.
//
// # Names
//
// The stream's name is the name of the table, and a property's name is the name of its column: case kept unless
// [LowerCase] is chosen, always quoted, never split. A name that PostgreSQL cannot carry as it is becomes another by these
// rules, in this order:
//
//   - With [LowerCase], capital letters become small.
//   - U+0000 and bytes that are not UTF-8 become U+FFFD; an empty name becomes "_".
//   - The names of system columns (ctid, xmin, xmax, cmin, cmax, tableoid) and of our own columns (_extra, and the metadata columns
//     where another spelling leads to them) get "_" appended, and so do names of tables that begin with "_signalroom_".
//   - A name of more than 63 bytes keeps its first 54 bytes, or fewer where a character would be cut, and gets "_" and
//     eight hexadecimal digits of the SHA-256 of the whole name.
//   - Where a changed name meets a name that is there already, it gets that hash too. A name that needs no change
//     always keeps itself, so neither order nor company of the properties matters. Streams whose tables would be one
//     are the caller's to refuse: see [Shared].
//
// # Types
//
// See [TypeOf] for what a JSON Schema becomes and [Diff] for what happens when a table has another type.
package columns
