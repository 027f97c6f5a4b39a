package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

const (
	checkRows   = 150_000
	checkRounds = 5
)

// An allowance is how much CPU a program may need, as a multiple of what the plain CSV loop needs for the same rows.
type allowance struct {
	name string
	most float64
	run  runner
}

// check fails when a program needs more than its allowance. Those are about twice what was found when they were set. The least of
// several runs counts, in turns with the plain loop, so that neither a slow machine nor a busy one fails it; wall time is not looked at.
func (b *bench) check(ctx context.Context, stdout io.Writer) error {
	b.rows = checkRows
	folder, store, stop, err := b.store(ctx)
	if err != nil {
		return err
	}
	defer stop()
	sheet, err := b.objectOfEvents(folder, "events.csv", b.rows)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	_, err = onServer(func(b *bench, ctx context.Context, db *postgres) (*table, error) {
		allowances := []allowance{{"tap-s3-exports", 2, command(store, b.program("tap-s3-exports"))}}
		err := byKey(func(key, group string) error {
			lines, err := b.lines(key, b.rows)
			allowances = append(allowances, allowance{"target-postgres, " + group, 6, b.target(db.run, lines)})
			return err
		})
		if err != nil {
			return nil, err
		}
		return nil, db.judge(ctx, command(nil, self, "child", "csv", sheet), allowances, stdout)
	})(b, ctx)
	return err
}

// judge runs all in turns and compares.
func (p *postgres) judge(ctx context.Context, plain runner, allowances []allowance, stdout io.Writer) error {
	all := append([]allowance{{run: plain}}, allowances...)
	cpu := make([]time.Duration, len(all))
	for range checkRounds {
		for i, a := range all {
			if err := p.begin(ctx, ""); err != nil {
				return err
			}
			u, err := a.run(ctx)
			if err != nil {
				return err
			}
			if cpu[i] == 0 || u.cpu < cpu[i] {
				cpu[i] = u.cpu
			}
		}
	}
	var over []string
	for i, a := range all[1:] {
		ratio := cpu[i+1].Seconds() / cpu[0].Seconds()
		fmt.Fprintf(stdout, "%s: %.2f times the CPU of the plain CSV loop (%v, %v), at most %.1f\n", a.name, ratio, cpu[i+1], cpu[0], a.most)
		if ratio > a.most {
			over = append(over, a.name)
		}
	}
	if len(over) > 0 {
		return fmt.Errorf("more CPU than allowed: %v; make bench PARTS=\"csv load\" tells more", slices.Sorted(slices.Values(over)))
	}
	return nil
}
