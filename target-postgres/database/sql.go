package database

import (
	"embed"
	"fmt"
	"strings"
	"sync"
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
	Then       columns.Ident // says it of two rows with the same cursor; empty for none
	Newest     bool          // a row in the table with a newer cursor stays
	Removed    columns.Ident // a staged row with a value here deletes its key; empty for none
	Scope      string        // whose rows are replaced: a condition on t
	Hard       bool          // versions delete rows instead of marking them
	Triggers   bool
	Parted     bool
	Partial    bool // a column that a record does not name keeps its value
	New        bool // partial rows whose key is new, not the others
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

// absentColumn is the column of a staging table of partial rows that has a bit for each column: 1 where the record did not name it.
const absentColumn columns.Ident = "_signalroom_absent"

// A Statement is one of those that a stream's rows need.
type Statement string

// The arguments of those that move staged rows are the first and the last line; they answer one row: inserted, updated, deleted.
const (
	Stage      Statement = "staging.sql" // makes the staging table
	Merge      Statement = "merge.sql"
	MergeAnew  Statement = "anew"        // Merge into rows of the same set
	MergeSame  Statement = "same"        // Merge for rows of which most are in the table already, just the same
	AddPartial Statement = "partial.sql" // inserts partial rows whose key is new
	SetPartial Statement = "set"         // updates with the others
	Append     Statement = "append.sql"
	Sweep      Statement = "sweep.sql"    // deletes what the staged set does not have
	Clear      Statement = "clear"        // deletes the whole old set
	Adopt      Statement = "adopt.sql"    // adds the rows of a table that is named as Staging, by key in the place of others
	Activate   Statement = "activate.sql" // its arguments are the version and, unless Hard, the instant
)

// SQL renders a statement.
func (s Shape) SQL(which Statement) (string, error) {
	file := string(which)
	switch which {
	case MergeAnew:
		file, s.Newest = string(Merge), s.Cursor != ""
	case MergeSame:
		// A trigger may change a row before it is compared.
		file, s.Same = string(Merge), !s.Triggers && len(s.Assigned()) > 0
	case AddPartial:
		s.New = true
	case SetPartial:
		file = string(AddPartial)
	case Clear:
		file, s.Key = string(Sweep), nil
	}
	t, err := templates()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, file, s); err != nil {
		return "", fmt.Errorf("statement templates: %w", err)
	}
	return strings.TrimSpace(b.String()), nil
}

// templates are read once.
var templates = sync.OnceValues(func() (*template.Template, error) {
	return template.New("").Funcs(template.FuncMap{"names": names, "idents": columns.List, "of": of, "at": at}).ParseFS(files, "sql/*.sql")
})

// CopyTable takes rows straight into the table.
func (s *Shape) CopyTable() string {
	return fmt.Sprintf("COPY %s (%s) FROM STDIN BINARY", s.Table, names(s.Columns))
}

// CopyStaging takes rows and their lines.
func (s *Shape) CopyStaging() string {
	staged := names(s.Columns)
	if s.Partial {
		staged += ", " + absentColumn.String()
	}
	return fmt.Sprintf("COPY %s (%s, %s) FROM STDIN BINARY", s.Staging, staged, LineColumn)
}

// StagedRecord is the statement that gives one staged row as a JSON object, for a reject whose record is no longer in memory.
func (s Shape) StagedRecord() string {
	absent := ""
	if s.Partial {
		list := make([]string, len(s.Columns))
		for i, c := range s.Columns {
			list[i] = columns.Literal(string(c.Name))
		}
		absent = fmt.Sprintf(" - %s - ARRAY(SELECT c FROM unnest(ARRAY[%s]) WITH ORDINALITY AS u(c, n) WHERE get_bit(s.%s, n::integer - 1) = 1)",
			columns.Literal(string(absentColumn)), strings.Join(list, ", "), absentColumn)
	}
	return fmt.Sprintf("SELECT (to_jsonb(s) - '%s'%s)::text FROM %s AS s WHERE %s = $1", string(LineColumn), absent, s.Staging, LineColumn)
}

// Unstage is the statement that takes one staged row out.
func (s Shape) Unstage(line int64) string {
	return fmt.Sprintf("DELETE FROM %s WHERE %s = %d", s.Staging, LineColumn, line)
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

// at is a column of partial rows and its bit.
func at(bit int, name columns.Ident) any {
	return struct {
		Bit  int
		Name columns.Ident
	}{bit, name}
}

// of names the columns of a row.
func of(row string, list []ShapeColumn) string {
	quoted := make([]string, len(list))
	for i, c := range list {
		quoted[i] = row + "." + c.Name.String()
	}
	return strings.Join(quoted, ", ")
}
