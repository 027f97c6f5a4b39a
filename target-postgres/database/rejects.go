package database

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/columns"
)

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

	Schema *protocol.Stream `json:"-"` // the SCHEMA that it came under, when it is stored
	Hash   string           `json:"-"` // of that SCHEMA, when it is read; empty in those of older versions
}

// AddRejects stores records that were not loaded, in the open transaction, with the SCHEMA that they came under. Text that
// PostgreSQL cannot hold gets U+FFFD.
func (c *Conn) AddRejects(ctx context.Context, p Pipeline, rejects []Reject) error {
	if len(rejects) == 0 {
		return nil
	}
	b := &pgx.Batch{}
	hashes := map[*protocol.Stream]string{nil: ""}
	for i := range rejects {
		r := &rejects[i]
		hash, ok := hashes[r.Schema]
		if !ok {
			hash = hashOf(r.Schema)
			hashes[r.Schema] = hash
			// No constraint keeps a hash from being there twice: a transaction would wait for another one's, and that one perhaps for it.
			b.Queue("INSERT INTO "+p.own(schemasTable)+` (hash, stream, schema, key_properties, bookmark_properties, first_seen_at)
				SELECT $1::text, $2::text, $3::text, $4::text[], $5::text[], clock_timestamp()
				WHERE NOT EXISTS (SELECT FROM `+p.own(schemasTable)+` WHERE hash = $1)`,
				hash, columns.Holdable(r.Stream), columns.Holdable(string(r.Schema.Raw)), holdables(r.Schema.KeyProperties), holdables(r.Schema.BookmarkProperties))
		}
		b.Queue("INSERT INTO "+p.own(rejectsTable)+` (pipeline, run, rejected_at, stream, line, key, "column", reason, sqlstate, record, schema)
			VALUES ($1, $2, clock_timestamp(), $3, $4, nullif($5, ''), nullif($6, ''), $7, nullif($8, ''), $9, nullif($10, ''))`,
			r.Pipeline, r.Run, columns.Holdable(r.Stream), r.Line, columns.Holdable(r.Key), columns.Holdable(r.Column), columns.Holdable(r.Reason), r.SQLState, columns.Holdable(r.Record), hash)
	}
	return Fault(c.SendBatch(ctx, b).Close())
}

// hashOf tells SCHEMAs apart.
func hashOf(s *protocol.Stream) string {
	h := sha256.New()
	for _, list := range [][]string{{s.Name, string(s.Raw)}, s.KeyProperties, s.BookmarkProperties} {
		for _, text := range list {
			h.Write([]byte(text))
			h.Write([]byte{0})
		}
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Schema reads the SCHEMA of a hash; nil when there is none.
func (c *Conn) Schema(ctx context.Context, p Pipeline, hash string) (*protocol.Stream, error) {
	var stream, schema string
	var keys, bookmarks []string
	err := c.QueryRow(ctx, "SELECT stream, schema, key_properties, bookmark_properties FROM "+p.own(schemasTable)+" WHERE hash = $1 LIMIT 1", hash).
		Scan(&stream, &schema, &keys, &bookmarks)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, Fault(err)
	}
	return protocol.NewStream(stream, []byte(schema), keys, bookmarks)
}

// A RejectFilter says which rejects are wanted.
type RejectFilter struct {
	Stream string  // a glob; empty for all
	IDs    []int64 // empty for all
	Reason string  // a part of the reason, in any case; empty for all
}

// where is the condition of a filter and its arguments.
func (c *Conn) where(ctx context.Context, p Pipeline, f RejectFilter) (string, []any, error) {
	streams, err := c.streams(ctx, p.own(rejectsTable), f.Stream)
	return ` WHERE $1 IN ('', pipeline) AND stream = ANY ($2) AND (cardinality($3::bigint[]) = 0 OR id = ANY ($3::bigint[]))
		AND strpos(lower(reason), lower($4)) > 0`, []any{p.Name, streams, append([]int64{}, f.IDs...), f.Reason}, err
}

const rejectColumns = `id, pipeline, run, rejected_at, stream, line, coalesce(key, ''), coalesce("column", ''), reason,
	coalesce(sqlstate, ''), record, replayed_at`

func (r *Reject) fields() []any {
	return []any{&r.ID, &r.Pipeline, &r.Run, &r.At, &r.Stream, &r.Line, &r.Key, &r.Column, &r.Reason, &r.SQLState, &r.Record, &r.Replayed}
}

// Rejects are the newest rejects of a pipeline, or of all when p has no name, the newest first.
func (c *Conn) Rejects(ctx context.Context, p Pipeline, f RejectFilter, limit int) ([]Reject, error) {
	if made, err := c.made(ctx, p, rejectsTable); err != nil || !made {
		return nil, err
	}
	where, args, err := c.where(ctx, p, f)
	if err != nil {
		return nil, err
	}
	return collect(ctx, c, "SELECT "+rejectColumns+" FROM "+p.own(rejectsTable)+where+" ORDER BY id DESC LIMIT $5", append(args, limit),
		func(row pgx.CollectableRow) (r Reject, err error) {
			err = row.Scan(r.fields()...)
			return r, err
		})
}

// A Pending is a reject that was not replayed, without what is large.
type Pending struct {
	ID       int64
	Pipeline string
	Stream   string
	Hash     string // of its SCHEMA; empty in rejects of older versions
	Bytes    int64
}

// Pending are the rejects that were not replayed, the streams of a pipeline one after the other, the oldest first.
func (c *Conn) Pending(ctx context.Context, p Pipeline, f RejectFilter) ([]Pending, error) {
	if made, err := c.made(ctx, p, rejectsTable); err != nil || !made {
		return nil, err
	}
	where, args, err := c.where(ctx, p, f)
	if err != nil {
		return nil, err
	}
	return collect(ctx, c, "SELECT id, pipeline, stream, coalesce(schema, ''), octet_length(record) FROM "+p.own(rejectsTable)+
		where+" AND replayed_at IS NULL ORDER BY pipeline, stream, id", args, pgx.RowToStructByPos[Pending])
}

// RejectsByID are those of these rejects that were not replayed, the oldest first.
func (c *Conn) RejectsByID(ctx context.Context, p Pipeline, ids []int64) ([]Reject, error) {
	return collect(ctx, c, "SELECT "+rejectColumns+", coalesce(schema, '') FROM "+p.own(rejectsTable)+
		" WHERE id = ANY ($1) AND replayed_at IS NULL ORDER BY id", []any{ids},
		func(row pgx.CollectableRow) (r Reject, err error) {
			err = row.Scan(append(r.fields(), &r.Hash)...)
			return r, err
		})
}

// MarkReplayed marks rejects as replayed, in the open transaction. It is a Transient fault when one of them is marked already.
func (c *Conn) MarkReplayed(ctx context.Context, p Pipeline, ids []int64) error {
	tag, err := c.Conn.Exec(ctx, "UPDATE "+p.own(rejectsTable)+" SET replayed_at = now() WHERE id = ANY ($1) AND replayed_at IS NULL", ids)
	if err != nil {
		return Fault(err)
	}
	if tag.RowsAffected() != int64(len(ids)) {
		return protocol.TransientFault("run it again: it takes those that are left", "some of the rejects were replayed by somebody else")
	}
	return nil
}

func holdables(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = columns.Holdable(t)
	}
	return out
}
