package load

import (
	"context"
	"io"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// A copying is a COPY under way, which takes one segment after the other. Each COPY costs the server about a millisecond beside its rows:
// it makes room for a thousand tuples, and PostgreSQL enters and finds each of them in a list of equal entries
// (src/backend/utils/resowner).
type copying struct {
	load     *streamLoad
	straight bool       // to the table itself, not to staging
	segments []*segment // that it took; the server may still refuse a row of any
	size     int        // of those
	bytes    int        // of the tuples

	next  chan []byte   // tuples; closed behind the last
	taken chan struct{} // has one element when they have been sent
	ended chan struct{} // closed when tag and err are set
	tag   pgconn.CommandTag
	err   error

	// Of Read alone.
	header  string
	rest    []byte // of what came by next
	begun   bool
	trailed bool
}

// What a binary COPY begins with, signature, flags and no extension, and what it ends with.
const (
	binaryHeader  = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"
	binaryTrailer = "\xff\xff"
)

func newCopying(ld *streamLoad) *copying {
	return &copying{
		load: ld, straight: ld.straight(), header: binaryHeader,
		next: make(chan []byte), taken: make(chan struct{}, 1), ended: make(chan struct{}),
	}
}

// send returns when the tuples are on their way and not needed any more, or the COPY has failed.
func (c *copying) send(tuples []byte) {
	c.bytes += len(tuples)
	select {
	case c.next <- tuples:
	case <-c.ended:
		return
	}
	select {
	case <-c.taken:
	case <-c.ended:
	}
}

// failed tells whether the COPY has ended before its time.
func (c *copying) failed() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

// end waits for the server's answer.
func (c *copying) end() (pgconn.CommandTag, error) {
	close(c.next)
	<-c.ended
	return c.tag, c.err
}

// Read gives the header, the tuples as they come, and the trailer.
func (c *copying) Read(p []byte) (n int, err error) {
	if len(c.rest) == 0 && c.trailed {
		return 0, io.EOF
	}
	if len(c.rest) == 0 {
		if c.begun {
			c.taken <- struct{}{}
		}
		c.begun = true
		select {
		case tuples, more := <-c.next:
			if c.rest = tuples; !more {
				c.rest, c.trailed = []byte(binaryTrailer), true
			}
		case <-c.ended:
			return 0, io.ErrClosedPipe
		}
	}
	n = copy(p, c.header)
	c.header = c.header[n:]
	moved := copy(p[n:], c.rest)
	c.rest = c.rest[moved:]
	return n + moved, nil
}

// joins tells whether a segment can go on in this COPY.
func (c *copying) joins(s *segment) bool {
	return c.load.stream == s.plan.stream && c.load.layout == s.plan.layout && c.straight == c.load.straight()
}

// beginCopy begins a COPY behind a savepoint, in one round trip. Nobody else can use the connection until its end.
func (w *worker) beginCopy(ctx context.Context, ld *streamLoad) (*copying, error) {
	c := newCopying(ld)
	sql := ld.layout.shape.CopyTable()
	if c.straight {
		w.keys = w.keys || ld.layout.guarded
	} else {
		if err := w.stage(ctx, ld); err != nil {
			return nil, err
		}
		sql = ld.layout.shape.CopyStaging()
	}
	sql = ld.tx.savepoint() + sql
	go func() {
		defer close(c.ended)
		c.tag, c.err = ld.tx.conn.PgConn().CopyFrom(ctx, c, sql)
	}()
	return c, nil
}

// sendRows sends rows lo to hi of a segment.
func (w *worker) sendRows(c *copying, s *segment, lo, hi int) {
	var tuples []byte
	if c.straight {
		tuples, w.staged = s.copied(w.staged[:0], lo, hi)
	} else {
		w.staged = s.appendStaged(w.staged[:0], lo, hi)
		tuples = w.staged
	}
	c.send(tuples)
	if cap(w.staged) > 4*w.o.Limits.Segment {
		w.staged = nil
	}
}

// finishCopy counts the rows, or gives the error by which the server refused one of them.
func (w *worker) finishCopy(c *copying) (refusal *pgconn.PgError, err error) {
	tag, err := c.end()
	if err != nil {
		if e, ok := database.RowError(err); ok {
			return e, nil
		}
		return nil, database.Fault(err)
	}
	if c.straight {
		c.load.counts.Inserted += tag.RowsAffected()
	} else {
		c.load.staged += tag.RowsAffected()
		c.load.stagedBytes += c.bytes
	}
	return nil, nil
}

// endCopy ends the COPY under way, if there is one. It comes before all else that uses the connection.
func (w *worker) endCopy(ctx context.Context) error {
	c := w.copying
	if c == nil {
		return nil
	}
	w.copying = nil
	return protocol.InStream(c.load.stream.name, w.settleCopy(ctx, c))
}

// settleCopy ends a COPY. When a row was refused, all segments are sent again, one by one.
func (w *worker) settleCopy(ctx context.Context, c *copying) error {
	ld := c.load
	refusal, err := w.finishCopy(c)
	switch {
	case refusal == nil:
	case len(c.segments) == 1:
		err = w.refusedRows(ctx, c, c.segments[0], 0, len(c.segments[0].rows), quickFinds, refusal)
	default:
		err = ld.tx.rollback(ctx)
		for _, s := range c.segments {
			if err == nil {
				err = w.copyRange(ctx, ld, s, 0, len(s.rows), quickFinds)
			}
		}
	}
	for _, s := range c.segments {
		s.arrived = err == nil && ld.straight()
	}
	return err
}

// copies tells whether the COPY under way has taken a segment.
func (w *worker) copies(s *segment) bool {
	return w.copying != nil && slices.Contains(w.copying.segments, s)
}

// tidy lets go of what only a COPY under way needs.
func (w *worker) tidy() {
	if w.copying != nil {
		return
	}
	for _, s := range w.retained {
		if s.arrived {
			w.pool.strip(s)
		}
	}
	for _, s := range w.passing {
		w.pool.drop(s)
	}
	clear(w.passing)
	w.passing = w.passing[:0]
}
