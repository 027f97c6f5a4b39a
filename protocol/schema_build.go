package protocol

import "encoding/json"

// A Member is a named raw JSON value.
type Member struct {
	Name  string
	Value json.RawMessage
}

// BuildSchema renders the JSON Schema of a stream's records: the columns as properties in order, then the keywords,
// such as DispositionKeyword, at its root. The values must be valid JSON.
func BuildSchema(columns []Member, keywords ...Member) []byte { return nil }
