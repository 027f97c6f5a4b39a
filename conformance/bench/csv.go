package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/signalroom/signalroom/conformance/sample"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
)

const bucket = "bench"

//go:embed peers/duckdb_lines.py
var duckdbLines []byte

// store is an S3 server over a folder; the environment is what its clients need.
func (b *bench) store(ctx context.Context) (folder string, env []string, stop func(), err error) {
	root := filepath.Join(b.folder, "s3")
	folder = filepath.Join(root, bucket)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", nil, nil, err
	}
	s, err := s3test.Launch(ctx, s3test.Options{Folder: root})
	if err != nil {
		return "", nil, nil, err
	}
	env = []string{"AWS_ENDPOINT_URL_S3=" + s.Endpoint, "AWS_REGION=" + s.Region, "AWS_ACCESS_KEY_ID=" + s.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + s.SecretAccessKey, "S3_BUCKET_NAME=" + bucket, "AWS_EC2_METADATA_DISABLED=true"}
	return folder, env, s.Stop, nil
}

// csv measures the tap on two shapes of rows, beside programs that make JSON lines of the same CSV. Its inputs are long enough that
// starting up hardly counts.
func (b *bench) csv(ctx context.Context) (*table, error) {
	folder, env, stop, err := b.store(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	path := filepath.Join(folder, "input.csv")
	orders := orderRows()
	t := newTable("MB of CSV per CPU s", "least", "most", "MB of lines per CPU s", "rows per CPU s", "CPU s", "wall s", "ratio")
	t.Input = fmt.Sprintf("%d MB of CSV", b.rows<<7/1_000_000)
	programs, err := b.converters(ctx, t, path)
	if err != nil {
		return nil, err
	}
	for _, shape := range []struct {
		name string
		head []byte
		next func([]byte, int) []byte
	}{
		{"events, 11 columns", []byte(strings.Join(sample.EventColumns, ",") + "\n"), sample.AppendEventCSV},
		{fmt.Sprintf("orders, %d columns", bytes.Count(orders.head, []byte(","))+1), orders.head, orders.next},
	} {
		size, rows, err := generate(path, int64(b.rows)<<7, shape.head, shape.next)
		if err != nil {
			return nil, err
		}
		b.say("csv: %s, %d rows, %d MB", shape.name, rows, size>>20)
		cpu, wall := make([][]float64, len(programs)), make([][]float64, len(programs))
		for range b.rounds {
			for i, p := range programs {
				u, err := process(ctx, nil, env, p.command[0], p.command[1:]...)
				if err != nil {
					return nil, err
				}
				cpu[i], wall[i] = append(cpu[i], u.cpu.Seconds()), append(wall[i], u.wall.Seconds())
			}
		}
		megabytes := float64(size) / 1e6
		for i, p := range programs {
			m := median(cpu[i])
			v := values{"MB of CSV per CPU s": megabytes / m, "least": megabytes / slices.Max(cpu[i]), "most": megabytes / slices.Min(cpu[i]),
				"rows per CPU s": float64(rows) / m, "CPU s": m, "wall s": median(wall[i]), "ratio": m / median(cpu[0])}
			if p.class == ours || p.class == byHand {
				printed, err := outputSize(ctx, env, p.command[0], p.command[1:]...)
				if err != nil {
					return nil, err
				}
				v["MB of lines per CPU s"] = float64(printed) / 1e6 / m
			}
			t.Lines = append(t.Lines, line{shape.name, p.name, p.class, v})
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// A converter makes lines of the CSV file, or of the object that it is.
type converter struct {
	name    string
	class   class
	command []string
}

// converters are the programs that the part measures, ours first. What cannot be had is left out, with a note in t.
func (b *bench) converters(ctx context.Context, t *table, path string) ([]converter, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	all := []converter{
		{"tap-s3-exports", ours, []string{b.program("tap-s3-exports")}},
		{"tap-s3-exports, types: text", ours, []string{b.program("tap-s3-exports"), "--types", "text"}},
		{"encoding/csv, local file", byHand, []string{self, "child", "csv", path}},
		{"the object's bytes alone", "", []string{self, "child", "get", filepath.Base(path)}},
	}
	duckdb := &environment{"duckdb", []string{"duckdb==2.0.0"}, []string{"python", "-c", "import duckdb"}, false}
	if err := b.install(ctx, duckdb); err != nil {
		t.leaveOut("DuckDB", err)
	} else {
		program, err := b.file("lines-*.py", duckdbLines)
		if err != nil {
			return nil, err
		}
		python := filepath.Join(b.environmentBin(duckdb), "python")
		all = append(all, converter{"DuckDB 2.0.0, 1 thread, local file", peer, []string{python, program, path, "infer", "/dev/stdout"}},
			converter{"DuckDB 2.0.0, 1 thread, local file, all_varchar", peer, []string{python, program, path, "text", "/dev/stdout"}})
	}
	if miller, err := exec.LookPath("mlr"); b.peers == "" || err != nil {
		t.leaveOut("Miller", errors.New("there is no mlr, or it was not asked for"))
	} else {
		version, err := exec.CommandContext(ctx, miller, "--version").Output()
		if err != nil {
			return nil, err
		}
		name := "Miller" + strings.TrimPrefix(strings.TrimSpace(string(version)), "mlr") + ", local file"
		all = append(all, converter{name, peer, []string{miller, "--icsv", "--ojsonl", "cat", path}})
	}
	if taskset, err := exec.LookPath("taskset"); err == nil { // the store and the kernel have the others
		for i := range all {
			all[i].command = append([]string{taskset, "-c", "0"}, all[i].command...)
		}
	}
	return all, nil
}

// repeated gives the rows of a real order export over and over.
type repeated struct {
	head []byte
	rows [][]byte
}

func (r repeated) next(dst []byte, n int) []byte { return append(dst, r.rows[n%len(r.rows)]...) }

// orderRows cuts an export into rows; a line break inside quotes ends none.
func orderRows() repeated {
	text := sample.Orders("globex", 2, 2000)
	end := bytes.IndexByte(text, '\n') + 1
	r := repeated{head: text[:end:end]}
	quoted, from := false, end
	for i := end; i < len(text); i++ {
		switch text[i] {
		case '"':
			quoted = !quoted
		case '\n':
			if !quoted {
				r.rows = append(r.rows, text[from:i+1])
				from = i + 1
			}
		}
	}
	return r
}

// child is what this program does as a rival, in a process of its own.
func child(ctx context.Context, args []string) error {
	switch {
	case len(args) == 2 && args[0] == "csv":
		return plainCSV(args[1], os.Stdout)
	case len(args) == 2 && args[0] == "get":
		return getObject(ctx, args[1])
	case len(args) > 2 && args[0] == "sql":
		return statements(ctx, args[1], args[2:])
	}
	return fmt.Errorf("unknown child %v", args)
}
