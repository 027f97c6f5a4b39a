package database

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

// A Load is one row of the loads table, what one transaction did to one stream, or the sum of those of a run.
type Load struct {
	Pipeline  string    `json:"pipeline"`
	Run       string    `json:"run"`
	Stream    string    `json:"stream"`
	Table     string    `json:"table"`
	Mode      string    `json:"disposition"`
	Started   time.Time `json:"started_at"`
	Committed time.Time `json:"committed_at"`
	Seconds   float64   `json:"seconds"`
	Intervals int64     `json:"intervals"`
	FirstLine int64     `json:"first_line"`
	LastLine  int64     `json:"last_line"`
	Bytes     int64     `json:"bytes"`
	Counts
	Bookmark string `json:"bookmark,omitempty"` // at most BookmarkShown bytes of it
	Version  int64  `json:"version,omitempty"`  // of the rows; 0 for none
	Program  string `json:"program,omitempty"`
}

// BookmarkShown is how much of a bookmark a history needs.
const BookmarkShown = 200

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
		b.Queue("INSERT INTO "+p.own(loadsTable)+` (pipeline, run, stream, "table", disposition, started_at, committed_at, first_line, last_line,
				bytes, read, inserted, updated, unchanged, deleted, rejected, bookmark, version, program)
			VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp(), $7, $8, $9, $10, $11, $12, $13, $14, $15, nullif($16, ''), nullif($17::bigint, 0), nullif($18, ''))`,
			l.Pipeline, l.Run, columns.Holdable(l.Stream), l.Table, l.Mode, l.Started, l.FirstLine, l.LastLine,
			l.Bytes, l.Read, l.Inserted, l.Updated, l.Unchanged, l.Deleted, l.Rejected, columns.Holdable(l.Bookmark), l.Version, l.Program)
	}
	return Fault(c.SendBatch(ctx, b).Close())
}

// A LoadFilter says which loads are wanted.
type LoadFilter struct {
	Stream    string // a glob; empty for all
	Intervals bool   // each transaction, not the sum of a run
	Limit     int
}

// Loads are the newest loads of a pipeline, the newest first; of all pipelines when p has no name.
func (c *Conn) Loads(ctx context.Context, p Pipeline, f LoadFilter) ([]Load, error) {
	if made, err := c.made(ctx, p, loadsTable); err != nil || !made {
		return nil, err
	}
	streams, err := c.streams(ctx, p.own(loadsTable), f.Stream)
	if err != nil {
		return nil, err
	}
	// What the table of an older version lacks is null.
	of := p.own(loadsTable) + ` AS l, to_jsonb(l) AS j,
		LATERAL (SELECT j ->> 'bookmark', (j ->> 'version')::bigint, j ->> 'program') AS late (mark, versioned, made)
		WHERE $1 IN ('', pipeline) AND stream = ANY ($2)`
	sql := `SELECT pipeline, run, stream, "table", disposition, started_at, committed_at, 1::bigint, first_line, last_line,
			bytes, read, inserted, updated, unchanged, deleted, rejected, coalesce(mark, ''), coalesce(versioned, 0), coalesce(made, '')
		FROM ` + of + " ORDER BY id DESC LIMIT $3"
	if !f.Intervals {
		sql = `SELECT pipeline, run, stream, (array_agg("table" ORDER BY id DESC))[1], (array_agg(disposition ORDER BY id DESC))[1],
				min(started_at), max(committed_at), count(*), min(first_line), max(last_line),
				sum(bytes)::bigint, sum(read)::bigint, sum(inserted)::bigint, sum(updated)::bigint, sum(unchanged)::bigint, sum(deleted)::bigint, sum(rejected)::bigint,
				coalesce((array_agg(mark ORDER BY id DESC) FILTER (WHERE mark IS NOT NULL))[1], ''), coalesce(max(versioned), 0), coalesce(max(made), '')
			FROM ` + of + " GROUP BY pipeline, run, stream ORDER BY max(id) DESC LIMIT $3"
	}
	return collect(ctx, c, sql, []any{p.Name, streams, f.Limit}, func(row pgx.CollectableRow) (l Load, err error) {
		err = row.Scan(&l.Pipeline, &l.Run, &l.Stream, &l.Table, &l.Mode, &l.Started, &l.Committed, &l.Intervals, &l.FirstLine, &l.LastLine,
			&l.Bytes, &l.Read, &l.Inserted, &l.Updated, &l.Unchanged, &l.Deleted, &l.Rejected, &l.Bookmark, &l.Version, &l.Program)
		l.Seconds = l.Committed.Sub(l.Started).Seconds()
		return l, err
	})
}

// LoadedBy names another stream whose rows were loaded into a table of the pipeline's schema, by any pipeline; empty for none.
func (c *Conn) LoadedBy(ctx context.Context, p Pipeline, t columns.Table, stream string) (string, error) {
	var other string
	err := c.QueryRow(ctx, "SELECT stream FROM "+p.own(loadsTable)+` WHERE "table" = $1 AND stream <> $2 LIMIT 1`, string(t.Name), columns.Holdable(stream)).Scan(&other)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return other, Fault(err)
}

// streams are the names in an own table that a glob matches.
func (c *Conn) streams(ctx context.Context, table, glob string) ([]string, error) {
	names, err := collect(ctx, c, "SELECT DISTINCT stream FROM "+table, nil, pgx.RowTo[string])
	return slices.DeleteFunc(names, func(name string) bool { return glob != "" && !protocol.Glob(glob, name) }), err
}
