package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/signalroom/signalroom/conformance/sample"
)

// streams is how many streams take turns in one of the inputs.
const streams = 1000

// memory measures peaks, one run each. A process inherits the peak of the one that started it, so this program itself must stay small.
func (b *bench) memory(ctx context.Context, db *postgres) (*table, error) {
	folder, env, stop, err := b.store(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	sizes, many := []int64{int64(b.rows) * 100, int64(b.rows) * 2000}, int64(b.rows)*40
	t := newTable(megabytes(sizes[0]), megabytes(sizes[1]), megabytes(many))
	t.Input, t.Rounds = "events", 1
	peaks := values{}
	for _, size := range sizes {
		path := filepath.Join(folder, "input.csv")
		if _, _, err := generate(path, size, []byte(strings.Join(sample.EventColumns, ",")+"\n"), sample.AppendEventCSV); err != nil {
			return nil, err
		}
		u, err := process(ctx, nil, env, b.program("tap-s3-exports"))
		if err != nil {
			return nil, err
		}
		peaks[megabytes(size)] = b.peak("tap-s3-exports", size, u)
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	t.add("", "tap-s3-exports", peaks)
	inputs := []struct {
		name  string
		sizes []int64
		head  func(key string) []byte
		next  func([]byte, int) []byte
	}{
		{"a STATE every 10,000 rows", sizes, schema, singer},
		{"no STATE", sizes, schema, eventAlone},
		{fmt.Sprintf("%s streams in turns, a STATE every 10,000 rows", grouped(streams)), []int64{many}, manySchemas, oneOfMany},
	}
	return t, byKey(func(key, group string) error {
		for _, input := range inputs {
			peaks, name := values{}, "target-postgres, "+group+", "+input.name
			for _, size := range input.sizes {
				if err := db.begin(ctx, ""); err != nil {
					return err
				}
				u, err := b.piped(ctx, db.run, size, input.head(key), input.next)
				if err != nil {
					return err
				}
				peaks[megabytes(size)] = b.peak(name, size, u)
			}
			t.add("", name, peaks)
		}
		return nil
	})
}

// megabytes is the column of an input's size.
func megabytes(size int64) string {
	return fmt.Sprintf("MiB for %s MB of input", grouped(float64(size)/1e6))
}

func (b *bench) peak(name string, size int64, u usage) float64 {
	mib := float64(u.peak) / (1 << 20)
	b.say("%s, %s MB: %.1f MiB", name, grouped(float64(size)/1e6), mib)
	return mib
}

// piped runs target-postgres on lines that are made while it reads them.
func (b *bench) piped(ctx context.Context, dsn string, size int64, head []byte, next func([]byte, int) []byte) (usage, error) {
	in, out, err := os.Pipe()
	if err != nil {
		return usage{}, err
	}
	defer in.Close()
	go func() {
		defer out.Close()
		_, _, _ = write(out, size, head, next) // a target that dies is the process's error
	}()
	return process(ctx, in, nil, b.program("target-postgres"), "--dsn", dsn, "--pipeline", "bench", "--add-record-metadata=false")
}

func eventAlone(dst []byte, n int) []byte { return sample.AppendEventRecord(dst, "events", n) }

func streamName(n int) string { return "events" + strconv.Itoa(n%streams) }

func manySchemas(key string) (head []byte) {
	for n := range streams {
		head = append(head, sample.EventSchema(streamName(n), key != "")...)
	}
	return head
}

func oneOfMany(dst []byte, n int) []byte {
	dst = sample.AppendEventRecord(dst, streamName(n), n)
	if (n+1)%stateEvery == 0 {
		dst = sample.AppendEventState(dst, "events", n)
	}
	return dst
}
