package main

import (
	"context"
	"fmt"
)

// append loads new rows into a table that holds ten times as many, and into an empty one, both with a key: one whose values come
// in any order, and one whose values rise.
func (b *bench) append(ctx context.Context, db *postgres) (*table, error) {
	file, err := b.sheet(0, b.rows)
	if err != nil {
		return nil, err
	}
	t := newTable(rankedColumns()...)
	for _, key := range []struct{ column, group string }{{"uuid", "random key"}, {"sequence", "rising key"}} {
		lines, err := b.lines(key.column, b.rows)
		if err != nil {
			return nil, err
		}
		empty, full := "empty_"+key.column, "full_"+key.column
		if err := db.template(ctx, empty, declaration(key.column)...); err != nil {
			return nil, err
		}
		if err := db.template(ctx, full, events, older(10*b.rows), "SET maintenance_work_mem = '1GB'", primaryKey(key.column)); err != nil {
			return nil, err
		}
		check := db.sameRows(b.rows)
		target := b.target(db.run, lines, "--dispositions", `{"events":"append"}`)
		byCopy := psql(db.run, copyFrom("events", file))
		outcomes, err := b.contest(ctx, db,
			contestant{"target-postgres, empty table", b.rows, empty, target, check},
			contestant{"target-postgres, ten times as many rows there", b.rows, full, target, check},
			contestant{psqlName(`\copy, empty table`), b.rows, empty, byCopy, check},
			contestant{psqlName(`\copy, ten times as many rows there`), b.rows, full, byCopy, check},
		)
		if err != nil {
			return nil, err
		}
		for i, o := range outcomes {
			base := outcomes[i-i%2] // the same program into the empty table
			t.add(key.group, o.name, values{"rows/s": o.rate(), "CPU s": o.cpu, "wall s": o.wall, "least": o.least, "longest": o.longest,
				"ratio": base.rate() / o.rate()})
		}
	}
	return t, nil
}

// older makes rows of the events' shape in the server, with ids that look like the events' own and a sequence that ends before theirs.
func older(rows int) string {
	return fmt.Sprintf(`INSERT INTO events (uuid, event, sequence)
		SELECT md5(n::text)::uuid::text, '$pageview', n - %d - 1 FROM generate_series(1, %d) AS n`, rows, rows)
}
