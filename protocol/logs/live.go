package logs

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// A Live is one line at the bottom of a terminal that changes while a program works. The program's log goes through it, and so
// stands above the line. Where the writer is no terminal, or the line is not wanted, it passes everything on and draws nothing.
type Live struct {
	mu    sync.Mutex
	w     io.Writer
	on    bool
	shown bool
}

// NewLive makes the line of a program's standard error.
func NewLive(stderr io.Writer, wanted bool) *Live {
	return &Live{w: stderr, on: wanted && isTerminal(stderr)}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(file.Fd()))
}

// On tells whether Draw draws.
func (l *Live) On() bool { return l.on }

// Fd is that of the terminal, which decides on the form of log lines; none when there is no file behind it.
func (l *Live) Fd() uintptr {
	if file, ok := l.w.(*os.File); ok {
		return file.Fd()
	}
	return ^uintptr(0)
}

// Write writes log lines in the place of the live one.
func (l *Live) Write(lines []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.clear(); err != nil {
		return 0, err
	}
	return l.w.Write(lines)
}

// Draw shows text in the place of what the line showed.
func (l *Live) Draw(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.on || l.clear() != nil {
		return
	}
	_, err := io.WriteString(l.w, text)
	l.shown = err == nil
}

// Erase takes the line away.
func (l *Live) Erase() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear() // a terminal that is gone is nobody's news
}

func (l *Live) clear() error {
	if !l.shown {
		return nil
	}
	l.shown = false
	_, err := io.WriteString(l.w, "\r\x1b[K")
	return err
}
