package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/signalroom/signalroom/target-postgres/load"
)

// A progress is one live line on a terminal. Log lines go through it, so that they stand above the line.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	live  bool
	shown bool
}

func newProgress(stderr io.Writer) *progress {
	file, ok := stderr.(*os.File)
	return &progress{w: stderr, live: ok && term.IsTerminal(int(file.Fd()))}
}

// Fd is that of the terminal, which decides on the form of log lines.
func (p *progress) Fd() uintptr {
	if file, ok := p.w.(*os.File); ok {
		return file.Fd()
	}
	return ^uintptr(0)
}

// Write writes log lines in the place of the live one.
func (p *progress) Write(lines []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	return p.w.Write(lines)
}

// start draws the line every second until the function that it returns is called.
func (p *progress) start(of *load.Progress) (stop func()) {
	if !p.live {
		return func() {}
	}
	done := make(chan struct{})
	var running sync.WaitGroup
	began := time.Now()
	running.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.draw(of, time.Since(began))
			case <-done:
				p.mu.Lock()
				defer p.mu.Unlock()
				p.clear()
				return
			}
		}
	})
	return func() { close(done); running.Wait() }
}

func (p *progress) draw(of *load.Progress, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	stream, rows, bytes := of.Now()
	fmt.Fprintf(p.w, "%d rows  %.1f MB  %.0f rows/s  %s  %s", rows, float64(bytes)/1e6, float64(rows)/took.Seconds(), took.Round(time.Second), stream)
	p.shown = true
}

func (p *progress) clear() {
	if p.shown {
		io.WriteString(p.w, "\r\x1b[K") //nolint:errcheck // a terminal that is gone is nobody's news
		p.shown = false
	}
}

// logSummary writes the last lines of a run: what became of each stream's rows, and where the bookmark stands.
func logSummary(log *slog.Logger, s *load.Summary) {
	for _, st := range s.Streams {
		if r := st.Replaced; r.NUL+r.Malformed+r.NonFinite > 0 {
			log.Warn("characters that PostgreSQL cannot hold were replaced", "stream", st.Name, "nul", r.NUL, "malformed", r.Malformed, "non_finite", r.NonFinite)
		}
		if st.Dropped > 0 {
			log.Warn("rows without a key follow the last state and were left out: they come again with the next run", "stream", st.Name, "rows", st.Dropped)
		}
	}
	for _, st := range s.Streams {
		log.Info("loaded", "stream", st.Name, "disposition", string(st.Mode), "read", st.Read, "inserted", st.Inserted, "updated", st.Updated,
			"unchanged", st.Unchanged, "deleted", st.Deleted, "rejected", st.Rejected)
	}
	if len(s.Streams) == 0 && s.State == nil {
		return
	}
	state := "none"
	if s.State != nil {
		state = string(s.State[:min(len(s.State), 500)])
	}
	log.Info("state", "committed", state, "took", s.Took.Round(time.Millisecond).String())
}
