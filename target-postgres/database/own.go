package database

import (
	"context"
	_ "embed"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

// The target's own tables, in the target schema.
const (
	StateTable   columns.Ident = "_signalroom_state"
	LoadsTable   columns.Ident = "_signalroom_loads"
	RejectsTable columns.Ident = "_signalroom_rejects"
)

//go:embed sql/own.sql
var ownTables string

// MakeOwnTables makes the schema and the own tables where they are missing, in a short transaction of its own.
func (c *Conn) MakeOwnTables(ctx context.Context, p Pipeline) error {
	statements, err := c.OwnTables(ctx, p)
	if err != nil || len(statements) == 0 {
		return err
	}
	return c.Within(ctx, func() error { return Fault(c.Exec(ctx, p.SchemaLock()+";"+strings.Join(statements, ";"))) })
}

// OwnTables are the statements that make the schema and the own tables, none when all of them are there.
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

// missingOwn lists what is not there yet: the schema by its own name, and tables. A role that may not create need not,
// once somebody else has.
func (c *Conn) missingOwn(ctx context.Context, schema columns.Ident) ([]columns.Ident, error) {
	rows, err := c.Query(ctx, `SELECT n FROM unnest($2::text[]) n WHERE NOT EXISTS (
			SELECT FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace WHERE s.nspname = $1 AND c.relname = n)
		UNION ALL SELECT $1 WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)`,
		string(schema), []string{string(StateTable), string(LoadsTable), string(RejectsTable)})
	if err != nil {
		return nil, Fault(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	missing := make([]columns.Ident, len(names))
	for i, n := range names {
		missing[i] = columns.Ident(n)
	}
	return missing, Fault(err)
}

// State is the committed state of a pipeline, byte for byte; nil when there is none. It waits until no commit of the
// pipeline is under way, so that what it answers stays true.
func (c *Conn) State(ctx context.Context, p Pipeline, longest time.Duration) ([]byte, error) {
	missing, err := c.missingOwn(ctx, p.Schema)
	if err != nil {
		return nil, err
	}
	if slices.Contains(missing, StateTable) {
		return nil, nil
	}
	var state []byte
	err = c.Within(ctx, func() error {
		if err := c.WaitForCommits(ctx, p, longest); err != nil {
			return err
		}
		err := c.QueryRow(ctx, "SELECT state FROM "+p.own(StateTable)+" WHERE pipeline = $1", p.Name).Scan(&state)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return Fault(err)
	})
	return state, err
}

func (p Pipeline) own(t columns.Ident) string {
	return columns.Table{Schema: p.Schema, Name: t}.String()
}

// SetState stores a state in the open transaction.
func (c *Conn) SetState(ctx context.Context, p Pipeline, run string, state []byte) error {
	_, err := c.Conn.Exec(ctx, "INSERT INTO "+p.own(StateTable)+` AS t (pipeline, state, run, updated_at) VALUES ($1, $2, $3, clock_timestamp())
		ON CONFLICT (pipeline) DO UPDATE SET state = excluded.state, run = excluded.run, updated_at = excluded.updated_at`,
		p.Name, string(state), run)
	return Fault(err)
}

// A Load is one row of the loads table: what one transaction did to one stream.
type Load struct {
	Pipeline  string    `json:"pipeline"`
	Run       string    `json:"run"`
	Stream    string    `json:"stream"`
	Table     string    `json:"table"`
	Mode      string    `json:"disposition"`
	Started   time.Time `json:"started_at"`
	Committed time.Time `json:"committed_at"`
	FirstLine int64     `json:"first_line"`
	LastLine  int64     `json:"last_line"`
	Bytes     int64     `json:"bytes"`
	Counts
}

// Counts are what became of a stream's rows.
type Counts struct {
	Read      int64 `json:"read"`
	Inserted  int64 `json:"inserted"`
	Updated   int64 `json:"updated"`
	Unchanged int64 `json:"unchanged"`
	Deleted   int64 `json:"deleted"`
	Rejected  int64 `json:"rejected"`
}

// Add adds counts up.
func (c *Counts) Add(d Counts) {
	c.Read += d.Read
	c.Inserted += d.Inserted
	c.Updated += d.Updated
	c.Unchanged += d.Unchanged
	c.Deleted += d.Deleted
	c.Rejected += d.Rejected
}

// AddLoads stores what the open transaction did.
func (c *Conn) AddLoads(ctx context.Context, p Pipeline, loads []Load) error {
	if len(loads) == 0 {
		return nil
	}
	b := &pgx.Batch{}
	for i := range loads {
		l := &loads[i]
		b.Queue("INSERT INTO "+p.own(LoadsTable)+` (pipeline, run, stream, "table", disposition, started_at, committed_at, first_line, last_line,
				bytes, read, inserted, updated, unchanged, deleted, rejected)
			VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp(), $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
			l.Pipeline, l.Run, l.Stream, l.Table, l.Mode, l.Started, l.FirstLine, l.LastLine,
			l.Bytes, l.Read, l.Inserted, l.Updated, l.Unchanged, l.Deleted, l.Rejected)
	}
	return Fault(c.SendBatch(ctx, b).Close())
}

// Loads are the newest rows of the loads table, the newest first; of all pipelines when p has no name.
func (c *Conn) Loads(ctx context.Context, p Pipeline, limit int) ([]Load, error) {
	if missing, err := c.missingOwn(ctx, p.Schema); err != nil || slices.Contains(missing, LoadsTable) {
		return nil, err
	}
	var loads []Load
	err := c.Within(ctx, func() error {
		rows, err := c.Query(ctx, `SELECT pipeline, run, stream, "table", disposition, started_at, committed_at, first_line, last_line,
				bytes, read, inserted, updated, unchanged, deleted, rejected
			FROM `+p.own(LoadsTable)+" WHERE $1 IN ('', pipeline) ORDER BY id DESC LIMIT $2", p.Name, limit)
		if err != nil {
			return Fault(err)
		}
		loads, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Load, error) {
			var l Load
			err := row.Scan(&l.Pipeline, &l.Run, &l.Stream, &l.Table, &l.Mode, &l.Started, &l.Committed, &l.FirstLine, &l.LastLine,
				&l.Bytes, &l.Read, &l.Inserted, &l.Updated, &l.Unchanged, &l.Deleted, &l.Rejected)
			return l, err
		})
		return Fault(err)
	})
	return loads, err
}

// A Reject is a record that was not loaded.
type Reject struct {
	ID       int64      `json:"id"`
	Pipeline string     `json:"pipeline"`
	Run      string     `json:"run"`
	At       time.Time  `json:"rejected_at"`
	Stream   string     `json:"stream"`
	Line     int64      `json:"line"`             // where it stood in the run's input, from 1
	Key      string     `json:"key,omitempty"`    // the key's values, a JSON object
	Column   string     `json:"column,omitempty"` // empty when no single column is to blame
	Reason   string     `json:"reason"`
	SQLState string     `json:"sqlstate,omitempty"`
	Record   string     `json:"record"`
	Replayed *time.Time `json:"replayed_at,omitempty"`
}

// AddRejects stores records that were not loaded, in the open transaction. Text that PostgreSQL cannot hold gets U+FFFD.
func (c *Conn) AddRejects(ctx context.Context, p Pipeline, rejects []Reject) error {
	if len(rejects) == 0 {
		return nil
	}
	b := &pgx.Batch{}
	for i := range rejects {
		r := &rejects[i]
		b.Queue("INSERT INTO "+p.own(RejectsTable)+` (pipeline, run, rejected_at, stream, line, key, "column", reason, sqlstate, record)
			VALUES ($1, $2, clock_timestamp(), $3, $4, nullif($5, ''), nullif($6, ''), $7, nullif($8, ''), $9)`,
			r.Pipeline, r.Run, holdable(r.Stream), r.Line, holdable(r.Key), holdable(r.Column), r.Reason, r.SQLState, holdable(r.Record))
	}
	return Fault(c.SendBatch(ctx, b).Close())
}

// Rejects are the newest rejects of the pipeline, or of all when p has no name, the newest first, of streams that the glob matches.
func (c *Conn) Rejects(ctx context.Context, p Pipeline, stream string, limit int) ([]Reject, error) {
	if missing, err := c.missingOwn(ctx, p.Schema); err != nil || slices.Contains(missing, RejectsTable) {
		return nil, err
	}
	var rejects []Reject
	err := c.Within(ctx, func() error {
		rows, err := c.Query(ctx, `SELECT id, pipeline, run, rejected_at, stream, line, coalesce(key, ''), coalesce("column", ''), reason,
				coalesce(sqlstate, ''), record, replayed_at
			FROM `+p.own(RejectsTable)+" WHERE $1 IN ('', pipeline) ORDER BY id DESC", p.Name)
		if err != nil {
			return Fault(err)
		}
		defer rows.Close()
		for rows.Next() && len(rejects) < limit {
			var r Reject
			if err := rows.Scan(&r.ID, &r.Pipeline, &r.Run, &r.At, &r.Stream, &r.Line, &r.Key, &r.Column, &r.Reason,
				&r.SQLState, &r.Record, &r.Replayed); err != nil {
				return Fault(err)
			}
			if stream == "" || protocol.Glob(stream, r.Stream) {
				rejects = append(rejects, r)
			}
		}
		rows.Close()
		return Fault(rows.Err())
	})
	return rejects, err
}

func holdable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
