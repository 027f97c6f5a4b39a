package columns

// Create renders the statements that make a table: CREATE TABLE with its primary key, then the comments.
func Create(t Table, columns []Column, comment string) []string { return nil }

// AddKey renders the statement that gives a table its primary key; empty when no column is a key.
func AddKey(t Table, columns []Column) string { return "" }
