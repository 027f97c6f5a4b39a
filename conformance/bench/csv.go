package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/signalroom/signalroom/conformance/sample"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
)

const bucket = "bench"

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

// csv measures the tap on two shapes of rows. Its inputs are long enough that starting up does not count.
func (b *bench) csv(ctx context.Context) (*table, error) {
	folder, env, stop, err := b.store(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	orders := orderRows()
	t := newTable("MB of CSV per CPU s", "MB of lines per CPU s", "rows per CPU s", "CPU s", "wall s", "ratio")
	t.Input = fmt.Sprintf("%d MB of CSV", b.rows<<8/1_000_000)
	for _, shape := range []struct {
		name string
		head []byte
		next func([]byte, int) []byte
	}{
		{"events, 11 columns", []byte(strings.Join(sample.EventColumns, ",") + "\n"), sample.AppendEventCSV},
		{fmt.Sprintf("orders, %d columns", bytes.Count(orders.head, []byte(","))+1), orders.head, orders.next},
	} {
		path := filepath.Join(folder, "input.csv")
		size, rows, err := generate(path, int64(b.rows)<<8, shape.head, shape.next)
		if err != nil {
			return nil, err
		}
		b.say("csv: %s, %d rows, %d MB", shape.name, rows, size>>20)
		programs := []struct {
			name string
			args []string
		}{
			{"tap-s3-exports", []string{b.program("tap-s3-exports")}},
			{"tap-s3-exports, types: text", []string{b.program("tap-s3-exports"), "--types", "text"}},
			{"encoding/csv, local file", []string{self, "child", "csv", path}},
			{"the object's bytes alone", []string{self, "child", "get", "input.csv"}},
		}
		cpu, wall := make([][]float64, len(programs)), make([][]float64, len(programs))
		for range b.rounds {
			for i, p := range programs {
				u, err := process(ctx, nil, env, p.args[0], p.args[1:]...)
				if err != nil {
					return nil, err
				}
				cpu[i], wall[i] = append(cpu[i], u.cpu.Seconds()), append(wall[i], u.wall.Seconds())
			}
		}
		const rival = 2
		base := median(cpu[rival])
		for i, p := range programs {
			m := median(cpu[i])
			printed, err := outputSize(ctx, env, p.args[0], p.args[1:]...)
			if err != nil {
				return nil, err
			}
			v := values{"MB of CSV per CPU s": float64(size) / 1e6 / m, "rows per CPU s": float64(rows) / m, "CPU s": m, "wall s": median(wall[i]), "ratio": base / m}
			if printed > 0 {
				v["MB of lines per CPU s"] = float64(printed) / 1e6 / m
			}
			t.add(shape.name, p.name, v)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	return t, nil
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
