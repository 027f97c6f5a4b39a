package load

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/target-postgres/database"
)

// A Progress tells, from any goroutine, how far a run has come.
type Progress struct {
	mu      sync.Mutex
	streams []*streamProgress
	totals  Totals
}

// Totals are what a whole run has done so far.
type Totals struct {
	Commits    int64
	Retries    int64     // of intervals
	LastCommit time.Time // zero before the first
}

// A StreamStatus is how far one stream has come.
type StreamStatus struct {
	Name           string
	Rows, Bytes    int64           // read so far
	Committed      database.Counts // of that
	CommittedBytes int64
	Newest         time.Time // what the cursor, or else time_extracted, has reached; zero when they are no instants
}

// Waiting is how many rows were read and are not committed.
func (s *StreamStatus) Waiting() int64 { return max(s.Rows-s.Committed.Read, 0) }

// Now gives the streams in the order in which they came, and the totals.
func (p *Progress) Now() ([]StreamStatus, Totals) {
	p.mu.Lock()
	defer p.mu.Unlock()
	streams := make([]StreamStatus, len(p.streams))
	for i, s := range p.streams {
		streams[i] = s.now()
	}
	return streams, p.totals
}

// of is the progress of a new stream.
func (p *Progress) of(name string) *streamProgress {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &streamProgress{name: name}
	p.streams = append(p.streams, s)
	return s
}

func (p *Progress) committed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.totals.Commits++
	p.totals.LastCommit = time.Now()
}

func (p *Progress) retried() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.totals.Retries++
}

// streamProgress is that of one stream. Of each record the loader keeps the text of its instant; it becomes visible when
// somebody has looked since it last did, and when rows leave for the server. It is read only by who looks.
type streamProgress struct {
	name        string
	rows, bytes atomic.Int64
	asked       atomic.Bool

	// The loader's alone.
	cursor string // the property that holds an instant; empty for none
	at     int    // where it stood in the record before
	latest []byte // text of the instant of the latest record

	mu             sync.Mutex
	text           []byte
	newest         time.Time
	committed      database.Counts
	committedBytes int64
}

// declare takes the latest SCHEMA of the stream.
func (p *streamProgress) declare(s *protocol.Stream) {
	p.cursor, p.at = "", 0
	if len(s.BookmarkProperties) == 1 {
		if c, ok := s.Schema.Property(s.BookmarkProperties[0]); ok && c.Schema.Format == "date-time" {
			p.cursor = c.Name
		}
	}
}

// add counts a record that was read.
func (p *streamProgress) add(r *protocol.Record, bytes int) {
	p.rows.Add(1)
	p.bytes.Add(int64(bytes))
	if text := p.instantOf(r); len(text) <= longestInstant {
		p.latest = append(p.latest[:0], text...)
	}
	if p.asked.Load() {
		p.asked.Store(false)
		p.publish()
	}
}

// longestInstant is how much text an instant may have.
const longestInstant = 64

// instantOf is the text of a record's cursor where that is an instant, and of its time_extracted otherwise.
func (p *streamProgress) instantOf(r *protocol.Record) []byte {
	if p.cursor == "" {
		return r.TimeExtracted
	}
	if p.at >= len(r.Fields) || string(r.Fields[p.at].Name) != p.cursor {
		p.at = slices.IndexFunc(r.Fields, func(f protocol.Field) bool { return string(f.Name) == p.cursor })
		if p.at = max(p.at, 0); len(r.Fields) == 0 || string(r.Fields[p.at].Name) != p.cursor {
			return r.TimeExtracted
		}
	}
	return rawjson.Text(r.Fields[p.at].Value)
}

// publish makes the instant of the latest record visible.
func (p *streamProgress) publish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = append(p.text[:0], p.latest...)
}

// commit counts rows that were committed.
func (p *streamProgress) commit(counts database.Counts, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.committed.Add(counts)
	p.committedBytes += bytes
}

func (p *streamProgress) now() StreamStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, ok := parseInstant(string(p.text)); ok && at.After(p.newest) {
		p.newest = at
	}
	p.text = p.text[:0]
	p.asked.Store(true)
	return StreamStatus{
		Name: p.name, Rows: p.rows.Load(), Bytes: p.bytes.Load(),
		Committed: p.committed, CommittedBytes: p.committedBytes, Newest: p.newest,
	}
}

// parseInstant reads the usual spellings of an instant; without a zone it is UTC.
func parseInstant(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
