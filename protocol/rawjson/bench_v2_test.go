//go:build goexperiment.jsonv2

package rawjson_test

import (
	"bytes"
	"encoding/json/jsontext"
	"errors"
	"io"
	"testing"
)

// GOEXPERIMENT=jsonv2 go test -bench Rival: the tokens of the same record, and its check.

func BenchmarkRivalTokensV2(b *testing.B) {
	data := record()
	reader := bytes.NewReader(data)
	decoder := jsontext.NewDecoder(reader)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		reader.Reset(data)
		decoder.Reset(reader)
		for {
			if _, err := decoder.ReadToken(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkRivalValidV2(b *testing.B) {
	b.SetBytes(int64(len(event)))
	for b.Loop() {
		if !jsontext.Value(event).IsValid() {
			b.Fatal()
		}
	}
}
