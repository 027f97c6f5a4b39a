package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/signalroom/signalroom/conformance/sample"
)

// stateEvery is how many events lie between two STATE lines.
const stateEvery = 10_000

// singer appends event n as a Singer line, with a STATE line where one is due.
func singer(dst []byte, n int) []byte {
	dst = sample.AppendEventRecord(dst, "events", n)
	if (n+1)%stateEvery == 0 {
		dst = sample.AppendEventState(dst, "events", n)
	}
	return dst
}

// schema is the SCHEMA line of the events with that key, or with none.
func schema(key string) []byte {
	line := sample.EventSchema("events", key != "")
	return bytes.Replace(line, []byte(`"key_properties":["uuid"]`), []byte(`"key_properties":["`+key+`"]`), 1)
}

// lines is a file of that many events as Singer lines.
func (b *bench) lines(key string, rows int) (path string, err error) {
	return b.input(fmt.Sprintf("events%s-%d.singer", key, rows), 0, rows, schema(key), func(dst []byte, n int) []byte {
		if dst = singer(dst, n); n == rows-1 && rows%stateEvery != 0 {
			dst = sample.AppendEventState(dst, "events", n)
		}
		return dst
	})
}

// sheet is a file of the events from first on as CSV without a header.
func (b *bench) sheet(first, rows int) (path string, err error) {
	return b.input(fmt.Sprintf("events-%d-%d.csv", first, rows), first, rows, nil, sample.AppendEventCSV)
}

// input makes a file of rows, once for all parts.
func (b *bench) input(name string, first, rows int, head []byte, next func([]byte, int) []byte) (path string, err error) {
	path = filepath.Join(b.folder, name)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return path, nil
	}
	if err != nil {
		return "", err
	}
	buf := slices.Clone(head)
	for n := first; n < first+rows; n++ {
		if buf = next(buf, n); len(buf) > 256<<10 || n == first+rows-1 {
			if _, err := f.Write(buf); err != nil {
				return "", errors.Join(err, f.Close())
			}
			buf = buf[:0]
		}
	}
	return path, errors.Join(f.Sync(), f.Close()) // so that it is not written while somebody is measured
}
