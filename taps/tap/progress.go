package tap

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/signalroom/signalroom/protocol/logs"
)

// A progress is the live line of a run whose stdout is a file: in a pipe the target draws it.
type progress struct {
	live  *logs.Live
	mu    sync.Mutex
	rows  int64
	bytes int64
	began time.Time
}

func newProgress(stdout, stderr io.Writer) *progress {
	return &progress{live: logs.NewLive(stderr, isRegular(stdout)), began: time.Now()}
}

func isRegular(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode().IsRegular()
}

// add counts rows, and says how many bytes of records the whole run has sent.
func (p *progress) add(rows, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rows += rows
	p.bytes = bytes
}

// draw shows the line anew.
func (p *progress) draw() {
	if p.live.On() {
		p.live.Draw(p.text(time.Since(p.began)))
	}
}

func (p *progress) text(took time.Duration) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("%d rows  %.1f MB  %.0f rows/s  %s", p.rows, float64(p.bytes)/1e6, float64(p.rows)/took.Seconds(), took.Round(time.Second))
}
