package load

import (
	"encoding/binary"
	"io"

	"github.com/signalroom/signalroom/target-postgres/database"
)

// A segment is a run of rows of one stream in the form in which COPY takes them, with what a reject needs of each.
type segment struct {
	plan    *plan
	tuples  []byte
	raw     []byte // the records as they came
	rows    []row
	rejects []database.Reject // records that did not become tuples
	bytes   int64             // of their lines
	covered int               // rows that came before state number mark; all of them when that is not the newest state
	mark    int64
}

// row says where a row ends. Its beginning is the end of the one before.
type row struct {
	tuple, raw uint32
	line       int64
}

func (s *segment) add(line int64, raw []byte, bytes int) {
	s.raw = append(s.raw, raw...)
	s.rows = append(s.rows, row{tuple: uint32(len(s.tuples)), raw: uint32(len(s.raw)), line: line})
	s.bytes += int64(bytes)
}

// size is what the segment holds in memory.
func (s *segment) size() int { return len(s.tuples) + len(s.raw) + len(s.rows)*16 }

func (s *segment) empty() bool { return len(s.rows) == 0 && len(s.rejects) == 0 }

// tuple gives the encoded row i.
func (s *segment) tuple(i int) []byte { return s.tuples[s.start(i).tuple:s.rows[i].tuple] }

// record gives the record of row i.
func (s *segment) record(i int) []byte { return s.raw[s.start(i).raw:s.rows[i].raw] }

func (s *segment) start(i int) row {
	if i == 0 {
		return row{}
	}
	return s.rows[i-1]
}

// split moves the rows from n on, and the rejects of later lines than line, to another segment.
func (s *segment) split(n int, line int64, into *segment) {
	into.plan, into.mark, into.covered = s.plan, s.mark, 0
	from := s.start(n)
	into.tuples = append(into.tuples, s.tuples[from.tuple:]...)
	into.raw = append(into.raw, s.raw[from.raw:]...)
	for _, r := range s.rows[n:] {
		into.rows = append(into.rows, row{tuple: r.tuple - from.tuple, raw: r.raw - from.raw, line: r.line})
	}
	k := len(s.rejects)
	for k > 0 && s.rejects[k-1].Line > line {
		k--
	}
	into.rejects = append(into.rejects, s.rejects[k:]...)
	moved := s.bytes
	if len(s.rows) > 0 {
		moved = s.bytes * int64(len(s.rows)-n) / int64(len(s.rows))
	}
	into.bytes += moved
	s.bytes -= moved
	s.tuples, s.raw, s.rows, s.rejects = s.tuples[:from.tuple], s.raw[:from.raw], s.rows[:n], s.rejects[:k]
}

func (s *segment) reset() {
	clear(s.rejects)
	*s = segment{tuples: s.tuples[:0], raw: s.raw[:0], rows: s.rows[:0], rejects: s.rejects[:0]}
}

// appendStaged appends rows lo to hi with their lines as one more field, for a staging table.
func (s *segment) appendStaged(dst []byte, lo, hi int) []byte {
	for i := lo; i < hi; i++ {
		t := s.tuple(i)
		dst = binary.BigEndian.AppendUint16(dst, binary.BigEndian.Uint16(t)+1)
		dst = append(dst, t[2:]...)
		dst = append(dst, 0, 0, 0, 8)
		dst = binary.BigEndian.AppendUint64(dst, uint64(s.rows[i].line))
	}
	return dst
}

// binaryHeader begins every binary COPY: signature, flags, no extension.
const binaryHeader = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"

// copyStream is what one COPY sends: the header, the tuples, the trailer.
type copyStream struct {
	tuples []byte
	state  uint8
}

// Read fills p as far as it can, so that each message to the server is as large as the connection makes them.
func (c *copyStream) Read(p []byte) (n int, err error) {
	if c.state == 0 {
		n = copy(p, binaryHeader)
		c.state = 1
	}
	moved := copy(p[n:], c.tuples)
	c.tuples = c.tuples[moved:]
	n += moved
	if len(c.tuples) > 0 || len(p)-n < 2 {
		return n, nil
	}
	if c.state == 1 {
		c.state = 2
		return n + copy(p[n:], "\xff\xff"), nil
	}
	return n, io.EOF
}
