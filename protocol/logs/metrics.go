package logs

import (
	"sync/atomic"
	"time"
)

// Metrics writes metric lines: record counts every minute and at the end, and durations as they are known.
type Metrics struct {
	output *Output
}

// StartMetrics begins to write counters every minute, until [Metrics.Close].
func (o *Output) StartMetrics() *Metrics { return &Metrics{output: o} }

// Close writes what was counted since the last lines, and ends.
func (m *Metrics) Close() {}

// A Counter counts the rows of one stream. Adding is cheap enough for every row.
type Counter struct {
	n atomic.Int64
}

// Records is the record_count of a stream, the same Counter for the same stream.
func (m *Metrics) Records(stream string) *Counter { return &Counter{} }

// Add counts rows.
func (c *Counter) Add(n int64) { c.n.Add(n) }

// SyncDuration is how long one stream took.
func (m *Metrics) SyncDuration(stream string, took time.Duration, err error) {}

// RequestDuration is how long one HTTP request took; endpoint is a path pattern without values, status 0 means no answer.
func (m *Metrics) RequestDuration(stream, endpoint string, status int, took time.Duration) {}

// BatchDuration is how long a target took over one batch.
func (m *Metrics) BatchDuration(stream string, took time.Duration, err error) {}
