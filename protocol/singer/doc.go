// Package singer is the Singer wire: lines of JSON to messages and back.
//
// Reading is lenient where programs in use differ and nothing is lost by it (types in any case, unknown types, blank
// lines, a missing key_properties), and strict everywhere else. An error names the line and the stream, never a value.
// Values are passed on as they were sent: numbers as text, states byte for byte.
package singer
