package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// spoolMemory is how much of a tab is kept in memory; what is larger goes to a temporary file.
const spoolMemory = 4 << 20

// A spool keeps the rows of a tab until all of them have been read: only then are the types of its columns known, and that it was
// neither edited meanwhile nor is as it was before. [spool.close] it.
type spool struct {
	memory []byte
	file   *os.File // nil while memory holds everything
	hash   hash.Hash
	rows   int64
}

// reset makes it empty.
func (s *spool) reset() error {
	s.memory, s.rows, s.hash = s.memory[:0], 0, sha256.New()
	if s.file == nil {
		return nil
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return spoolFault(err)
	}
	return spoolFault(s.file.Truncate(0))
}

// add appends one encoded row.
func (s *spool) add(row []byte) error {
	s.rows++
	s.hash.Write(row)
	s.memory = append(s.memory, row...)
	if len(s.memory) < spoolMemory {
		return nil
	}
	if s.file == nil {
		file, err := os.CreateTemp("", "tap-google-sheets-*")
		if err != nil {
			return spoolFault(err)
		}
		_ = os.Remove(file.Name()) // where the system allows it, so that a killed run leaves nothing; close tries again
		s.file = file
	}
	_, err := s.file.Write(s.memory)
	s.memory = s.memory[:0]
	return spoolFault(err)
}

// sum is a hash of all rows with their numbers, and of their columns.
func (s *spool) sum(columns []kinds.Column) string {
	for _, c := range columns {
		fmt.Fprintf(s.hash, "%q", c.Name)
	}
	return hex.EncodeToString(s.hash.Sum(nil)[:16])
}

// each calls visit for each row in order. What it gets is valid during the call.
func (s *spool) each(visit func(number, cells int, encoded []byte) error) error {
	parts := []io.Reader{bytes.NewReader(s.memory)}
	if s.file != nil {
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return spoolFault(err)
		}
		parts = []io.Reader{s.file, parts[0]}
	}
	reader := bufio.NewReaderSize(io.MultiReader(parts...), 256<<10)
	var encoded []byte
	for {
		var head [3]uint64
		for i := range head {
			value, err := binary.ReadUvarint(reader)
			if errors.Is(err, io.EOF) && i == 0 {
				return nil
			}
			if err != nil {
				return spoolFault(err)
			}
			head[i] = value
		}
		encoded = slices.Grow(encoded[:0], int(head[2]))[:head[2]]
		if _, err := io.ReadFull(reader, encoded); err != nil {
			return spoolFault(err)
		}
		if err := visit(int(head[0]), int(head[1]), encoded); err != nil {
			return err
		}
	}
}

// close removes the file.
func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if removing := os.Remove(s.file.Name()); err == nil && !errors.Is(removing, fs.ErrNotExist) {
		err = removing
	}
	return spoolFault(err)
}

func spoolFault(err error) error {
	if err == nil {
		return nil
	}
	return protocol.SystemFault("large tabs need room for a temporary file; set TMPDIR to a folder that has it", "keeping the rows of a tab: %w", err)
}

// Rows of a tab lie one behind the other, in memory or in a file: the row's number, the number of its cells, and of each its kind
// and, unless it is blank, the length of its raw text and the text. Blank cells at the end, and blank rows, are left out.

// appendRow appends a row whose cells are already in that form.
func appendRow(dst []byte, number, cells int, encoded []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(number))
	dst = binary.AppendUvarint(dst, uint64(cells))
	dst = binary.AppendUvarint(dst, uint64(len(encoded)))
	return append(dst, encoded...)
}

func appendCell(dst []byte, k kinds.Kind, raw []byte) []byte {
	dst = append(dst, byte(k))
	if k == kinds.Blank {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(len(raw)))
	return append(dst, raw...)
}

// nextCell takes a cell off the front.
func nextCell(encoded []byte) (k kinds.Kind, raw, rest []byte) {
	k = kinds.Kind(encoded[0])
	if k == kinds.Blank {
		return k, nil, encoded[1:]
	}
	size, n := binary.Uvarint(encoded[1:])
	from := 1 + n
	return k, encoded[from : from+int(size)], encoded[from+int(size):]
}

// nextRow takes a row off the front.
func nextRow(rows []byte) (number, cells int, encoded, rest []byte) {
	var head [3]uint64
	for i := range head {
		value, n := binary.Uvarint(rows)
		head[i], rows = value, rows[n:]
	}
	return int(head[0]), int(head[1]), rows[:head[2]], rows[head[2]:]
}
