package main

import (
	"context"
	"errors"
	"sync"
	"time"
)

// parallel is the first load over one, two and four connections.
func (b *bench) parallel(ctx context.Context, db *postgres) (*table, error) {
	file, err := b.sheet(0, b.rows)
	if err != nil {
		return nil, err
	}
	two, err := b.twoCopies(db)
	if err != nil {
		return nil, err
	}
	t := newTable(rankedColumns()...)
	return t, byKey(func(key, group string) error {
		lines, err := b.lines(key, b.rows)
		if err != nil {
			return err
		}
		declared := "declared" + key
		if err := db.template(ctx, declared, declaration(key)...); err != nil {
			return err
		}
		check := db.sameRows(b.rows)
		contestants := []contestant{
			{psqlName(`\copy`), b.rows, declared, psql(db.run, copyFrom("events", file)), check},
			{psqlName(`two \copy at once, half the rows each`), b.rows, declared, two, check},
		}
		for _, n := range []string{"1", "2", "4"} {
			contestants = append(contestants,
				contestant{"target-postgres, connections " + n, b.rows, "", b.target(db.run, lines, "--connections", n), check})
		}
		outcomes, err := b.contest(ctx, db, contestants...)
		if err == nil {
			t.ranked(group, outcomes)
		}
		return err
	})
}

// together runs all at once; it has lasted when the last one ends.
func together(runs ...runner) runner {
	return func(ctx context.Context) (usage, error) {
		var all sync.WaitGroup
		used, errs := make([]usage, len(runs)), make([]error, len(runs))
		start := time.Now()
		for i, run := range runs {
			all.Go(func() { used[i], errs[i] = run(ctx) })
		}
		all.Wait()
		sum := usage{wall: time.Since(start)}
		for _, u := range used {
			sum.cpu += u.cpu
			sum.peak += u.peak
		}
		return sum, errors.Join(errs...)
	}
}
