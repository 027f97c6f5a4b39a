package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/signalroom/signalroom/conformance/sample"
)

// pipe loads an object of an S3 server: beside what one types by hand, beside loaders that read S3 themselves, and beside the bound that the
// server sets, which is COPY from local files on as many connections as there are cores here.
func (b *bench) pipe(ctx context.Context, db *postgres) (*table, error) {
	if b.peers != "" && !havePSQL() {
		return nil, errors.New("there is no psql to compare with: install PostgreSQL's client (postgresql-client in Debian), or name other parts")
	}
	folder, store, stop, err := b.store(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	if _, err := b.objectOfEvents(folder, "events.csv", b.rows); err != nil {
		return nil, err
	}
	bound, err := b.twoCopies(db)
	if err != nil {
		return nil, err
	}
	const ofBound = "of the bound"
	t := newTable(append(rankedColumns(), ofBound)...)
	sameRows := db.sameRows(b.rows)
	var contestants []contestant
	add := func(l loader, template string, check func(context.Context) error) error {
		b.say("installing %s", strings.Join(l.from.packages, ", "))
		if err := b.install(ctx, l.from); err != nil {
			t.leaveOut(l.name, err)
			return nil
		}
		rows := b.rows / l.share
		run, err := l.run(b.environmentBin(l.from), rows)
		if check == nil {
			check = db.counted(rows)
		}
		contestants = append(contestants, contestant{l.name, rows, template, run, check})
		return err
	}
	if err := byKey(func(key, group string) error {
		if err := db.template(ctx, "declared"+key, declaration(key)...); err != nil {
			return err
		}
		return add(b.copyByHand(db, group, store), "declared"+key, sameRows)
	}); err != nil {
		return nil, err
	}
	contestants = append(contestants,
		contestant{`bound: two \copy at once of local files, no key`, b.rows, "declared", bound, sameRows},
		contestant{`bound: two \copy at once of local files, key`, b.rows, "declareduuid", bound, sameRows})
	byHands := len(contestants)
	contestants = append(contestants,
		contestant{"tap-s3-exports | target-postgres, key _file_name, _row_id", b.rows, "", b.ownPipe(db.run, store, ""), sameRows},
		contestant{"tap-s3-exports | target-postgres, key uuid", b.rows, "", b.ownPipe(db.run, store, "uuid"), sameRows})
	for _, l := range []loader{b.dltFromStore(db, store), b.dltByDefault(db, folder, store), b.slingFromStore(db, folder, store)} {
		if err := add(l, "", nil); err != nil {
			return nil, err
		}
	}
	outcomes, err := b.contest(ctx, db, contestants...)
	if err != nil {
		return nil, err
	}
	t.ranked("", outcomes)
	for i := range t.Lines {
		switch {
		case i < byHands:
			t.Lines[i].Class = byHand
		case i < byHands+2:
			t.Lines[i].Class = ours
		default:
			t.Lines[i].Class = peer
		}
		t.Lines[i].Values[ofBound] = t.Lines[i].Values["rows/s"] / outcomes[byHands-2].rate()
	}
	return t, nil
}

// objectOfEvents puts rows into the store, as CSV with a header.
func (b *bench) objectOfEvents(folder, key string, rows int) (path string, err error) {
	object := filepath.Join(filepath.Base(filepath.Dir(folder)), filepath.Base(folder), key)
	return b.input(object, 0, rows, []byte(strings.Join(sample.EventColumns, ",")+"\n"), sample.AppendEventCSV)
}

// copyByHand is what one types without a loader.
func (b *bench) copyByHand(db *postgres, group string, store []string) loader {
	awscli := &environment{"awscli", []string{"awscli==1.46.3"}, []string{"aws", "--version"}, false}
	return loader{`aws s3 cp - | psql \copy, ` + group, awscli, 1, func(bin string, _ int) (runner, error) {
		return piped(
			func(out *os.File) runner {
				return func(ctx context.Context) (usage, error) {
					return processTo(ctx, nil, out, append(b.quiet(), store...), filepath.Join(bin, "aws"), "s3", "cp", "--no-progress", "s3://"+bucket+"/events.csv", "-")
				}
			},
			func(in *os.File) runner {
				return func(ctx context.Context) (usage, error) {
					return process(ctx, in, nil, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", db.run, "-c", `\copy events from pstdin csv header`)
				}
			}), nil
	}}
}

// dltFromStore reads with Arrow's own S3 client.
func (b *bench) dltFromStore(db *postgres, store []string) loader {
	return loader{dltArrowName, dlt(), 1, func(bin string, _ int) (runner, error) {
		uri := "s3://" + bucket + "/events.csv?scheme=http&region=" + setting(store, "AWS_REGION") +
			"&endpoint_override=" + strings.TrimPrefix(setting(store, "AWS_ENDPOINT_URL_S3"), "http://")
		return b.script(dltArrow, bin, uri, db.tcp(), append(store, dltArrowSettings)...)
	}}
}

// dltByDefault is the pipeline of dlt's documentation for CSV in a bucket, https://dlthub.com/docs/dlt-ecosystem/verified-sources/filesystem.
func (b *bench) dltByDefault(db *postgres, folder string, store []string) loader {
	dlt := &environment{"dlt-filesystem", []string{"dlt[postgres,s3]==1.31.0", "pandas==2.3.3"}, []string{"python", "-c", "import dlt, s3fs, pandas"}, false}
	return loader{"dlt 1.31.0 by default", dlt, share, func(bin string, rows int) (runner, error) {
		if _, err := b.objectOfEvents(folder, "share.csv", rows); err != nil {
			return nil, err
		}
		return b.script(dltFilesystem, bin, "s3://"+bucket, db.tcp(), store...)
	}}
}

// share is how many times as many rows others have as loaders that are slow, which read an object of their own.
const share = 4

func (b *bench) slingFromStore(db *postgres, folder string, store []string) loader {
	return loader{slingName, sling(), share, func(bin string, rows int) (runner, error) {
		if _, err := b.objectOfEvents(folder, "share.csv", rows); err != nil {
			return nil, err
		}
		connection, err := json.Marshal(map[string]string{"type": "s3", "bucket": bucket, "endpoint": setting(store, "AWS_ENDPOINT_URL_S3"), "region": setting(store, "AWS_REGION"),
			"access_key_id": setting(store, "AWS_ACCESS_KEY_ID"), "secret_access_key": setting(store, "AWS_SECRET_ACCESS_KEY")})
		return command(append(b.quiet(), "BENCH="+db.tcp(), "STORE="+string(connection)), filepath.Join(bin, "sling"), "run", "--src-conn", "STORE",
			"--src-stream", "s3://"+bucket+"/share.csv", "--tgt-conn", "BENCH", "--tgt-object", "public.events", "--mode", "full-refresh"), err
	}}
}

// twoCopies loads the events from two local files at once.
func (b *bench) twoCopies(db *postgres) (runner, error) {
	half := b.rows / 2
	first, err := b.sheet(0, half)
	if err != nil {
		return nil, err
	}
	second, err := b.sheet(half, b.rows-half)
	return together(psql(db.run, copyFrom("events", first)), psql(db.run, copyFrom("events", second))), err
}

// setting is a variable's value.
func setting(env []string, name string) string {
	for _, variable := range env {
		if value, found := strings.CutPrefix(variable, name+"="); found {
			return value
		}
	}
	return ""
}

// piped runs a program that writes into the input of another one.
func piped(writer, reader func(end *os.File) runner) runner {
	return func(ctx context.Context) (usage, error) {
		in, out, err := os.Pipe()
		if err != nil {
			return usage{}, err
		}
		return together(
			func(ctx context.Context) (usage, error) {
				defer out.Close()
				return writer(out)(ctx)
			},
			func(ctx context.Context) (usage, error) {
				defer in.Close()
				return reader(in)(ctx)
			},
		)(ctx)
	}
}
