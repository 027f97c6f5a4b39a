package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/signalroom/signalroom/conformance/sample"
	"github.com/signalroom/signalroom/target-postgres/server"
)

// memory measures peaks. A process inherits the peak of the one that started it, so this program itself must stay small.
func (b *bench) memory(ctx context.Context) (err error) {
	folder, env, stop, err := b.store(ctx)
	if err != nil {
		return err
	}
	defer stop()
	db, err := server.Start(ctx, server.Options{Dir: filepath.Join(b.folder, "memory"), Settings: map[string]string{"max_wal_size": "8GB"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Stop(context.WithoutCancel(ctx))) }()

	b.row("\nPeak memory, one run each\tinput MB\tpeak MiB")
	for _, size := range []int64{100e6, 1e9} {
		path := filepath.Join(folder, "input.csv")
		if _, _, err := generate(path, size, []byte(strings.Join(sample.EventColumns, ",")+"\n"), sample.AppendEventCSV); err != nil {
			return err
		}
		u, err := process(ctx, nil, env, filepath.Join(b.bin, "tap-s3-exports"))
		if err != nil {
			return err
		}
		b.row("tap-s3-exports\t%d\t%.1f", size/1e6, float64(u.peak)/(1<<20))
		if err := os.Remove(path); err != nil {
			return err
		}
		for _, key := range []bool{false, true} {
			name := map[bool]string{false: "no key", true: "key"}[key]
			for _, states := range []bool{true, false} {
				next, kind := singer, "a STATE every 10,000 rows"
				if !states {
					next, kind = func(dst []byte, n int) []byte { return sample.AppendEventRecord(dst, "events", n) }, "no STATE"
				}
				in, out, err := os.Pipe()
				if err != nil {
					return err
				}
				go func() {
					_, _, _ = write(out, size, sample.EventSchema("events", key), next) // a target that dies is the process's error
					out.Close()
				}()
				pipeline := strings.ReplaceAll(name+" "+kind, " ", "_")
				u, err := process(ctx, io.Reader(in), nil, filepath.Join(b.bin, "target-postgres"), "--dsn", db.DSN(), "--pipeline", pipeline,
					"--default-target-schema", pipeline)
				in.Close()
				if err != nil {
					return err
				}
				b.row("target-postgres, %s, %s\t%d\t%.1f", name, kind, size/1e6, float64(u.peak)/(1<<20))
			}
		}
	}
	return nil
}
