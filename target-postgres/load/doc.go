// Package load moves messages into PostgreSQL. Everything about order is decided here.
//
// # The way of a row
//
//	reader ─► loader: encode into the stream's segment ─► worker: COPY ─► merge ─► COMMIT ─► STATE line
//
// The loader is one goroutine that reads messages and has package tuples write rows of the binary COPY format into segments, one open
// segment for each stream. Workers are other goroutines, each with a connection of its own; a worker takes the segments of one
// interval as they fill up. So reading, encoding and sending go on while the server works, on as many of its cores as there are
// connections. Segments are bounded in number and size, whatever the input.
//
// # Intervals
//
// An interval is what lies between two states that are worth a commit. It becomes one transaction: rows, what became of
// them, rejects, and the state. Its STATE line leaves after its COMMIT and never earlier.
//
// Intervals are loaded side by side and committed in the order of the input. What depends on the rows before, like the
// swap of a replace or a change of the table, waits until it is the interval's turn; a merge does so only where one of its keys is that
// of a row ahead, or where the server refuses a row. An interval that fails takes those behind it
// along, never one ahead. The size adapts: while a worker is free, a few megabytes are worth a commit, while all are
// busy the interval grows, as long as it can be held in memory.
//
// The server cannot see that a transaction waits for its turn, so it does not notice when two wait for each other. An interval
// that waits looks from time to time whether somebody waits for one of its rows. If so, it begins again, which makes way.
//
// As long as all of its rows are in memory, an interval is loaded again after whatever may pass: a deadlock, a conflict, a lock
// that was held too long, a lost connection, a server that restarts. One that outgrows its share of the memory waits for its turn
// before it goes on, and then ends the run with such an error. To take back its latest rows alone and to send them again would not
// help: a lock that others wait for stays with the transaction, and to wait longer for one of theirs is what lock_timeout is for.
//
// Rows of a stream without a key cannot be told apart from their repetition, so those that no state covers must not
// stay when the run ends early. Rows of all other streams may be loaded twice without harm, and need no state to be
// committed. Within an interval, hence:
//
//   - Rows without a key that follow a state stand behind a savepoint, so that they can be taken back while what the
//     state covers is committed.
//   - When an interval that holds both kinds grows beyond memory, each kind gets a transaction of its own. Those with a
//     key, or of a replace, commit first; the transaction with the rows without a key carries the state.
//
// # Under Airbyte
//
// A state covers the records of one stream, or of all, and goes back as it came, once all before it is committed; the platform keeps it. A
// replace is a refresh, whose rows are durable before anybody sees them: see refresh.go.
//
// # Rows that the server refuses
//
// Every segment is copied behind a savepoint. When the server refuses a row, the segment is taken back and copied again in
// parts, until the row stands alone and is rejected.
package load
