// Package suite tests any Singer tap or target, and any Airbyte source or destination, as a black box: it starts the program, reads what
// it prints, sends signals, and looks into the tables. It knows nothing of how the program is made, and imports nothing of it.
//
// What it promises:
//
//   - Each check says why it matters, and whether it is a MUST (rows are lost or the next program breaks) or a SHOULD (people suffer).
//   - A check that a program gives no occasion for is not applicable, with the reason; it is never passed in silence.
//   - Nothing is left behind: processes are ended with their children, schemas are dropped, files are removed.
//   - No value of a row and no secret is in a report.
//
// The rules are those of [Singer], of Meltano's SDK and its suites, and of the [Airbyte protocol].
//
// [Singer]: https://hub.meltano.com/singer/spec
// [Airbyte protocol]: https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol
package suite
