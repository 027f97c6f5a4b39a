package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

// A Table is what the catalogs say of a table.
type Table struct {
	Name     columns.Table
	Exists   bool
	Used     int // columns, those that were dropped included
	Columns  []Column
	Uniques  []Unique // constraints and indexes that make rows unique
	Triggers bool     // row triggers fire before an insert, and may change the row
	Acts     bool     // triggers or rules do something when rows are written
	Watched  bool     // a foreign key refers to it, or a trigger fires when rows are deleted
	Form     string   // of the columns, as [Conn.HoldForm] gives it
	columns.Storage
}

// A Column is a column of a table.
type Column struct {
	columns.Column
	Declared string // its type as a statement spells it, a domain or enum included
	Exact    bool   // two values are equal only if their bytes are
}

// A Unique is an index that keeps rows apart by plain columns, at once and for all rows.
type Unique struct {
	Name    string
	Columns []columns.Ident
	Primary bool
}

// Shapes gives the columns as the diff takes them.
func (t *Table) Shapes() []columns.Column {
	shapes := make([]columns.Column, len(t.Columns))
	for i, c := range t.Columns {
		shapes[i] = c.Column
	}
	return shapes
}

// Column finds a column by name.
func (t *Table) Column(name columns.Ident) (*Column, bool) {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i], true
		}
	}
	return nil, false
}

// Arbiters are the names of the unique indexes over exactly these columns.
func (t *Table) Arbiters(key []columns.Ident) []string {
	var names []string
	want := slices.Sorted(slices.Values(key))
	for _, u := range t.Uniques {
		if slices.Equal(slices.Sorted(slices.Values(u.Columns)), want) {
			names = append(names, u.Name)
		}
	}
	return names
}

const tableQuery = `SELECT c.oid, c.relkind::text, c.relnatts,
	EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgtype & 3 = 3 AND g.tgtype & 4 = 4),
	c.relhasrules OR EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal),
	EXISTS (SELECT FROM pg_constraint f WHERE f.confrelid = c.oid)
		OR EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgtype & 8 = 8),
	ARRAY(SELECT i.relname::text FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid),
	ARRAY(SELECT p.relname::text FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhrelid WHERE h.inhparent = c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2`

// A column is pinned where a view, a rule, a trigger, a policy, a function, a publication, a generated column or the partition
// key reads it, and where its type is a domain, whose rule would go with the type; an identity goes no further than bigint. It
// is linked where a constraint, the expression of an index or its own default is about its type. Domains and enums count as
// the type that their values are written as.
const columnsQuery = `SELECT a.attname, format_type(a.atttypid, a.atttypmod),
	CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod)
		WHEN t.typtype = 'e' OR t.typname = 'citext' THEN 'text'
		ELSE format_type(a.atttypid, a.atttypmod) END,
	a.attnotnull, a.atthasdef OR a.attidentity <> '',
	a.attgenerated <> '' OR a.attidentity = 'a',
	coalesce(a.attnum = ANY (pk.indkey::int2[]), false),
	EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
		AND d.classid IN ('pg_rewrite'::regclass, 'pg_attrdef'::regclass, 'pg_trigger'::regclass, 'pg_policy'::regclass, 'pg_proc'::regclass, 'pg_publication_rel'::regclass)
		AND NOT EXISTS (SELECT FROM pg_attrdef f WHERE d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid AND f.adnum = a.attnum))
		OR coalesce(a.attnum = ANY (p.partattrs::int2[]), false) OR t.typtype = 'd' OR a.attidentity <> '' AND a.atttypid = 'bigint'::regtype,
	a.atthasdef OR coalesce(a.attnum = ANY ((SELECT array_agg(n) FROM (
		SELECT unnest(conkey) AS n FROM pg_constraint WHERE conrelid = $1 AND contype IN ('c', 'f', 'x')
		UNION ALL SELECT unnest(confkey) FROM pg_constraint WHERE confrelid = $1
		UNION ALL SELECT d.refobjsubid FROM pg_depend d JOIN pg_index i ON i.indexrelid = d.objid
			WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = $1 AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
	) AS used)::int4[]), false),
	` + columnForm + `,
	t.typname IN ('bool', 'int2', 'int4', 'int8', 'text', 'varchar', 'uuid', 'date', 'timestamp', 'timestamptz', 'bytea')
		AND t.typnamespace = 'pg_catalog'::regnamespace
		AND NOT EXISTS (SELECT FROM pg_collation o WHERE o.oid = a.attcollation AND NOT o.collisdeterministic)
FROM pg_attribute a
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_index pk ON pk.indrelid = a.attrelid AND pk.indisprimary
LEFT JOIN pg_partitioned_table p ON p.partrelid = a.attrelid
WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`

const uniquesQuery = `SELECT ic.relname, i.indisprimary,
	(SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, n)
		JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE k.n <= i.indnkeyatts)
FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid
WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
ORDER BY i.indisprimary DESC, ic.relname`

// columnForm tells a column from one that was altered.
const columnForm = "concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod)"

// formQuery gives those of a table as one text.
const formQuery = "SELECT coalesce(string_agg(" + columnForm + ", ',' ORDER BY a.attnum), '')" + `
	FROM pg_attribute a WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped`

// HoldForm takes the lock on a table that a COPY takes, and gives the form of its columns: the same text as long as nobody
// alters them.
func (c *Conn) HoldForm(ctx context.Context, t columns.Table) (string, error) {
	results, err := c.PgConn().Exec(ctx, "LOCK TABLE "+t.String()+" IN ROW EXCLUSIVE MODE;"+fmt.Sprintf(formQuery, columns.Literal(t.String()))).ReadAll()
	if err != nil {
		return "", Fault(err)
	}
	return string(results[len(results)-1].Rows[0][0]), nil
}

// Describe reads a table from the catalogs. What has the name but takes no rows is a Config fault.
func (c *Conn) Describe(ctx context.Context, name columns.Table) (*Table, error) {
	t := &Table{Name: name}
	var oid uint32
	var kind string
	err := c.QueryRow(ctx, tableQuery, string(name.Schema), string(name.Name)).Scan(
		&oid, &kind, &t.Used, &t.Triggers, &t.Acts, &t.Watched, &t.Indexes, &t.Partitions)
	if errors.Is(err, pgx.ErrNoRows) {
		return t, nil
	}
	if err != nil {
		return nil, Fault(err)
	}
	if kind != "r" && kind != "p" {
		return nil, protocol.ConfigFault("rename it, or load into another schema", "%s exists and is not a table", name)
	}
	t.Exists, t.Parted = true, kind == "p"
	rows, _ := c.Query(ctx, columnsQuery, oid)
	var forms []string
	t.Columns, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Column, error) {
		var col Column
		var base, form string
		err := row.Scan((*string)(&col.Name), &col.Declared, &base, &col.NotNull, &col.Default, &col.ReadOnly, &col.Key, &col.Pinned, &col.Linked, &form, &col.Exact)
		forms = append(forms, form)
		col.Type = columns.ParseType(base)
		return col, err
	})
	if err != nil {
		return nil, Fault(err)
	}
	t.Form = strings.Join(forms, ",")
	rows, _ = c.Query(ctx, uniquesQuery, oid)
	t.Uniques, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (u Unique, err error) {
		err = row.Scan(&u.Name, &u.Primary, &u.Columns)
		return u, err
	})
	return t, Fault(err)
}

// Empty tells whether a table has no row that this transaction can see.
func (c *Conn) Empty(ctx context.Context, name columns.Table) (bool, error) {
	var empty bool
	err := c.QueryRow(ctx, "SELECT NOT EXISTS (SELECT FROM "+name.String()+")").Scan(&empty)
	return empty, Fault(err)
}

// Exists tells whether a table has a row that fulfils a condition on its generation; any row where it has no such column.
func (c *Conn) Exists(ctx context.Context, t *Table, condition string) (bool, error) {
	if !t.Exists {
		return false, nil
	}
	if _, ok := t.Column(columns.GenerationName); !ok {
		condition = "true"
	}
	var is bool
	err := c.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+t.Name.String()+" WHERE "+condition+")").Scan(&is)
	return is, Fault(err)
}
