package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
)

var (
	//go:embed peers/dlt_dicts.py
	dltDicts []byte
	//go:embed peers/dlt_arrow.py
	dltArrow []byte
	//go:embed peers/dlt_filesystem.py
	dltFilesystem []byte
)

// races are the loaders by what they read, each with the fastest of its settings that we found. The sheet is a CSV file with a header,
// and the environment leads to the store that holds it.
func (b *bench) races(db *postgres, sheet string, store []string) []race {
	meltano := &environment{"meltano", []string{"meltanolabs-target-postgres==0.8.1"}, []string{"target-postgres", "--version"}, false}
	pipelinewise := &environment{"pipelinewise", []string{"pipelinewise-target-postgres==2.1.2"}, []string{"target-postgres", "--help"}, false}
	dlt, sling := dlt(), sling()
	ingestr := &environment{"ingestr", []string{"ingestr==1.1.76"}, []string{"ingestr", "--version"}, true}

	c := db.admin.Config()
	server := map[string]any{"host": "127.0.0.1", "port": c.Port, "user": c.User, "password": c.Password, "database": "run", "dbname": "run",
		"default_target_schema": "public", "add_record_metadata": false, "activate_version": false, "primary_key_required": false}
	fast := map[string]any{"use_copy": true, "validate_records": false, "batch_size_rows": 100_000}
	return []race{
		{"Singer lines, no key", b.own(db, ""), []loader{
			{"MeltanoLabs target-postgres 0.8.1, use_copy, tuned", meltano, 5, b.singerTarget("", server, fast)},
			{"PipelineWise target-postgres 2.1.2", pipelinewise, 5, b.singerTarget("", server)},
			{"dlt 1.31.0, dicts, CSV COPY, 2 workers", dlt, 5, func(bin string, rows int) (runner, error) {
				lines, err := b.lines("", rows)
				if err != nil {
					return nil, err
				}
				return b.script(dltDicts, bin, lines, db.tcp(), "NORMALIZE__WORKERS=2", "DATA_WRITER__FILE_MAX_ITEMS=50000")
			}},
		}},
		{"Singer lines, key", b.own(db, "uuid"), []loader{
			{"MeltanoLabs target-postgres 0.8.1, default", meltano, 20, b.singerTarget("uuid", server)},
			{"PipelineWise target-postgres 2.1.2", pipelinewise, 5, b.singerTarget("uuid", server)},
		}},
		{"CSV, no key", contestant{"tap-s3-exports, target-postgres", b.rows, "", b.ownPipe(db.tcp(), store, ""), db.counted(b.rows)}, []loader{
			{dltArrowName, dlt, 1, func(bin string, rows int) (runner, error) {
				return b.script(dltArrow, bin, "file://"+sheet, db.tcp(), dltArrowSettings)
			}},
			{slingName, sling, 1, func(bin string, rows int) (runner, error) {
				return command(append(b.quiet(), "BENCH="+db.tcp()), filepath.Join(bin, "sling"), "run", "--src-stream", "file://"+sheet,
					"--tgt-conn", "BENCH", "--tgt-object", "public.events", "--mode", "full-refresh"), nil
			}},
			{"ingestr 1.1.76", ingestr, 1, func(bin string, rows int) (runner, error) {
				return command(b.quiet(), filepath.Join(bin, "ingestr"), "ingest", "--source-uri", "csv://"+sheet, "--source-table", "events",
					"--dest-uri", db.tcp(), "--dest-table", "public.events", "--incremental-strategy", "append", "--yes"), nil
			}},
		}},
	}
}

const (
	dltArrowName     = "dlt 1.31.0, Arrow, ADBC COPY"
	dltArrowSettings = "DATA_WRITER__BUFFER_MAX_ITEMS=200000"
	slingName        = "Sling 1.4.9"
)

func dlt() *environment {
	return &environment{"dlt", []string{"dlt[postgres]==1.31.0", "pyarrow==26.0.1", "adbc-driver-manager==1.13.0", "adbc-driver-postgresql==1.13.0"},
		[]string{"python", "-c", "import dlt, orjson, pyarrow, adbc_driver_postgresql"}, false}
}

// sling is a version whose package holds the program. Newer ones fetch it at the first start, as ingestr does.
func sling() *environment {
	return &environment{"sling", []string{"sling==1.4.9"}, []string{"sling", "--version"}, false}
}

// own is ours on Singer lines.
func (b *bench) own(db *postgres, key string) contestant {
	return contestant{"target-postgres", b.rows, "", func(ctx context.Context) (usage, error) {
		lines, err := b.lines(key, b.rows)
		if err != nil {
			return usage{}, err
		}
		return b.target(db.tcp(), lines)(ctx)
	}, db.counted(b.rows)}
}

// ownPipe is ours on CSV. Without a key the rows have the tap's own, which is made of the file and the row.
func (b *bench) ownPipe(dsn string, store []string, key string) runner {
	stream := `{"name":"events","pattern":"events.csv"}`
	if key != "" {
		stream = `{"name":"events","pattern":"events.csv","key_properties":["` + key + `"]}`
	}
	return piped(
		func(out *os.File) runner {
			return func(ctx context.Context) (usage, error) {
				return processTo(ctx, nil, out, store, b.program("tap-s3-exports"), "--streams", "["+stream+"]")
			}
		},
		func(in *os.File) runner {
			return func(ctx context.Context) (usage, error) {
				return process(ctx, in, nil, b.program("target-postgres"), "--dsn", dsn, "--pipeline", "bench", "--add-record-metadata=false")
			}
		})
}

// singerTarget is another Singer target with its settings in a file.
func (b *bench) singerTarget(key string, settings ...map[string]any) func(string, int) (runner, error) {
	return func(bin string, rows int) (runner, error) {
		all := map[string]any{}
		for _, some := range settings {
			maps.Copy(all, some)
		}
		text, err := json.Marshal(all)
		if err != nil {
			return nil, err
		}
		config, err := b.file("settings-*.json", text)
		if err != nil {
			return nil, err
		}
		lines, err := b.lines(key, rows)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context) (usage, error) {
			return reading(ctx, lines, b.quiet(), filepath.Join(bin, "target-postgres"), "--config", config)
		}, nil
	}
}

// script runs one of the embedded Python programs, each time with a folder of its own.
func (b *bench) script(text []byte, bin, input, dsn string, env ...string) (runner, error) {
	program, err := b.file("load-*.py", text)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (u usage, err error) {
		folder, err := os.MkdirTemp(b.folder, "pipeline-")
		if err != nil {
			return usage{}, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
		return process(ctx, nil, append(b.quiet(), env...), filepath.Join(bin, "python"), program, input, dsn, folder)
	}, nil
}

// file writes a file of the run's folder under a name of its own.
func (b *bench) file(pattern string, text []byte) (path string, err error) {
	f, err := os.CreateTemp(b.folder, pattern)
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	return f.Name(), errors.Join(err, f.Close())
}

func command(env []string, name string, args ...string) runner {
	return func(ctx context.Context) (usage, error) { return process(ctx, nil, env, name, args...) }
}
