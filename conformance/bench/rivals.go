package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// plainCSV is what one writes in an hour with the standard library: a record at a time, all values as texts, one goroutine.
func plainCSV(path string, w io.Writer) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(bufio.NewReaderSize(f, 1<<20))
	r.ReuseRecord = true
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		return err
	}
	names := make([][]byte, len(header))
	for i, name := range header {
		names[i] = append(appendJSON(nil, name), ':')
	}
	out := bufio.NewWriterSize(w, 1<<20)
	var line []byte
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out.Flush()
		}
		if err != nil {
			return err
		}
		line = append(line[:0], `{"type":"RECORD","stream":"events","record":{`...)
		for i, cell := range cells {
			if i > 0 {
				line = append(line, ',')
			}
			line = append(line, names[i]...)
			line = appendJSON(line, cell)
		}
		line = append(line, "}}\n"...)
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
}

// appendJSON appends a text as a JSON string.
func appendJSON(dst []byte, text string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[from:i]...)
		from = i + 1
		switch {
		case c == '\n':
			dst = append(dst, `\n`...)
		case c < ' ':
			dst = append(append(dst, `\u00`...), strconv.FormatUint(uint64(c)+0x100, 16)[1:]...)
		default:
			dst = append(dst, '\\', c)
		}
	}
	return append(append(dst, text[from:]...), '"')
}

// getObject reads an object's bytes and does nothing with them.
func getObject(ctx context.Context, key string) error {
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	name := os.Getenv("S3_BUCKET_NAME")
	out, err := s3.NewFromConfig(settings, func(o *s3.Options) { o.UsePathStyle = true }).GetObject(ctx, &s3.GetObjectInput{Bucket: &name, Key: &key})
	if err != nil {
		return err
	}
	defer out.Body.Close()
	_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, out.Body, make([]byte, 256<<10))
	return err
}
