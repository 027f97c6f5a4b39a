package database

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/signalroom/signalroom/target-postgres/columns"
)

// LoadedBy names another stream whose rows were loaded into a table of the pipeline's schema, by any pipeline; empty for none.
func (c *Conn) LoadedBy(ctx context.Context, p Pipeline, t columns.Table, stream string) (string, error) {
	var other string
	err := c.QueryRow(ctx, "SELECT stream FROM "+p.own(LoadsTable)+` WHERE "table" = $1 AND stream <> $2 LIMIT 1`, string(t.Name), holdable(stream)).Scan(&other)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return other, Fault(err)
}
