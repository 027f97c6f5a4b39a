package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/signalroom/signalroom/conformance/sample"
)

// merge loads rows whose keys are all in the table already: once every row differs from the one there, once none does.
func (b *bench) merge(ctx context.Context, db *postgres) (*table, error) {
	file, err := b.sheet(0, b.rows)
	if err != nil {
		return nil, err
	}
	lines, err := b.lines("uuid", b.rows)
	if err != nil {
		return nil, err
	}
	t := newTable(rankedColumns()...)
	check := db.sameRows(b.rows)
	for _, c := range []struct{ template, group, alter string }{
		{"changed", "every row changed", "UPDATE events SET revenue = revenue + 1"},
		{"unchanged", "no row changed", "SELECT"},
	} {
		// VACUUM FULL, so that the table is as if it had been loaded so.
		if err := db.template(ctx, c.template, events, copyFrom("events", file), c.alter, "VACUUM FULL events", primaryKey("uuid")); err != nil {
			return nil, err
		}
		outcomes, err := b.contest(ctx, db,
			contestant{psqlName(`\copy, INSERT … ON CONFLICT DO UPDATE`), b.rows, c.template, psql(db.run,
				"CREATE TEMPORARY TABLE staged (LIKE events)", copyFrom("staged", file), upsert()), check},
			contestant{"target-postgres", b.rows, c.template, b.target(db.run, lines), check},
		)
		if err != nil {
			return nil, err
		}
		t.ranked(c.group, outcomes)
	}
	return t, nil
}

// upsert is what one writes by hand to merge the rows of staged into events.
func upsert() string {
	var set []string
	for _, name := range sample.EventColumns[1:] {
		set = append(set, fmt.Sprintf("%q = excluded.%q", name, name))
	}
	return "INSERT INTO events SELECT * FROM staged ON CONFLICT (uuid) DO UPDATE SET " + strings.Join(set, ", ")
}

// replace puts a million rows in the place of a million others.
func (b *bench) replace(ctx context.Context, db *postgres) (*table, error) {
	file, err := b.sheet(0, b.rows)
	if err != nil {
		return nil, err
	}
	t := newTable(rankedColumns()...)
	return t, byKey(func(key, group string) error {
		lines, err := b.lines(key, b.rows)
		if err != nil {
			return err
		}
		filled := "filled" + key
		old := append(declaration(key), copyFrom("events", file), "UPDATE events SET revenue = revenue + 1", "VACUUM FULL events")
		if err := db.template(ctx, filled, old...); err != nil {
			return err
		}
		check := db.sameRows(b.rows)
		outcomes, err := b.contest(ctx, db,
			contestant{psqlName(`TRUNCATE, \copy`), b.rows, filled, psql(db.run, "TRUNCATE events", copyFrom("events", file)), check},
			contestant{"target-postgres", b.rows, filled, b.target(db.run, lines, "--dispositions", `{"events":"replace"}`), check},
			contestant{"target-postgres, replace_by truncate", b.rows, filled,
				b.target(db.run, lines, "--dispositions", `{"events":"replace"}`, "--replace-by", "truncate"), check},
		)
		if err == nil {
			t.ranked(group, outcomes)
		}
		return err
	})
}
