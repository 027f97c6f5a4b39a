package load

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/values"
)

func TestDisposition(t *testing.T) {
	t.Parallel()
	key := []string{"id"}
	for _, c := range []struct {
		options Options
		stream  protocol.Stream
		want    protocol.Disposition
	}{
		{Options{}, protocol.Stream{KeyProperties: key}, protocol.Merge},
		{Options{}, protocol.Stream{}, protocol.Append},
		{Options{}, protocol.Stream{KeyProperties: key, Disposition: protocol.Append}, protocol.Append},
		{Options{Method: protocol.Replace}, protocol.Stream{KeyProperties: key, Disposition: protocol.Append}, protocol.Replace},
		{Options{Method: protocol.Merge}, protocol.Stream{}, protocol.Append},
		{Options{Method: protocol.Replace, Dispositions: map[string]protocol.Disposition{"*": protocol.Append}}, protocol.Stream{KeyProperties: key}, protocol.Append},
	} {
		c.stream.Name = "s"
		require.Equal(t, c.want, c.options.Disposition(&c.stream))
	}
}

// numbers is a segment of rows of one bigint, on lines that are a hundred more.
func numbers(list ...int64) *segment {
	s := &segment{}
	for _, n := range list {
		s.tuples = values.AppendBigint(binary.BigEndian.AppendUint16(s.tuples, 1), n)
		s.add(n+100, []byte{'r', byte('0' + n)}, 10)
	}
	return s
}

func records(s *segment) string {
	var b bytes.Buffer
	for i := range s.rows {
		b.Write(s.record(i))
	}
	return b.String()
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for n := range 4 {
		s, rest := numbers(1, 2, 3), &segment{}
		s.rejects = []database.Reject{{Line: 50}, {Line: 150}}
		whole := bytes.Clone(s.tuples)
		s.split(n, 120, rest)
		require.Equal(t, whole, append(bytes.Clone(s.tuples), rest.tuples...))
		require.Equal(t, "r1r2r3", records(s)+records(rest))
		require.Len(t, s.rows, n)
		require.Equal(t, int64(30), s.bytes+rest.bytes)
		require.Len(t, s.rejects, 1)
		require.Equal(t, int64(150), rest.rejects[0].Line)
	}
}

func TestSortedSegment(t *testing.T) {
	t.Parallel()
	s := numbers(3, 1, 2)
	s.sortByField(0)
	require.Equal(t, "r1r2r3", records(s))
	got, _ := s.copied(nil, 0, 3)
	require.Equal(t, numbers(1, 2, 3).tuples, got)
	got, _ = s.copied(nil, 1, 2)
	require.Equal(t, numbers(2).tuples, got)
	require.False(t, func() bool { o := numbers(1, 2, 3); o.sortByField(0); return o.sorted }())
}

func TestStagedTuples(t *testing.T) {
	t.Parallel()
	got := numbers(1, 2).appendStaged(nil, 1, 2)
	want := values.AppendBigint(values.AppendBigint([]byte{0, 2}, 2), 102)
	require.Equal(t, want, got)
}

// Whatever the size of the reads, the stream is header, tuples and trailer.
func TestCopying(t *testing.T) {
	t.Parallel()
	first, second := numbers(1, 2, 3).tuples, numbers(4).tuples
	want := binaryHeader + string(first) + string(second) + binaryTrailer
	for size := 1; size < 90; size++ {
		c := newCopying(&streamLoad{stream: &stream{}})
		go func() {
			c.send(first)
			c.send(second)
			close(c.next)
		}()
		got, err := io.ReadAll(&shortReader{c, size})
		require.NoError(t, err)
		require.Equal(t, want, string(got), "reads of %d bytes", size)
	}
}

// A shortReader reads few bytes at once.
type shortReader struct {
	io.Reader
	size int
}

func (r *shortReader) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), r.size)]) }
