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

// pipe loads an object of an S3 server: beside what one types by hand, and beside loaders that read S3 themselves.
func (b *bench) pipe(ctx context.Context, db *postgres) (*table, error) {
	folder, store, stop, err := b.store(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	if _, err := b.objectOfEvents(folder, "events.csv", b.rows); err != nil {
		return nil, err
	}
	t := newTable(rankedColumns()...)
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
	byHands := len(contestants)
	contestants = append(contestants,
		contestant{"tap-s3-exports | target-postgres, key _file_name, _row_id", b.rows, "", b.ownPipe(db.run, store, ""), sameRows},
		contestant{"tap-s3-exports | target-postgres, key uuid", b.rows, "", b.ownPipe(db.run, store, "uuid"), sameRows})
	for _, l := range []loader{b.dltFromStore(db, store), b.slingFromStore(db, folder, store)} {
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
		if !havePSQL() {
			return nil, errors.New("there is no psql")
		}
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

// slingFromStore has a share of the rows, in an object of its own.
func (b *bench) slingFromStore(db *postgres, folder string, store []string) loader {
	return loader{slingName, sling(), 4, func(bin string, rows int) (runner, error) {
		if _, err := b.objectOfEvents(folder, "share.csv", rows); err != nil {
			return nil, err
		}
		connection, err := json.Marshal(map[string]string{"type": "s3", "bucket": bucket, "endpoint": setting(store, "AWS_ENDPOINT_URL_S3"), "region": setting(store, "AWS_REGION"),
			"access_key_id": setting(store, "AWS_ACCESS_KEY_ID"), "secret_access_key": setting(store, "AWS_SECRET_ACCESS_KEY")})
		return command(append(b.quiet(), "BENCH="+db.tcp(), "STORE="+string(connection)), filepath.Join(bin, "sling"), "run", "--src-conn", "STORE",
			"--src-stream", "s3://"+bucket+"/share.csv", "--tgt-conn", "BENCH", "--tgt-object", "public.events", "--mode", "full-refresh"), err
	}}
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
