package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// burden measures what loading costs the server, which the other parts do not tell: the CPU of all its processes with a checkpoint at the end,
// connections, WAL and the table's size. In two lines a table is loaded by two programs at once.
func (b *bench) burden(ctx context.Context, db *postgres) (*table, error) {
	t := newTable("rows/s", "least", "most", "CPU s", "server CPU s", "connections", "WAL MB", "table MB")
	measure := func(group, name, template string, run runner) error {
		rounds := map[string][]float64{}
		check := db.sameRows(b.rows)
		for range b.rounds {
			if err := db.begin(ctx, template); err != nil {
				return err
			}
			figures, err := db.watch(ctx, run)
			if err == nil {
				err = check(ctx)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			figures["rows/s"] = float64(b.rows) / figures["wall s"]
			b.say("%s, %s: %.2f s, server %.2f CPU s", group, name, figures["wall s"], figures["server CPU s"])
			for column, figure := range figures {
				rounds[column] = append(rounds[column], figure)
			}
		}
		v := values{}
		for column, all := range rounds {
			v[column] = median(all)
		}
		v["least"], v["most"] = slices.Min(rounds["rows/s"]), slices.Max(rounds["rows/s"])
		t.add(group, name, v)
		return nil
	}
	err := byKey(func(key, group string) error {
		lines, err := b.lines(key, b.rows)
		if err != nil {
			return err
		}
		var halves []runner
		for i, first := range []int{0, b.rows / 2} {
			rows := []int{b.rows / 2, b.rows - b.rows/2}[i]
			path, err := b.input(fmt.Sprintf("events%s-%d-%d.singer", key, first, rows), first, rows, schema(key), singer)
			if err != nil {
				return err
			}
			halves = append(halves, b.target(db.run, path, "--pipeline", strconv.Itoa(i), "--uncovered-rows", "keep"))
		}
		return errors.Join(measure(group, "one program", "", b.target(db.run, lines)),
			measure(group, "two at once, half the rows each", "", together(halves...)))
	})
	if err != nil {
		return nil, err
	}
	lines, err := b.lines("uuid", b.rows)
	if err != nil {
		return nil, err
	}
	file, err := b.sheet(0, b.rows)
	if err != nil {
		return nil, err
	}
	if err := db.template(ctx, "changed", events, copyFrom("events", file), "UPDATE events SET revenue = revenue + 1", "VACUUM FULL events", primaryKey("uuid")); err != nil {
		return nil, err
	}
	return t, measure("merge, every row changed", "one program", "changed", b.target(db.run, lines))
}

// watch runs programs and tells what they cost themselves and the server.
func (p *postgres) watch(ctx context.Context, run runner) (map[string]float64, error) {
	position := func() (bytes float64, err error) {
		err = p.admin.QueryRow(ctx, "SELECT (pg_current_wal_insert_lsn() - '0/0')::float8").Scan(&bytes)
		return bytes, err
	}
	wal, err := position()
	if err != nil {
		return nil, err
	}
	cpu, err := p.cpu(ctx)
	if err != nil {
		return nil, err
	}
	counting := p.countConnections(ctx)
	u, err := run(ctx)
	connections, counted := counting()
	if err := errors.Join(err, counted); err != nil {
		return nil, err
	}
	if _, err := p.admin.Exec(ctx, "CHECKPOINT"); err != nil {
		return nil, err
	}
	cpuAfter, err := p.cpu(ctx)
	if err != nil {
		return nil, err
	}
	walAfter, err := position()
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, p.run)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	var size float64
	err = conn.QueryRow(ctx, "SELECT pg_total_relation_size('events')::float8").Scan(&size)
	return map[string]float64{"wall s": u.wall.Seconds(), "CPU s": u.cpu.Seconds(), "server CPU s": (cpuAfter - cpu).Seconds(),
		"connections": float64(connections), "WAL MB": (walAfter - wal) / 1e6, "table MB": size / 1e6}, err
}

// countConnections looks at the contestants' database ten times a second, until it is asked for the most connections that there were.
func (p *postgres) countConnections(ctx context.Context) func() (most int, err error) {
	type count struct {
		most int
		err  error
	}
	done, counted := make(chan struct{}), make(chan count)
	go func() {
		var c count
		conn, err := pgx.Connect(ctx, inDatabase(p.run, "postgres"))
		if c.err = err; err == nil {
			defer conn.Close(context.WithoutCancel(ctx))
		}
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				counted <- c
				return
			case <-ticker.C:
				if c.err == nil {
					var now int
					c.err = conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = 'run' AND backend_type = 'client backend'").Scan(&now)
					c.most = max(c.most, now)
				}
			}
		}
	}()
	return func() (int, error) {
		close(done)
		c := <-counted
		return c.most, c.err
	}
}

// tick is the unit of /proc's times, which Linux has fixed.
const tick = 10 * time.Millisecond

// cpu is what all processes of the server have used so far, by Linux's /proc: those that have ended count with the postmaster.
func (p *postgres) cpu(ctx context.Context) (time.Duration, error) {
	var folder string
	if err := p.admin.QueryRow(ctx, "SELECT current_setting('data_directory')").Scan(&folder); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	postmaster, _, _ := strings.Cut(string(text), "\n")
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	sum, seen := 0, false
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: behind the name come state, parent and, from the 12th on, times.
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		pid := filepath.Base(filepath.Dir(path))
		times := fields[11:13]
		if pid == postmaster {
			times, seen = fields[11:15], true
		} else if fields[1] != postmaster {
			continue
		}
		for _, field := range times {
			n, err := strconv.Atoi(field)
			if err != nil {
				return 0, err
			}
			sum += n
		}
	}
	if !seen {
		return 0, errors.New("the server's processes are not to be seen: this part needs Linux")
	}
	return time.Duration(sum) * tick, nil
}
