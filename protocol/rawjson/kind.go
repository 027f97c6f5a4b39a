package rawjson

// A Kind is what a JSON value is.
type Kind uint8

// The kinds of values. Invalid is the kind of no value at all.
const (
	Invalid Kind = iota
	Null
	False
	True
	Number
	NonFinite // NaN, Infinity, -Infinity
	String
	Object
	Array
)

// KindOf is the kind of a valid raw value without surrounding space. It looks at no more than two bytes.
func KindOf(value []byte) Kind {
	if len(value) == 0 {
		return Invalid
	}
	switch value[0] {
	case 'n':
		return Null
	case 'f':
		return False
	case 't':
		return True
	case 'N', 'I':
		return NonFinite
	case '-':
		if len(value) > 1 && value[1] == 'I' {
			return NonFinite
		}
		return Number
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return Number
	case '"':
		return String
	case '{':
		return Object
	case '[':
		return Array
	}
	return Invalid
}
