package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A loader is a program that others made, with the settings that are measured.
type loader struct {
	name  string // with its settings
	from  *environment
	share int // it gets one row in so many: a slow one has fewer
	run   func(bin string, rows int) (runner, error)
}

// An environment is what a loader is installed in.
type environment struct {
	name     string
	packages []string // of Python, with their versions
	probe    []string // a program of it and arguments; where that fails, its loaders are left out
	fetches  bool     // the program is not in the package, which fetches it from elsewhere at its first start
}

// A race is a group of loaders with the same input. The first is ours.
type race struct {
	name    string
	own     contestant
	loaders []loader
}

// others measures loaders that others made. One that cannot be installed or does not start is left out, and a note says so.
func (b *bench) others(ctx context.Context, db *postgres) (*table, error) {
	store, env, stop, err := b.store(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	sheet, err := b.objectOfEvents(store, "events.csv", b.rows)
	if err != nil {
		return nil, err
	}
	for _, key := range []string{"", "uuid"} { // ours; the others' are made when they are installed
		if _, err := b.lines(key, b.rows); err != nil {
			return nil, err
		}
	}
	t := newTable("rows", "rows/s", "least", "most", "CPU s per million rows", "peak MiB", "ratio")
	broken := map[*environment]error{}
	for _, r := range b.races(db, sheet, env) {
		contestants := []contestant{r.own}
		for _, l := range r.loaders {
			err, tried := broken[l.from]
			if !tried {
				b.say("installing %s", strings.Join(l.from.packages, ", "))
				err = b.install(ctx, l.from)
				broken[l.from] = err
			}
			if err != nil {
				t.leaveOut(l.name, err)
				continue
			}
			rows := b.rows / l.share
			run, err := l.run(b.environmentBin(l.from), rows)
			if err != nil {
				return nil, err
			}
			contestants = append(contestants, contestant{l.name, rows, "", run, db.counted(rows)})
		}
		outcomes, err := b.contest(ctx, db, contestants...)
		if err != nil {
			return nil, err
		}
		for i, o := range outcomes {
			t.Lines = append(t.Lines, line{r.name, o.name, classOf(i, ours, peer), values{"rows": float64(o.rows),
				"rows/s": o.rate(), "least": float64(o.rows) / o.longest, "most": float64(o.rows) / o.least, "CPU s per million rows": o.cpu / float64(o.rows) * 1e6, "peak MiB": o.peak, "ratio": outcomes[0].rate() / o.rate()}})
		}
	}
	return t, nil
}

func (b *bench) environmentBin(e *environment) string { return filepath.Join(b.peers, e.name, "bin") }

// install makes the environment, or finds it as it should be. The error is for a reader of the page.
func (b *bench) install(ctx context.Context, e *environment) error {
	if b.peers == "" {
		return errors.New("programs that others made were not asked for")
	}
	bin := b.environmentBin(e)
	if _, err := os.Stat(filepath.Join(bin, "pip")); err != nil {
		if err := b.try(ctx, "python3", "-m", "venv", filepath.Dir(bin)); err != nil {
			return fmt.Errorf("no Python environment could be made (%w)", err)
		}
	}
	if err := b.try(ctx, filepath.Join(bin, "pip"), append([]string{"install", "--quiet"}, e.packages...)...); err != nil {
		return fmt.Errorf("it could not be installed (%w)", err)
	}
	err := b.try(ctx, filepath.Join(bin, e.probe[0]), e.probe[1:]...)
	switch {
	case err != nil && e.fetches:
		return fmt.Errorf("its package fetches the program from elsewhere at the first start, and that failed (%w)", err)
	case err != nil:
		return fmt.Errorf("it was installed and does not start (%w)", err)
	}
	return nil
}

// try runs a program; all that it says goes to a log.
func (b *bench) try(ctx context.Context, name string, args ...string) error {
	path := filepath.Join(b.peers, "install.log")
	if err := os.MkdirAll(b.peers, 0o755); err != nil {
		return err
	}
	log, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	fmt.Fprintln(log, "#", name, strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), b.quiet()...)
	return cmd.Run()
}

// quiet keeps loaders from writing into the user's home, and from calling theirs.
func (b *bench) quiet() []string {
	return []string{"HOME=" + filepath.Join(b.peers, "home"), "RUNTIME__DLTHUB_TELEMETRY=false", "SLING_DISABLE_TELEMETRY=true",
		"INGESTR_DISABLE_TELEMETRY=true", "DISABLE_TELEMETRY=true"}
}

// counted is a check that the table holds so many rows, whatever schema a loader made it in. The values of most are not exact.
func (p *postgres) counted(rows int) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := pgx.Connect(ctx, p.run)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		var table string
		if err := conn.QueryRow(ctx, "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE tablename = 'events'").Scan(&table); err != nil {
			return fmt.Errorf("the table: %w", err)
		}
		var count int
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&count); err != nil {
			return err
		}
		if count != rows {
			return fmt.Errorf("%d of %d rows are in the table", count, rows)
		}
		return nil
	}
}
