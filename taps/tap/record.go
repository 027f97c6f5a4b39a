package tap

// A Decimal is an exact number, kept as the text the source sent. In the schema it is a string of format singer.decimal.
type Decimal string

// A Record is the columns of a Go struct type, its key and its cursor.
type Record struct {
	Columns []Column
	Key     []string
	Cursor  string
}

// Columns reads a record type: JSON names, tags tap:"key" and tap:"cursor".
func Columns[T any]() (Record, error) { return Record{}, nil }
