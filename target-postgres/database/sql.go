package database

import (
	"embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/signalroom/signalroom/target-postgres/columns"
)

//go:embed sql/*.sql
var files embed.FS

// A Shape is what the statements of one stream are made from.
type Shape struct {
	Table      columns.Table
	Staging    columns.Table // its schema is pg_temp
	Columns    []ShapeColumn // that rows bring, in the order of a tuple
	Key        []columns.Ident
	Cursor     columns.Ident // the column that says which of two rows of one key is newer; empty for none
	CursorText bool          // it is text, and ordered by its bytes
	Newest     bool          // a row in the table with a newer cursor stays
	Removed    columns.Ident // a staged row with a value here deletes its key; empty for none
	Scope      string        // whose rows are replaced: a condition on t
	Hard       bool          // versions delete rows instead of marking them
	Triggers   bool
	Parted     bool
	Same       bool // most rows are in the table already
}

// A ShapeColumn is one column that rows bring.
type ShapeColumn struct {
	Name    columns.Ident
	Key     bool
	Ignored bool // a difference in it alone is none
}

// Assigned are the columns that an update writes.
func (s Shape) Assigned() []ShapeColumn {
	var assigned []ShapeColumn
	for _, c := range s.Columns {
		if !c.Key {
			assigned = append(assigned, c)
		}
	}
	return assigned
}

// Compared are the columns whose difference makes a row worth an update.
func (s Shape) Compared() []ShapeColumn {
	var compared []ShapeColumn
	for _, c := range s.Assigned() {
		if !c.Ignored {
			compared = append(compared, c)
		}
	}
	return compared
}

// LineColumn is the column of a staging table that holds the line a row came from. It also orders rows by arrival.
const LineColumn columns.Ident = "_signalroom_line"

// Statements are what a stream's rows need. The arguments of Merge and Append are the first and the last line; both
// answer one row: inserted, updated, deleted. The arguments of Activate are the version and, unless Hard, the instant.
type Statements struct {
	CopyTable   string // rows straight into the table
	CopyStaging string // rows and their lines
	Staging     string // makes the staging table
	Merge       string
	MergeAnew   string // Merge into rows of the same set
	MergeSame   string // Merge for rows of which most are in the table already, just the same
	Append      string
	Sweep       string // deletes what the staged set does not have
	Clear       string // deletes the whole old set
	Activate    string
}

// Statements renders them.
func (s Shape) Statements() (Statements, error) {
	var st Statements
	templates, err := template.New("").Funcs(template.FuncMap{"names": names, "idents": idents, "of": of}).ParseFS(files, "sql/*.sql")
	if err != nil {
		return st, fmt.Errorf("statement templates: %w", err)
	}
	anew, clear := s, s
	anew.Newest, clear.Key = s.Cursor != "", nil
	same := s
	same.Same = !s.Triggers && len(s.Assigned()) > 0 // a trigger may change a row before it is compared
	for _, t := range []struct {
		name  string
		into  *string
		shape Shape
		when  bool
	}{
		{"staging.sql", &st.Staging, s, true},
		{"merge.sql", &st.Merge, s, len(s.Key) > 0},
		{"merge.sql", &st.MergeAnew, anew, len(s.Key) > 0},
		{"merge.sql", &st.MergeSame, same, len(s.Key) > 0},
		{"append.sql", &st.Append, s, true},
		{"sweep.sql", &st.Sweep, s, true},
		{"sweep.sql", &st.Clear, clear, true},
		{"activate.sql", &st.Activate, s, true},
	} {
		if !t.when {
			continue
		}
		var b strings.Builder
		if err := templates.ExecuteTemplate(&b, t.name, t.shape); err != nil {
			return st, fmt.Errorf("statement templates: %w", err)
		}
		*t.into = strings.TrimSpace(b.String())
	}
	st.CopyTable = fmt.Sprintf("COPY %s (%s) FROM STDIN BINARY", s.Table, names(s.Columns))
	st.CopyStaging = fmt.Sprintf("COPY %s (%s, %s) FROM STDIN BINARY", s.Staging, names(s.Columns), LineColumn)
	return st, nil
}

// StagedRecord is the statement that gives one staged row as a JSON object, for a reject whose record is no longer in memory.
func (s Shape) StagedRecord() string {
	return fmt.Sprintf("SELECT (to_jsonb(s) - '%s')::text FROM %s AS s WHERE %s = $1", string(LineColumn), s.Staging, LineColumn)
}

// Middle is the statement that gives how many rows are staged between two lines, and the line in their middle.
func (s Shape) Middle() string {
	return fmt.Sprintf("SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY %[1]s) FROM %[2]s WHERE %[1]s BETWEEN $1 AND $2", LineColumn, s.Staging)
}

func names(list []ShapeColumn) string {
	quoted := make([]string, len(list))
	for i, c := range list {
		quoted[i] = c.Name.String()
	}
	return strings.Join(quoted, ", ")
}

// of names the columns of a row.
func of(row string, list []ShapeColumn) string {
	quoted := make([]string, len(list))
	for i, c := range list {
		quoted[i] = row + "." + c.Name.String()
	}
	return strings.Join(quoted, ", ")
}

func idents(list []columns.Ident) string {
	quoted := make([]string, len(list))
	for i, c := range list {
		quoted[i] = c.String()
	}
	return strings.Join(quoted, ", ")
}

// Literal quotes a text as a string constant.
func Literal(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, "\x00", "\uFFFD"), "'", "''") + "'"
}
