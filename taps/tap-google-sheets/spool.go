package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"

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
	if s.file != nil {
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return spoolFault(err)
		}
		if err := eachInFile(s.file, visit); err != nil {
			return err
		}
	}
	for rows := s.memory; len(rows) > 0; {
		number, cells, encoded, rest := nextRow(rows)
		if err := visit(number, cells, encoded); err != nil {
			return err
		}
		rows = rest
	}
	return nil
}

func eachInFile(file io.Reader, visit func(number, cells int, encoded []byte) error) error {
	reader := bufio.NewReaderSize(file, 256<<10)
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
		if uint64(cap(encoded)) < head[2] {
			encoded = make([]byte, head[2])
		}
		encoded = encoded[:head[2]]
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
