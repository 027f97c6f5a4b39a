package protocol

import "encoding/json"

// A Member is a named raw JSON value.
type Member struct {
	Name  string
	Value json.RawMessage
}

// BuildSchema renders the JSON Schema of a stream's records: the columns as properties in order, then the keywords,
// such as DispositionKeyword, at its root. The values must be valid JSON.
func BuildSchema(columns []Member, keywords ...Member) []byte {
	schema := appendMembers([]byte(`{"type":"object","properties":{`), columns)
	schema = append(schema, '}')
	if len(keywords) > 0 {
		schema = appendMembers(append(schema, ','), keywords)
	}
	return append(schema, '}')
}

// AppendObject appends an object of members.
func AppendObject(dst []byte, members []Member) []byte {
	return append(appendMembers(append(dst, '{'), members), '}')
}

func appendMembers(dst []byte, members []Member) []byte {
	for i, m := range members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendText(dst, m.Name), ':')
		dst = append(dst, m.Value...)
	}
	return dst
}
