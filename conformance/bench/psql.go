package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/jackc/pgx/v5"
)

// psql runs statements in one transaction, as one would with psql: \copy among them. Where there is no psql the same
// statements run through pgx in a process of their own.
func psql(dsn string, statements ...string) runner {
	return func(ctx context.Context) (usage, error) {
		if !havePSQL() {
			self, err := os.Executable()
			if err != nil {
				return usage{}, err
			}
			return process(ctx, nil, nil, self, append([]string{"child", "sql", dsn}, statements...)...)
		}
		args := []string{"-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", dsn}
		for _, sql := range statements {
			args = append(args, "-c", sql)
		}
		return process(ctx, nil, nil, "psql", args...)
	}
}

// havePSQL tells whether there is one that runs: Debian's needs the client of some version behind it.
func havePSQL() bool { return exec.Command("psql", "--version").Run() == nil }

// psqlName names a way by hand, and says where it is not psql that goes it.
func psqlName(way string) string {
	if havePSQL() {
		return "psql: " + way
	}
	return way + " through pgx"
}

// copyFrom is the statement that loads a CSV file.
func copyFrom(table, file string) string { return fmt.Sprintf(`\copy %s from '%s' csv`, table, file) }

// statements is psql -1 for those that psql is given.
func statements(ctx context.Context, dsn string, all []string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return pgx.BeginFunc(ctx, conn, func(pgx.Tx) error {
		for _, sql := range all {
			if err := execute(ctx, conn, sql); err != nil {
				return err
			}
		}
		return nil
	})
}

// execute runs a statement, or the COPY that a \copy of copyFrom stands for.
func execute(ctx context.Context, conn *pgx.Conn, sql string) error {
	rest, isCopy := strings.CutPrefix(sql, `\copy `)
	if !isCopy {
		_, err := conn.Exec(ctx, sql)
		return err
	}
	table, file, _ := strings.Cut(strings.TrimSuffix(rest, "' csv"), " from '")
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = conn.PgConn().CopyFrom(ctx, f, "COPY "+table+" FROM STDIN (FORMAT csv)")
	return err
}
