// Package protocol is what a tap and a target say to each other, apart from how a line is spelled:
// messages, streams and their schemas, catalogs and selection, faults and exit codes.
//
// The promises that both sides build on:
//
//   - Order. A record follows the schema of its stream. A state follows every record that it covers.
//   - Delivery. Whoever reads a state may believe it only once everything before it is durable. A target
//     therefore prints a state after its commit and never earlier; a tap that is started again with the last
//     printed state sends every row that is not covered by it, and may send some again.
//   - Opacity. The value of a state belongs to the tap. It passes through a target byte for byte.
//   - Silence. Standard output carries messages only. Logs, progress and errors go to standard error.
//
// The two wires, Singer and Airbyte, are packages below this one: they encode and decode, and decide nothing.
package protocol
