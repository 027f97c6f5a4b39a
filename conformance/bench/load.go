package main

import "context"

// target runs target-postgres on a file of Singer lines. Its tables have the columns of the rows and no others, unless args say so.
func (b *bench) target(dsn, lines string, args ...string) runner {
	args = append([]string{"--dsn", dsn, "--pipeline", "bench", "--add-record-metadata=false"}, args...)
	return func(ctx context.Context) (usage, error) {
		return reading(ctx, lines, nil, b.program("target-postgres"), args...)
	}
}

// byKey calls f for the stream without a key and with one.
func byKey(f func(key, group string) error) error {
	if err := f("", "no key"); err != nil {
		return err
	}
	return f("uuid", "key")
}

// load is a first load. The rival's table is declared beforehand, as the target declares it.
func (b *bench) load(ctx context.Context, db *postgres) (*table, error) {
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
		declared := "declared" + key
		if err := db.template(ctx, declared, declaration(key)...); err != nil {
			return err
		}
		check := db.sameRows(b.rows)
		outcomes, err := b.contest(ctx, db,
			contestant{psqlName(`\copy`), b.rows, declared, psql(db.run, copyFrom("events", file)), check},
			contestant{"target-postgres", b.rows, "", b.target(db.run, lines), check},
			contestant{"target-postgres, with the seven metadata columns", b.rows, "", b.target(db.run, lines, "--add-record-metadata=true"), check},
		)
		if err == nil {
			t.ranked(group, outcomes)
		}
		return err
	})
}

func declaration(key string) []string {
	if key == "" {
		return []string{events}
	}
	return []string{events, primaryKey(key)}
}
