package database

import (
	"context"
	_ "embed"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/signalroom/signalroom/target-postgres/columns"
)

// The target's own tables, in the target schema.
const (
	stateTable   columns.Ident = "_signalroom_state"
	loadsTable   columns.Ident = "_signalroom_loads"
	rejectsTable columns.Ident = "_signalroom_rejects"
	schemasTable columns.Ident = "_signalroom_schemas"
)

// newest names the column of each of them that came last: a table without it was made by an older version, or not at all.
const newest = `VALUES ('_signalroom_state', 'updated_at'), ('_signalroom_loads', 'program'),
	('_signalroom_rejects', 'schema'), ('_signalroom_schemas', 'first_seen_at')`

//go:embed sql/own.sql
var ownTables string

// MakeOwnTables makes the schema and the own tables where they are missing, and adds what those of older versions lack, in a
// short transaction of its own. A role that may not do so need not, once somebody else has.
func (c *Conn) MakeOwnTables(ctx context.Context, p Pipeline) error {
	statements, err := c.OwnTables(ctx, p)
	if err != nil || len(statements) == 0 {
		return err
	}
	return c.Within(ctx, func() error { return Fault(c.Exec(ctx, p.schemaLock()+";"+strings.Join(statements, ";"))) })
}

// OwnTables are the statements that make the schema and the own tables, none when all is there.
func (c *Conn) OwnTables(ctx context.Context, p Pipeline) ([]string, error) {
	missing, err := c.missingOwn(ctx, p.Schema)
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	var statements []string
	if slices.Contains(missing, p.Schema) {
		statements = append(statements, "CREATE SCHEMA IF NOT EXISTS "+p.Schema.String())
	}
	tables := strings.ReplaceAll(ownTables, "{{.Schema}}", p.Schema.String())
	return append(statements, strings.TrimSuffix(strings.TrimSpace(tables), ";")), nil
}

// missingOwn lists what is not there yet, or was made by an older version: the schema by its own name, and tables.
func (c *Conn) missingOwn(ctx context.Context, schema columns.Ident) ([]columns.Ident, error) {
	rows, _ := c.Query(ctx, `SELECT own.name FROM (`+newest+`) AS own (name, newest) WHERE NOT EXISTS (
			SELECT FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
			WHERE s.nspname = $1 AND c.relname = own.name AND a.attname = own.newest)
		UNION ALL SELECT $1 WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)`, string(schema))
	names, err := pgx.CollectRows(rows, pgx.RowTo[columns.Ident]) // with the error of the query
	return names, Fault(err)
}

// collect runs a query in a transaction of its own and gives its rows.
func collect[T any](ctx context.Context, c *Conn, sql string, args []any, read pgx.RowToFunc[T]) (list []T, err error) {
	err = c.Within(ctx, func() error {
		rows, _ := c.Query(ctx, sql, args...)
		list, err = pgx.CollectRows(rows, read) // with the error of the query
		return Fault(err)
	})
	return list, err
}

// State is the committed state of a pipeline, byte for byte; nil when there is none. It waits until no commit of the
// pipeline is under way, so that what it answers stays true.
func (c *Conn) State(ctx context.Context, p Pipeline, longest time.Duration) ([]byte, error) {
	if made, err := c.made(ctx, p, stateTable); err != nil || !made {
		return nil, err
	}
	var state []byte
	err := c.Within(ctx, func() error {
		if err := c.waitForCommits(ctx, p, longest); err != nil {
			return err
		}
		err := c.QueryRow(ctx, "SELECT state FROM "+p.own(stateTable)+" WHERE pipeline = $1", p.Name).Scan(&state)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return Fault(err)
	})
	return state, err
}

// made tells whether an own table is there.
func (c *Conn) made(ctx context.Context, p Pipeline, t columns.Ident) (bool, error) {
	var is bool
	err := c.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
		WHERE s.nspname = $1 AND c.relname = $2)`, string(p.Schema), string(t)).Scan(&is)
	return is, Fault(err)
}

func (p Pipeline) own(t columns.Ident) string {
	return columns.Table{Schema: p.Schema, Name: t}.String()
}

// SetState stores a state in the open transaction, and gives its instant as a [Mark] has it.
func (c *Conn) SetState(ctx context.Context, p Pipeline, run string, state []byte) (at string, err error) {
	err = c.QueryRow(ctx, "INSERT INTO "+p.own(stateTable)+` AS t (pipeline, state, run, updated_at) VALUES ($1, $2, $3, clock_timestamp())
		ON CONFLICT (pipeline) DO UPDATE SET state = excluded.state, run = excluded.run, updated_at = excluded.updated_at
		RETURNING updated_at::text`, p.Name, string(state), run).Scan(&at)
	return at, Fault(err)
}

// MakeSchemas makes the schemas that are missing, in a transaction of their own.
func (c *Conn) MakeSchemas(ctx context.Context, schemas []columns.Ident) error {
	if len(schemas) == 0 {
		return nil
	}
	rows, _ := c.Query(ctx, "SELECT s FROM unnest($1::text[]) s WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = s)", texts(schemas))
	missing, err := pgx.CollectRows(rows, pgx.RowTo[columns.Ident]) // with the error of the query
	if err != nil {
		return Fault(err)
	}
	for _, schema := range missing {
		if err := c.Within(ctx, func() error { return Fault(c.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+schema.String())) }); err != nil {
			return err
		}
	}
	return nil
}
