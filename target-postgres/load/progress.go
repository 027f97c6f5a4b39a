package load

import "sync/atomic"

// A Progress tells, from any goroutine, how far a run has come.
type Progress struct {
	rows   atomic.Int64
	bytes  atomic.Int64
	stream atomic.Pointer[string]
}

// Now gives the stream whose records were read last, and the records and bytes read so far.
func (p *Progress) Now() (stream string, rows, bytes int64) {
	if s := p.stream.Load(); s != nil {
		stream = *s
	}
	return stream, p.rows.Load(), p.bytes.Load()
}

func (p *Progress) add(stream *string, bytes int) {
	p.rows.Add(1)
	p.bytes.Add(int64(bytes))
	if p.stream.Load() != stream {
		p.stream.Store(stream)
	}
}
