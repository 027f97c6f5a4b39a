package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/signalroom/signalroom/conformance/sample"
	"github.com/signalroom/signalroom/target-postgres/server"
)

// stateEvery is how many events lie between two STATE lines.
const stateEvery = 10_000

// singer appends event n as a Singer line, with a STATE line where one is due.
func singer(dst []byte, n int) []byte {
	dst = sample.AppendEventRecord(dst, "events", n)
	if (n+1)%stateEvery == 0 {
		dst = sample.AppendEventState(dst, "events", n)
	}
	return dst
}

func (b *bench) load(ctx context.Context) (err error) {
	db, err := server.Start(ctx, server.Options{Dir: filepath.Join(b.folder, "postgres"), Settings: map[string]string{"max_wal_size": "8GB"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Stop(context.WithoutCancel(ctx))) }()
	conn, err := pgx.Connect(ctx, db.DSN())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	rival := &copyRival{dsn: db.DSN(), file: filepath.Join(b.folder, "events.csv")}
	if err := b.generateRows(rival.file, nil, sample.AppendEventCSV); err != nil {
		return err
	}
	b.row("\n%d events into a new table\trows/s\tCPU s\twall s\tratio to %s", b.rows, rival.name())
	for _, key := range []bool{false, true} {
		name := map[bool]string{false: "no key", true: "key"}[key]
		lines := filepath.Join(b.folder, "events.singer")
		if err := b.generateRows(lines, sample.EventSchema("events", key), singer); err != nil {
			return err
		}
		target := filepath.Join(b.bin, "target-postgres")
		load := func(args ...string) func() (usage, error) {
			return func() (usage, error) {
				in, err := os.Open(lines)
				if err != nil {
					return usage{}, err
				}
				defer in.Close()
				return process(ctx, in, nil, target, append(args, "--dsn", db.DSN(), "--pipeline", "bench")...)
			}
		}
		programs := []struct {
			name string
			run  func() (usage, error)
		}{
			{"target-postgres, no metadata columns", load("--add-record-metadata=false")},
			{rival.name(), func() (usage, error) { return rival.run(ctx) }},
			{"target-postgres, default", load()},
		}
		rates, cpu := make([][]float64, len(programs)), make([][]float64, len(programs))
		for range b.rounds {
			for i, p := range programs {
				if err := prepare(ctx, conn, p.name == rival.name(), key); err != nil {
					return err
				}
				u, err := p.run()
				if err != nil {
					return err
				}
				if err := b.loaded(ctx, conn); err != nil {
					return fmt.Errorf("%s: %w", p.name, err)
				}
				b.say("load: %s, %s: %.2f s", name, p.name, u.wall.Seconds())
				rates[i], cpu[i] = append(rates[i], float64(b.rows)/u.wall.Seconds()), append(cpu[i], u.cpu.Seconds())
			}
		}
		base := median(rates[1])
		for i, p := range programs {
			m := median(rates[i])
			b.row("%s: %s\t%.0f\t%.2f\t%.2f\t%.2f", name, p.name, m, median(cpu[i]), float64(b.rows)/m, m/base)
		}
		if err := os.Remove(lines); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) generateRows(path string, head []byte, next func([]byte, int) []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	buf := slices.Clone(head)
	for n := range b.rows {
		if buf = next(buf, n); len(buf) > 256<<10 || n == b.rows-1 {
			if _, err := f.Write(buf); err != nil {
				return errors.Join(err, f.Close())
			}
			buf = buf[:0]
		}
	}
	return f.Close()
}

// prepare makes the same beginning for everybody: no table, or for the rival an empty one declared as the target declares it.
func prepare(ctx context.Context, conn *pgx.Conn, rival, key bool) error {
	sql := "DROP TABLE IF EXISTS events, _signalroom_state, _signalroom_loads, _signalroom_rejects;"
	if rival {
		constraint := ""
		if key {
			constraint = " PRIMARY KEY"
		}
		sql += "CREATE TABLE events (uuid text" + constraint + `, event text, distinct_id text, person_id text, session_id text, "timestamp" timestamptz,
			created_at timestamptz, elements_chain text, revenue numeric, sequence bigint, properties jsonb);`
	}
	for _, statement := range []string{sql, "CHECKPOINT"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// loaded checks that a program did its work: all rows are there, and their values are those that were sent.
func (b *bench) loaded(ctx context.Context, conn *pgx.Conn) error {
	var rows int
	var revenue string
	err := conn.QueryRow(ctx, "SELECT count(*), sum(revenue)::text FROM events WHERE properties ? '$browser' AND \"timestamp\" > '2026-11-01'",
		pgx.QueryExecModeSimpleProtocol).Scan(&rows, &revenue)
	if err != nil {
		return err
	}
	if rows != b.rows {
		return fmt.Errorf("%d of %d rows are in the table", rows, b.rows)
	}
	return nil
}

// copyRival is psql's \copy of the CSV file, or the same statement through pgx.
type copyRival struct{ dsn, file string }

func (r *copyRival) name() string {
	if _, err := exec.LookPath("psql"); err == nil {
		return `psql \copy`
	}
	return "COPY of CSV through pgx"
}

func (r *copyRival) run(ctx context.Context) (usage, error) {
	if !strings.HasPrefix(r.name(), "psql") {
		self, err := os.Executable()
		if err != nil {
			return usage{}, err
		}
		return process(ctx, nil, nil, self, "child", "copy", r.dsn, r.file)
	}
	return process(ctx, nil, nil, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", r.dsn, "-c", `\copy events from '`+r.file+`' csv`)
}

// copyCSV is the rival where there is no psql.
func copyCSV(ctx context.Context, dsn, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.PgConn().CopyFrom(ctx, f, "COPY events FROM STDIN (FORMAT csv)")
	return err
}
