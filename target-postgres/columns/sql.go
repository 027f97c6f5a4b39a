package columns

import "strings"

// AddKey renders the statement that gives a table its primary key; empty without key columns.
func AddKey(t Table, key []Ident) string {
	if len(key) == 0 {
		return ""
	}
	return "ALTER TABLE " + t.String() + " ADD PRIMARY KEY (" + List(key) + ")"
}

// SQL renders the change, one statement each. Columns are added only if they are not there, so that several runs on
// one table may make the same change at once.
func (c Change) SQL(t Table) []string {
	alter, name := "ALTER TABLE "+t.String(), c.Column.Name.String()
	switch c.Action {
	case AddColumn, AddVariant:
		statements := []string{alter + " ADD COLUMN IF NOT EXISTS " + name + " " + c.Column.Type.String()}
		if c.Column.Comment != "" {
			statements = append(statements, commentOn(t, c.Column))
		}
		return statements
	case Widen:
		return []string{alter + " ALTER COLUMN " + name + " TYPE " + c.Column.Type.String() + using(c.Column.Name, c.From, c.Column.Type)}
	case DropNotNull:
		return []string{alter + " ALTER COLUMN " + name + " DROP NOT NULL"}
	}
	return nil
}

// String says what the change is, for a person.
func (c Change) String() string {
	switch c.Action {
	case AddVariant:
		why := "its values cannot be converted"
		if c.Pinned {
			why = "a view, a constraint or the like uses it"
		}
		return c.Of.String() + " keeps its type, because " + why + ": new values go to " + c.Column.Name.String() + " " + c.Column.Type.String()
	case Widen:
		return c.Column.Name.String() + " " + c.From.String() + " → " + c.Column.Type.String()
	case DropNotNull:
		return c.Column.Name.String() + " takes nulls"
	}
	return c.Column.Name.String() + " " + c.Column.Type.String() + " is new"
}

// using is the conversion of the values that are there, where the server's own would lose something: a float loses
// digits on its way to numeric, a date takes the session's time zone, and a time takes its style.
func using(column Ident, from, to Type) string {
	name := column.String()
	switch {
	case to.Kind == JSONB:
		return " USING to_jsonb(" + name + ")"
	case inexact(from) && to.number(), from.Kind == Array && inexact(from.Element()):
		return " USING " + name + "::text::" + to.String()
	case from.Kind == Inet:
		return " USING abbrev(" + name + ")"
	case from.Kind == Date && to.Kind == Timestamptz:
		return " USING " + name + "::timestamp AT TIME ZONE 'UTC'"
	case from.Kind == Timestamptz && to.Kind == Text:
		return " USING CASE WHEN isfinite(" + name + ") THEN (to_jsonb(" + name + " AT TIME ZONE 'UTC') #>> '{}') || 'Z' ELSE " + name + "::text END"
	case (from.Kind == Timestamp || from.Kind == Date) && to.Kind == Text:
		return " USING to_jsonb(" + name + ") #>> '{}'"
	}
	return ""
}

func inexact(t Type) bool { return t.Kind == Real || t.Kind == Double }

func commentOn(t Table, c Column) string {
	return "COMMENT ON COLUMN " + t.String() + "." + c.Name.String() + " IS " + Literal(c.Comment)
}

func keyList(columns []Column) string {
	var names []Ident
	for _, c := range columns {
		if c.Key {
			names = append(names, c.Name)
		}
	}
	return List(names)
}

// Literal quotes a text as a string constant, for servers with and without standard_conforming_strings.
func Literal(s string) string {
	quoted := "'" + strings.ReplaceAll(Holdable(s), "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}
