package logs

import (
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// interval is how often counters are written, as in the SDK.
const interval = time.Minute

// Metrics writes metric lines: record counts every minute and at the end, and durations as they are known.
type Metrics struct {
	output *Output
	stop   chan struct{}
	done   chan struct{}

	mu       sync.Mutex
	counters []*Counter
}

// StartMetrics begins to write counters every minute, until [Metrics.Close].
func (o *Output) StartMetrics() *Metrics {
	m := &Metrics{output: o, stop: make(chan struct{}), done: make(chan struct{})}
	go m.run()
	return m
}

func (m *Metrics) run() {
	defer close(m.done)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			m.flush(false)
		case <-m.stop:
			return
		}
	}
}

// Close writes what was counted since the last lines, and ends. Every counter has at least one line in a run.
func (m *Metrics) Close() {
	close(m.stop)
	<-m.done
	m.flush(true)
}

// flush writes each counter's growth since its last line.
func (m *Metrics) flush(last bool) {
	m.mu.Lock()
	counters := slices.Clone(m.counters)
	m.mu.Unlock()
	for _, c := range counters {
		n := c.n.Load()
		if grown := n - c.written; grown > 0 || last && !c.seen {
			m.write(slog.LevelInfo, "counter", "record_count", strconv.FormatInt(grown, 10), c.stream, nil)
			c.written, c.seen = n, true
		}
	}
}

// A Counter counts the rows of one stream. Adding is cheap enough for every row.
type Counter struct {
	n       atomic.Int64
	stream  string
	written int64 // by flush alone, which never runs twice at once
	seen    bool
}

// Records is the record_count of a stream, the same Counter for the same stream.
func (m *Metrics) Records(stream string) *Counter {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.counters {
		if c.stream == stream {
			return c
		}
	}
	c := &Counter{stream: stream}
	m.counters = append(m.counters, c)
	return c
}

// Add counts rows.
func (c *Counter) Add(n int64) { c.n.Add(n) }

// SyncDuration is how long one stream took; err is how it ended.
func (m *Metrics) SyncDuration(stream string, took time.Duration, err error) {
	m.timer(slog.LevelInfo, "sync_duration", took, stream, []attr{status(err == nil)})
}

// RequestDuration is how long one HTTP request took; endpoint is a path pattern without values, and a code of 0 means
// that there was no answer. There is one line for each request, so its level is DEBUG.
func (m *Metrics) RequestDuration(stream, endpoint string, code int, took time.Duration) {
	tags := []attr{{name: "endpoint", value: endpoint}}
	if code != 0 {
		tags = append(tags, attr{name: "http_status_code", value: strconv.Itoa(code), bare: true})
	}
	m.timer(slog.LevelDebug, "http_request_duration", took, stream, append(tags, status(code >= 200 && code < 400)))
}

// BatchDuration is how long a target took over one batch.
func (m *Metrics) BatchDuration(stream string, took time.Duration, err error) {
	m.timer(slog.LevelInfo, "batch_processing_time", took, stream, []attr{status(err == nil)})
}

func status(ok bool) attr {
	if ok {
		return attr{name: "status", value: "succeeded"}
	}
	return attr{name: "status", value: "failed"}
}

func (m *Metrics) timer(level slog.Level, metric string, took time.Duration, stream string, tags []attr) {
	m.write(level, "timer", metric, strconv.FormatFloat(took.Seconds(), 'f', -1, 64), stream, tags)
}

// write makes one metric line: METRIC and an object, in both forms. They are for programs: a person at a terminal gets them at
// level DEBUG alone.
func (m *Metrics) write(level slog.Level, kind, metric, value, stream string, tags []attr) {
	o := m.output
	if o.form.clock {
		level = slog.LevelDebug
	}
	if level < o.level {
		return
	}
	stream = o.secrets.mask(stream)
	b := append([]byte(`{"type":"`), kind...)
	b = append(b, `","metric":"`...)
	b = append(b, metric...)
	b = append(b, `","value":`...)
	b = append(b, value...)
	b = append(b, `,"tags":{"stream":`...)
	b = appendJSON(b, stream)
	b = append(b, `,"pid":`...)
	b = strconv.AppendInt(b, int64(o.pid), 10)
	for _, tag := range tags {
		b = append(b, ',')
		b = append(appendJSON(b, tag.name), ':')
		if tag.bare {
			b = append(b, tag.value...)
		} else {
			b = appendJSON(b, o.secrets.mask(tag.value))
		}
	}
	b = append(b, "}}"...)
	o.write(line{at: o.now(), level: level, logger: o.program + ".metrics", message: "METRIC", stream: stream, metric: b})
}
