package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/jackc/pgx/v5"
)

var meltanoLabsTap = &environment{name: "meltanolabs-tap-postgres", packages: []string{"meltanolabs-tap-postgres==0.10.0"}}
var pipelineWiseTap = &environment{name: "pipelinewise-tap-s3-csv", packages: []string{"pipelinewise-tap-s3-csv==3.0.1"}}

// A foreign tap is somebody else's. change changes its rows before each run, counted from 1.
type foreign struct {
	from     *environment
	program  string
	flag     string // for the catalog
	settings map[string]any
	metadata map[string]any // of a stream in the catalog
	change   func(context.Context, int) error
	want     table // the rows at the source
	stream   string
}

func tapSteps(ctx context.Context, l *lab) ([]step, error) {
	if err := l.serve(ctx); err != nil {
		return nil, err
	}
	var steps []step
	for _, open := range []func(context.Context) (foreign, error){l.tapPostgres, l.tapS3CSV} {
		f, err := open(ctx)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{name: f.from.name + ", three runs with state", run: func(ctx context.Context) error { return l.loadForeign(ctx, f) }})
	}
	return steps, nil
}

// tapPostgres reads a table by its cursor: rows are added and changed.
func (l *lab) tapPostgres(ctx context.Context) (foreign, error) {
	dsn, err := l.database(ctx, "shop")
	if err != nil {
		return foreign{}, err
	}
	const fill = `INSERT INTO orders SELECT n, 'Größe ' || n || E'\n"x"', n * 0.01, n %% 3 = 0, jsonb_build_object('n', n, 'deep', jsonb_build_array(1, null)),
		date '2026-01-01' + (n %% 300), timestamptz '2026-01-01 00:00:00.123456+02' + n * interval '1 minute', timestamptz '2026-02-01Z' + n * interval '1 second'
		FROM generate_series(%d, %d) n`
	return foreign{
		from: meltanoLabsTap, program: "tap-postgres", flag: "--catalog",
		settings: map[string]any{"sqlalchemy_url": dsn, "filter_schemas": []string{"public"},
			"dates_as_string": true, "json_as_object": true, "use_singer_decimal": true},
		metadata: map[string]any{"replication-method": "INCREMENTAL", "replication-key": "updated_at"},
		want:     table{dsn, "orders"}, stream: "public-orders",
		change: func(ctx context.Context, run int) error {
			switch run {
			case 1:
				return execute(ctx, dsn, `CREATE TABLE orders (id bigint PRIMARY KEY, note text, total numeric(12,2), paid boolean, detail jsonb, day date, at timestamptz,
					updated_at timestamptz NOT NULL)`, fmt.Sprintf(fill, 1, 1000))
			case 2:
				return execute(ctx, dsn, fmt.Sprintf(fill, 1001, 1300), "UPDATE orders SET note = NULL, total = 12345678.90, updated_at = '2026-03-01Z' WHERE id % 7 = 0")
			}
			return nil
		},
	}, nil
}

// tapS3CSV reads the files of a bucket that have changed.
func (l *lab) tapS3CSV(ctx context.Context) (foreign, error) {
	dsn, err := l.database(ctx, "files")
	if err != nil {
		return foreign{}, err
	}
	put := func(ctx context.Context, key string, first, last int, word string) error {
		body := []byte("id,name,amount\n")
		for n := first; n <= last; n++ {
			body = fmt.Appendf(body, "%d,\"%s, %d\",%d.5\n", n, word, n, n)
		}
		if _, err := l.store.Client().PutObject(ctx, &s3.PutObjectInput{Bucket: new(bucket), Key: &key, Body: bytes.NewReader(body)}); err != nil {
			return err
		}
		return execute(ctx, dsn, "CREATE TABLE IF NOT EXISTS items (id text PRIMARY KEY, name text, amount text)", fmt.Sprintf(
			`INSERT INTO items SELECT n, '%s, ' || n, n || '.5' FROM generate_series(%d, %d) n ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name`, word, first, last))
	}
	tables := []any{map[string]any{"table_name": "items", "search_prefix": "items", "search_pattern": `\.csv$`, "key_properties": []string{"id"}, "delimiter": ","}}
	return foreign{
		from: pipelineWiseTap, program: "tap-s3-csv", flag: "--properties",
		settings: map[string]any{"aws_endpoint_url": l.store.Endpoint, "aws_access_key_id": l.store.AccessKeyID, "aws_secret_access_key": l.store.SecretAccessKey,
			"bucket": bucket, "start_date": "2020-01-01", "tables": tables},
		want: table{dsn, "items"}, stream: "items",
		change: func(ctx context.Context, run int) error {
			switch run {
			case 1:
				return put(ctx, "items/a.csv", 1, 500, "first")
			case 2:
				return put(ctx, "items/b.csv", 400, 700, "second")
			}
			return nil
		},
	}, nil
}

// loadForeign loads what the tap prints into our target, each run from the state that the target committed, and compares the tables.
func (l *lab) loadForeign(ctx context.Context, f foreign) error {
	ours, err := l.database(ctx, "taken_"+f.want.name)
	if err != nil {
		return err
	}
	config, err := l.json("foreign.json", f.settings)
	if err != nil {
		return err
	}
	for run := 1; run <= 3; run++ {
		if err := f.change(ctx, run); err != nil {
			return err
		}
		catalog, err := l.selected(ctx, f, config)
		if err != nil {
			return err
		}
		messages, err := l.messages(ctx, ours, nil, l.program(f.from, f.program), "--config", config, f.flag, catalog)
		if err != nil {
			return err
		}
		if _, err := l.command(ctx, l.environment("DATABASE_URL="+ours), messages, "target-postgres"); err != nil {
			return err
		}
		if err := compareTables(ctx, f.want, table{ours, f.stream}, exactly); err != nil {
			return fmt.Errorf("run %d: %w", run, err)
		}
		if rejects, err := value(ctx, ours, "SELECT count(*)::text FROM _signalroom_rejects"); err != nil || rejects != "0" {
			return fmt.Errorf("run %d: %s rejects, %w", run, rejects, err)
		}
		text, err := os.ReadFile(messages)
		if err != nil {
			return err
		}
		if records := len(regexp.MustCompile(`"type": ?"RECORD"`).FindAll(text, -1)); run == 3 && records > 500 {
			return fmt.Errorf("a run with nothing new has read %d records: the state was not heeded", records)
		}
	}
	return nil
}

// selected is the file of a catalog in which every stream is selected.
func (l *lab) selected(ctx context.Context, f foreign, config string) (string, error) {
	discovered, err := l.command(ctx, l.environment(), "", l.program(f.from, f.program), "--config", config, "--discover")
	if err != nil {
		return "", err
	}
	var catalog struct {
		Streams []map[string]any `json:"streams"`
	}
	if err := json.Unmarshal([]byte(discovered.stdout), &catalog); err != nil {
		return "", err
	}
	for _, stream := range catalog.Streams {
		list, _ := stream["metadata"].([]any)
		for _, entry := range list {
			entry, _ := entry.(map[string]any)
			if breadcrumb, _ := entry["breadcrumb"].([]any); len(breadcrumb) > 0 {
				continue
			}
			metadata, _ := entry["metadata"].(map[string]any)
			metadata["selected"] = true
			maps.Copy(metadata, f.metadata)
		}
	}
	return l.json("catalog.json", catalog)
}

func execute(ctx context.Context, dsn string, statements ...string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}
