package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A table of a database.
type table struct{ dsn, name string }

// A tolerance is in what a table may differ from the one that is wanted.
type tolerance struct {
	untyped bool              // it must have the columns whose schema names no type
	breaks  *strings.Replacer // how it writes line breaks in a text
	zeros   bool              // 1.50 in JSON may be 1.5
	more    bool              // it may have rows beside those that are wanted
}

var exactly = tolerance{untyped: true, breaks: strings.NewReplacer()}

// exportTables are those that the sample exports fill.
var exportTables = []string{"sticky_orders", "sticky_prospects", "_rejected_rows"}

// sameExports is an error when the tables of the sample exports differ.
func sameExports(ctx context.Context, want, got string) error {
	for _, name := range exportTables {
		if err := compareTables(ctx, table{want, name}, table{got, name}, exactly); err != nil {
			return err
		}
	}
	return nil
}

// compareTables compares a table with the one that is wanted, value by value, in the types of the latter. Columns that targets add do not count.
func compareTables(ctx context.Context, want, got table, differs tolerance) error {
	columns, err := rows(ctx, want.dsn, `SELECT attname || ' ' || format_type(atttypid, atttypmod) FROM pg_attribute
		WHERE attrelid = '"`+want.name+`"'::regclass AND attnum > 0 AND NOT attisdropped AND attname !~ '^_sdc_|^_extra$' ORDER BY attname`)
	if err != nil {
		return err
	}
	there, err := rows(ctx, got.dsn, `SELECT attname::text FROM pg_attribute WHERE attrelid = '"`+got.name+`"'::regclass AND attnum > 0`)
	if err != nil {
		return err
	}
	if !differs.untyped {
		columns = slices.DeleteFunc(columns, func(column string) bool {
			name, nested := strings.CutSuffix(column, " jsonb")
			return nested && !slices.Contains(there, name)
		})
	}
	for i, column := range columns {
		name, kind, _ := strings.Cut(column, " ")
		name = pgx.Identifier{name}.Sanitize()
		switch kind {
		case "jsonb":
			columns[i] = "to_jsonb(" + name + ") AS " + name
		case "numeric": // 1.50 is 1.5 in a double
			columns[i] = "trim_scale(" + name + "::numeric) AS " + name
		default:
			columns[i] = name + "::" + kind + " AS " + name
		}
	}
	sql := `SELECT to_jsonb(r)::text FROM (SELECT ` + strings.Join(columns, ", ") + ` FROM "%s") r`
	wanted, err := plain(ctx, want.dsn, fmt.Sprintf(sql, want.name), differs)
	if err != nil {
		return err
	}
	held, err := plain(ctx, got.dsn, fmt.Sprintf(sql, got.name), tolerance{breaks: exactly.breaks, zeros: differs.zeros})
	if err != nil {
		return err
	}
	if len(wanted) == 0 && want.name != "_rejected_rows" {
		return errors.New(want.name + " is empty")
	}
	if differs.more {
		held = slices.DeleteFunc(held, func(row string) bool { return !slices.Contains(wanted, row) })
	}
	return same(got.name, held, wanted)
}

// plain are the rows of a query as JSON objects, sorted. A text that is JSON becomes what it stands for: some targets keep JSON as text.
func plain(ctx context.Context, dsn, sql string, differs tolerance) ([]string, error) {
	found, err := rows(ctx, dsn, sql)
	if err != nil {
		return nil, err
	}
	for i, row := range found {
		members := map[string]any{}
		decoder := json.NewDecoder(strings.NewReader(row))
		decoder.UseNumber()
		if err := decoder.Decode(&members); err != nil {
			return nil, err
		}
		for name, value := range members {
			if differs.zeros {
				members[name] = shortest(value)
			}
			text, ok := value.(string)
			if !ok {
				continue
			}
			members[name] = differs.breaks.Replace(text)
			if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
				var nested any
				if json.Unmarshal([]byte(text), &nested) == nil {
					members[name] = nested
				}
			}
		}
		encoded, err := json.Marshal(members)
		if err != nil {
			return nil, err
		}
		found[i] = string(encoded)
	}
	slices.Sort(found)
	return found, nil
}

// shortest replaces the numbers in a value by their shortest form.
func shortest(value any) any {
	switch value := value.(type) {
	case json.Number:
		if number, ok := new(big.Rat).SetString(value.String()); ok {
			return number.RatString()
		}
	case []any:
		for i := range value {
			value[i] = shortest(value[i])
		}
	case map[string]any:
		for name := range value {
			value[name] = shortest(value[name])
		}
	}
	return value
}

// same is an error when two lists of rows differ.
func same(what string, got, want []string) error {
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			return fmt.Errorf("%s: %d rows, expected %d; the first that differs:\n%s\nexpected:\n%s", what, len(got), len(want), at(got, i), at(want, i))
		}
	}
	return nil
}

func at(rows []string, i int) string {
	if i < len(rows) {
		return rows[i]
	}
	return "(none)"
}
