package load

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// A segment is a run of rows of one stream in the form in which COPY takes them, with what a reject needs of each.
type segment struct {
	plan    *plan
	schema  *protocol.Stream // the latest SCHEMA of its rows, as it was sent
	version int64            // the newest of its rows
	tuples  []byte
	raw     []byte // the records as they came
	rows    []row
	keys    []uint64          // hashes of the keys, where the layout is exact
	order   []rowPrefix       // scratch
	arrived bool              // the table has the rows: their records need not be kept
	sorted  bool              // rows stand in the order of their keys, not in that of tuples
	rejects []database.Reject // records that did not become tuples
	bytes   int64             // of their lines
	covered int               // rows that came before state number mark; all of them when that is not the newest state
	mark    int64
}

// A row says where its tuple and its record are.
type row struct {
	tuple, raw span
	line       int64
}

type span struct{ from, to uint32 }

// add takes what was appended to tuples since the last row as a row.
func (s *segment) add(line int64, raw []byte, bytes int) {
	r := row{tuple: span{to: uint32(len(s.tuples))}, raw: span{from: uint32(len(s.raw))}, line: line}
	if n := len(s.rows); n > 0 {
		r.tuple.from = s.rows[n-1].tuple.to
	}
	s.raw = append(s.raw, raw...)
	r.raw.to = uint32(len(s.raw))
	s.rows = append(s.rows, r)
	s.bytes += int64(bytes)
}

// size is what the segment holds in memory.
func (s *segment) size() int { return len(s.tuples) + len(s.raw) + len(s.rows)*24 + len(s.keys)*8 }

func (s *segment) empty() bool { return len(s.rows) == 0 && len(s.rejects) == 0 }

// tuple gives the encoded row i.
func (s *segment) tuple(i int) []byte { return s.tuples[s.rows[i].tuple.from:s.rows[i].tuple.to] }

// record gives the record of row i, nil when it is no longer in memory.
func (s *segment) record(i int) []byte {
	if s.raw == nil {
		return nil
	}
	return s.raw[s.rows[i].raw.from:s.rows[i].raw.to]
}

// split moves the rows from n on, and the rejects of later lines than line, to another segment. The segment is not sorted yet.
func (s *segment) split(n int, line int64, into *segment) {
	into.plan, into.schema, into.version, into.mark, into.covered = s.plan, s.schema, s.version, s.mark, 0
	for i := n; i < len(s.rows); i++ {
		into.tuples = append(into.tuples, s.tuple(i)...)
		into.add(s.rows[i].line, s.record(i), 0)
	}
	k := len(s.rejects)
	for k > 0 && s.rejects[k-1].Line > line {
		k--
	}
	into.rejects = append(into.rejects, s.rejects[k:]...)
	if len(s.rows) > 0 {
		into.bytes = s.bytes * int64(len(s.rows)-n) / int64(len(s.rows))
		s.bytes -= into.bytes
	}
	if n < len(s.rows) {
		s.tuples, s.raw = s.tuples[:s.rows[n].tuple.from], s.raw[:s.rows[n].raw.from]
	}
	s.rows, s.rejects = s.rows[:n], s.rejects[:k]
}

// sortByField puts the rows in the order of the bytes of one field of their tuples, as far as its first eight tell. Rows
// that stand close together in an index are then inserted one after the other.
func (s *segment) sortByField(field int) {
	prefixes, inOrder := s.order[:0], true
	for i := range s.rows {
		prefixes = append(prefixes, rowPrefix{fieldPrefix(s.tuple(i), field), s.rows[i]})
		inOrder = inOrder && (i == 0 || prefixes[i-1].prefix <= prefixes[i].prefix)
	}
	s.order = prefixes
	if inOrder {
		return
	}
	slices.SortFunc(prefixes, func(a, b rowPrefix) int {
		return cmp.Or(cmp.Compare(a.prefix, b.prefix), cmp.Compare(a.row.line, b.row.line))
	})
	for i := range prefixes {
		s.rows[i] = prefixes[i].row
	}
	s.sorted = true
}

type rowPrefix struct {
	prefix uint64
	row    row
}

// fieldPrefix is the first eight bytes of a field of a tuple, as a number.
func fieldPrefix(tuple []byte, field int) uint64 {
	at := 2
	for range field {
		if n := int32(binary.BigEndian.Uint32(tuple[at:])); n > 0 {
			at += int(n)
		}
		at += 4
	}
	n := int(int32(binary.BigEndian.Uint32(tuple[at:])))
	var prefix [8]byte
	copy(prefix[:], tuple[at+4:at+4+max(n, 0)])
	return binary.BigEndian.Uint64(prefix[:])
}

func (s *segment) reset() {
	clear(s.rejects)
	*s = segment{tuples: s.tuples[:0], raw: s.raw[:0], rows: s.rows[:0], keys: s.keys[:0], order: s.order[:0], rejects: s.rejects[:0]}
}

// copied gives rows lo to hi as COPY takes them, in scratch where they do not stand together.
func (s *segment) copied(scratch []byte, lo, hi int) (tuples, used []byte) {
	if !s.sorted {
		return s.tuples[s.rows[lo].tuple.from:s.rows[hi-1].tuple.to], scratch
	}
	for i := lo; i < hi; i++ {
		scratch = append(scratch, s.tuple(i)...)
	}
	return scratch, scratch
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
