package batch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/parquet-go/parquet-go"

	"github.com/signalroom/signalroom/protocol"
)

const (
	rowsAtOnce = 64
	// columnBuffer is what is read at once of each column.
	columnBuffer = 64 << 10
)

// rows reads a Parquet file as lines, a JSON object for each row.
type rows struct {
	file    *parquet.File
	columns *node
	groups  []parquet.RowGroup // that were not read yet
	group   parquet.Rows       // the open one
	read    []parquet.Row
	ready   []parquet.Row // of those, not written yet
	values  [][]parquet.Value
	line    []byte
	rest    []byte // of line
}

// openRows reads where the file's columns are. What the schema of the stream says of a property decides on bytes that are no text.
func openRows(f *os.File, stream *protocol.Stream) (r *rows, err error) {
	defer recovered(&err)
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var magic [4]byte
	if _, err := f.ReadAt(magic[:], 0); err != nil || string(magic[:]) != "PAR1" {
		return nil, errors.New("it begins otherwise") // the library would quote it
	}
	var tail [8]byte // the library takes memory for a footer of any size
	if _, err := f.ReadAt(tail[:], max(0, info.Size()-8)); err != nil || int64(binary.LittleEndian.Uint32(tail[:4])) > info.Size()-12 {
		return nil, errors.New("its end is not that of such a file")
	}
	file, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(columnBuffer))
	if err != nil {
		return nil, err
	}
	columns, err := newTree(file.Metadata().Schema, stream)
	if err != nil {
		return nil, err
	}
	return &rows{
		file: file, columns: columns, groups: file.RowGroups(),
		read: make([]parquet.Row, rowsAtOnce), values: make([][]parquet.Value, columns.end),
	}, nil
}

// recovered makes an error of a panic: the library has one for some files that contradict themselves.
func recovered(err *error) {
	if what := recover(); what != nil {
		*err = fmt.Errorf("%v", what)
	}
}

// Read gives the next bytes of the lines.
func (r *rows) Read(p []byte) (n int, err error) {
	defer recovered(&err)
	for n < len(p) {
		if len(r.rest) == 0 {
			if n > 0 && len(r.ready) == 0 {
				return n, nil // a line is given before more is read
			}
			if err := r.next(); err != nil {
				return n, err
			}
		}
		copied := copy(p[n:], r.rest)
		n, r.rest = n+copied, r.rest[copied:]
	}
	return n, nil
}

// next writes a line.
func (r *rows) next() error {
	for len(r.ready) == 0 {
		if err := r.more(); err != nil {
			return err
		}
	}
	clear(r.values)
	r.ready[0].Range(func(column int, values []parquet.Value) bool {
		r.values[column] = values
		return true
	})
	r.line = append(r.columns.append(r.line[:0], r.values), '\n')
	r.rest, r.ready = r.line, r.ready[1:]
	return nil
}

// more reads some rows.
func (r *rows) more() error {
	if r.group == nil {
		if len(r.groups) == 0 {
			return io.EOF
		}
		r.group, r.groups = r.groups[0].Rows(), r.groups[1:]
	}
	for i := range r.read {
		r.read[i] = r.read[i][:0]
	}
	n, err := r.group.ReadRows(r.read)
	r.ready = r.read[:n]
	if errors.Is(err, io.EOF) {
		err = r.group.Close()
		r.group = nil
	}
	return err
}
