package main

import (
	"context"
	"fmt"
	"slices"
)

// A runner does a piece of work and says what it cost.
type runner func(context.Context) (usage, error)

// A contestant does a piece of work in a database of its own.
type contestant struct {
	name     string
	rows     int    // of its input
	template string // database that it begins with a copy of; empty for an empty one
	run      runner
	check    func(context.Context) error // that the work was done
}

// An outcome is the median of a contestant's runs.
type outcome struct {
	contestant
	wall, cpu      float64 // seconds
	least, longest float64 // of the wall's seconds
	peak           float64 // MiB
}

func (o outcome) rate() float64 { return float64(o.rows) / o.wall }

// contest lets all contestants run in turns, so that whatever else the machine does meets all of them. None pays for what an earlier
// one left: each begins with a new database, and after a checkpoint.
func (b *bench) contest(ctx context.Context, db *postgres, contestants ...contestant) ([]outcome, error) {
	outcomes := make([]outcome, len(contestants))
	wall, cpu, peak := make([][]float64, len(contestants)), make([][]float64, len(contestants)), make([][]float64, len(contestants))
	for round := range b.rounds {
		for i, c := range contestants {
			if err := db.begin(ctx, c.template); err != nil {
				return nil, err
			}
			u, err := c.run(ctx)
			if err == nil {
				err = c.check(ctx)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			b.say("%d/%d %s: %.2f s, %.0f rows/s", round+1, b.rounds, c.name, u.wall.Seconds(), float64(c.rows)/u.wall.Seconds())
			wall[i], cpu[i] = append(wall[i], u.wall.Seconds()), append(cpu[i], u.cpu.Seconds())
			peak[i] = append(peak[i], float64(u.peak)/(1<<20))
		}
	}
	for i, c := range contestants {
		outcomes[i] = outcome{c, median(wall[i]), median(cpu[i]), slices.Min(wall[i]), slices.Max(wall[i]), median(peak[i])}
	}
	return outcomes, nil
}

func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	middle := len(values) / 2
	if len(values)%2 == 0 {
		return (values[middle-1] + values[middle]) / 2
	}
	return values[middle]
}

// ranked adds a line for each outcome. The first is the way by hand; the rate is told as a multiple of its.
func (t *table) ranked(group string, outcomes []outcome) {
	for i, o := range outcomes {
		t.Lines = append(t.Lines, line{group, o.name, classOf(i, byHand, ours), values{
			"rows/s": o.rate(), "CPU s": o.cpu, "wall s": o.wall, "least": o.least, "longest": o.longest, "ratio": o.rate() / outcomes[0].rate()}})
	}
}

// rankedColumns are what ranked fills.
func rankedColumns() []string {
	return []string{"rows/s", "CPU s", "wall s", "least", "longest", "ratio"}
}
