package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/signalroom/signalroom/conformance/sample"
)

// trickle writes a row a second, each followed by its STATE, and looks from another connection when the row is there.
func (b *bench) trickle(ctx context.Context, db *postgres) (*table, error) {
	t := newTable("median s", "worst s", "CPU s")
	rows := min(max(b.rows/25_000, 3), 40)
	t.Input, t.Rounds = fmt.Sprintf("%d rows", rows), 1
	return t, byKey(func(key, group string) error {
		declared := "declared" + key
		if err := db.template(ctx, declared, declaration(key)...); err != nil {
			return err
		}
		if err := db.begin(ctx, declared); err != nil {
			return err
		}
		waits, u, err := b.trickleInto(ctx, db.run, key, rows)
		if err != nil {
			return err
		}
		b.say("%s: %d rows, median %.2f s, worst %.2f s", group, rows, median(waits), slices.Max(waits))
		t.add(group, "target-postgres, batch_wait_seconds 1",
			values{"median s": median(waits), "worst s": slices.Max(waits), "CPU s": u.cpu.Seconds()})
		return nil
	})
}

// trickleInto gives the seconds from the writing of each row's STATE to the row's visibility. The input stays open until all are seen.
func (b *bench) trickleInto(ctx context.Context, dsn, key string, rows int) (waits []float64, u usage, err error) {
	in, out, err := os.Pipe()
	if err != nil {
		return nil, usage{}, err
	}
	target, ended := context.WithCancel(ctx)
	var running sync.WaitGroup
	var failed error
	running.Go(func() {
		defer ended()
		defer in.Close()
		u, failed = process(ctx, in, nil, b.program("target-postgres"), "--dsn", dsn, "--pipeline", "bench",
			"--add-record-metadata=false", "--batch-wait-seconds", "1")
	})
	wrote := make(chan time.Time, rows)
	running.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		buf := schema(key)
		for n := range rows {
			buf = sample.AppendEventState(sample.AppendEventRecord(buf, "events", n), "events", n)
			if _, err := out.Write(buf); err != nil {
				return // the process's error says why
			}
			wrote <- time.Now()
			buf = buf[:0]
			select {
			case <-tick.C:
			case <-target.Done():
				return
			}
		}
	})
	waits, err = watch(target, dsn, rows, wrote)
	err = errors.Join(err, out.Close())
	running.Wait()
	return waits, u, errors.Join(failed, err)
}

// watch notes when each row is seen first.
func watch(ctx context.Context, dsn string, rows int, wrote <-chan time.Time) ([]float64, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	var waits []float64
	for len(waits) < rows {
		var seen int
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM events").Scan(&seen); err != nil {
			return nil, fmt.Errorf("%d of %d rows were seen: %w", len(waits), rows, err)
		}
		for now := time.Now(); len(waits) < seen; {
			waits = append(waits, now.Sub(<-wrote).Seconds())
		}
		<-look.C
	}
	return waits, nil
}
