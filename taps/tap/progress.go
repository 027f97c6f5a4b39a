package tap

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// A progress is one live line on a terminal, for a run whose stdout is a file: in a pipe the target draws it. Log lines go
// through it, so that they stand above the line.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	live  bool
	rows  int64
	bytes int64
	began time.Time
	shown bool
}

func newProgress(stdout, stderr io.Writer) *progress {
	return &progress{w: stderr, live: isRegular(stdout) && isTerminal(stderr), began: time.Now()}
}

func isRegular(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode().IsRegular()
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// stderr is where log lines go.
func (p *progress) stderr() io.Writer {
	if p.live {
		return p
	}
	return p.w
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

// add counts rows, and says how many bytes of records the whole run has sent.
func (p *progress) add(rows, bytes int64) {
	if !p.live {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rows += rows
	p.bytes = bytes
}

// draw shows the line anew.
func (p *progress) draw() {
	if !p.live {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	elapsed := time.Since(p.began)
	fmt.Fprintf(p.w, "%d rows  %.1f MB  %.0f rows/s  %s", p.rows, float64(p.bytes)/1e6, float64(p.rows)/elapsed.Seconds(), elapsed.Round(time.Second))
	p.shown = true
}

// erase takes the line away.
func (p *progress) erase() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *progress) clear() {
	if p.shown {
		io.WriteString(p.w, "\r\x1b[K")
		p.shown = false
	}
}
