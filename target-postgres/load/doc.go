// Package load moves messages into PostgreSQL. Everything about order is decided here.
//
// # The way of a row
//
//	reader ─► loader: encode into the stream's segment ─► worker: COPY ─► merge ─► COMMIT ─► STATE line
//
// The loader is one goroutine that reads messages and writes tuples of the binary COPY format into segments, one open
// segment for each stream. A worker is another goroutine that owns the connections; it takes segments as they fill up.
// So parsing and encoding go on while the server works. Segments are bounded in number and size, whatever the input.
//
// # Intervals
//
// An interval is what lies between two states that are worth a commit. It becomes one transaction: rows, what became of
// them, rejects, and the state. Its STATE line leaves after its COMMIT and never earlier.
//
// Rows of a stream without a key cannot be told apart from their repetition, so those that no state covers must not
// stay when the run ends early. Rows of all other streams may be loaded twice without harm. Within an interval, hence:
//
//   - Rows without a key that follow a state stand behind a savepoint, so that they can be taken back while what the
//     state covers is committed.
//   - When an interval that holds both kinds grows beyond memory, each kind gets a transaction of its own. Those with a
//     key, or of a replace, commit first; the transaction with the rows without a key carries the state.
//
// # Rows that the server refuses
//
// Every segment is copied behind a savepoint. When the server refuses a row, the segment is taken back and copied again in
// parts, until the row stands alone and is rejected.
package load
