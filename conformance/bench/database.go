package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/signalroom/signalroom/target-postgres/server"
)

// defaults are PostgreSQL's own where the private server's differ. It is durable.
func defaults() map[string]string { return map[string]string{"max_wal_size": "1GB"} }

// A postgres is the server of a part.
type postgres struct {
	admin *pgx.Conn
	run   string // URL of the database that contestants work in, by the unix socket
}

// onServer is a part that needs a server: it has a new one for itself.
func onServer(run func(*bench, context.Context, *postgres) (*table, error)) func(*bench, context.Context) (*table, error) {
	return func(b *bench, ctx context.Context) (t *table, err error) {
		dir := filepath.Join(b.folder, "postgres")
		s, err := server.Start(ctx, server.Options{Dir: dir, Settings: b.server})
		if err != nil {
			return nil, err
		}
		defer func() {
			err = errors.Join(err, s.Stop(context.WithoutCancel(ctx)), os.RemoveAll(dir))
		}()
		admin, err := pgx.Connect(ctx, s.DSN())
		if err != nil {
			return nil, err
		}
		defer admin.Close(context.WithoutCancel(ctx))
		t, err = run(b, ctx, &postgres{admin: admin, run: inDatabase(s.DSN(), "run")})
		if t != nil {
			t.Server = "PostgreSQL " + admin.PgConn().ParameterStatus("server_version")
		}
		return t, err
	}
}

func inDatabase(dsn, name string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		return dsn // the server's URLs are well formed
	}
	u.Path = "/" + name
	return u.String()
}

// tcp is the URL of the contestants' database by the loopback port, for programs that take no unix socket.
func (p *postgres) tcp() string {
	c := p.admin.Config()
	u := url.URL{Scheme: "postgresql", User: url.UserPassword(c.User, c.Password), Path: "/run", RawQuery: "sslmode=disable",
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(int(c.Port)))}
	return u.String()
}

// template makes a database for contestants to begin with: fill runs in it, then every table is vacuumed and analyzed.
func (p *postgres) template(ctx context.Context, name string, statements ...string) error {
	if _, err := p.admin.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return err
	}
	return p.execute(ctx, name, append(statements, "VACUUM (ANALYZE)")...)
}

// execute runs statements in a database, each in a transaction of its own.
func (p *postgres) execute(ctx context.Context, name string, statements ...string) error {
	conn, err := pgx.Connect(ctx, inDatabase(p.run, name))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, sql := range statements {
		if err := execute(ctx, conn, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// begin makes the contestants' database anew, as a copy of the template. Nothing is left to be written when it returns.
func (p *postgres) begin(ctx context.Context, template string) error {
	create := "CREATE DATABASE run"
	if template != "" {
		create += " TEMPLATE " + template
		var version int
		if err := p.admin.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
			return err
		}
		if version >= 150000 { // before that files were copied anyway
			create += " STRATEGY FILE_COPY"
		}
	}
	for _, sql := range []string{"DROP DATABASE IF EXISTS run WITH (FORCE)", create, "CHECKPOINT"} {
		if _, err := p.admin.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// The events' table as the target declares it.
const events = `CREATE TABLE events (uuid text, event text, distinct_id text, person_id text, session_id text, "timestamp" timestamptz,
	created_at timestamptz, elements_chain text, revenue numeric, sequence bigint, properties jsonb)`

func primaryKey(column string) string { return "ALTER TABLE events ADD PRIMARY KEY (" + column + ")" }

// sameRows is a check that all programs left the same rows in the table, and as many as their input has. Rows that were there before
// have a negative sequence, or are to be replaced.
func (p *postgres) sameRows(rows int) func(context.Context) error {
	var first string
	return func(ctx context.Context) error {
		conn, err := pgx.Connect(ctx, p.run)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		var count int
		var sum string
		if err := conn.QueryRow(ctx, `SELECT count(*), coalesce(sum(hashtextextended(concat_ws('|', uuid, event, distinct_id, person_id, session_id,
			extract(epoch FROM "timestamp"), extract(epoch FROM created_at), elements_chain, trim_scale(revenue), sequence, properties::jsonb), 0)::numeric), 0)::text
			FROM events WHERE sequence >= 0`).Scan(&count, &sum); err != nil {
			return err
		}
		if count != rows {
			return fmt.Errorf("%d of %d rows are in the table", count, rows)
		}
		if first == "" {
			first = sum
		}
		if sum != first {
			return errors.New("the rows are not those that the first program left")
		}
		return nil
	}
}
