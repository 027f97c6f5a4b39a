package logs

import (
	"cmp"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/term"
	"golang.org/x/text/width"
)

// A Live is a few lines at the bottom of a terminal that change while a program works. The program's log goes through it, and so
// stands above them. Where the writer is no terminal, or they are not wanted, it passes everything on and draws nothing.
//
// Whatever it does is one Write, so that nothing is seen half done.
type Live struct {
	mu     sync.Mutex
	w      io.Writer
	on     bool
	size   func() (columns, lines int)
	shown  []string
	buffer []byte
}

// NewLive makes the live lines of a program's standard error.
func NewLive(stderr io.Writer, wanted bool) *Live {
	return &Live{w: stderr, on: wanted && isTerminal(stderr), size: func() (columns, lines int) { return sizeOf(stderr) }}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(file.Fd()))
}

// sizeOf is the size of a terminal, of an old one where it does not tell.
func sizeOf(w io.Writer) (columns, lines int) {
	if file, ok := w.(interface{ Fd() uintptr }); ok {
		columns, lines, _ = term.GetSize(int(file.Fd()))
	}
	return cmp.Or(columns, 80), cmp.Or(lines, 24)
}

// On tells whether Draw draws.
func (l *Live) On() bool { return l.on }

// Size is how much Draw can show now. Longer lines are cut, and lines beyond it left out.
func (l *Live) Size() (columns, lines int) {
	columns, lines = l.size()
	return max(columns-1, 1), max(lines-1, 1) // a full line would wrap, and a full screen scroll
}

// Fd is that of the terminal, which decides on the form of log lines; none when there is no file behind it.
func (l *Live) Fd() uintptr {
	if file, ok := l.w.(*os.File); ok {
		return file.Fd()
	}
	return ^uintptr(0)
}

// Write writes log lines above the live ones.
func (l *Live) Write(lines []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.shown) == 0 {
		return l.w.Write(lines)
	}
	shown := l.shown
	l.erase()
	l.buffer = append(l.buffer, lines...)
	if len(lines) > 0 && lines[len(lines)-1] == '\n' {
		l.show(shown)
	}
	return len(lines), l.send()
}

// Draw shows lines of text in the place of what was shown.
func (l *Live) Draw(lines ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.on {
		return
	}
	columns, most := l.Size()
	fitting := make([]string, 0, len(lines))
	for _, line := range lines[:min(len(lines), most)] {
		fitting = append(fitting, cut(line, columns))
	}
	l.erase()
	l.show(fitting)
	l.send() // a terminal that is gone is nobody's news
}

// Erase takes the lines away.
func (l *Live) Erase() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.erase()
	l.send() // likewise
}

// erase goes back to where the shown lines begin, and clears from there. A terminal that has become narrower since has
// wrapped them.
func (l *Live) erase() {
	if len(l.shown) == 0 {
		return
	}
	columns, _ := l.size()
	up := -1
	for _, line := range l.shown {
		up += max(1, (widthOf(line)+columns-1)/columns)
	}
	l.buffer = append(l.buffer, '\r')
	if up > 0 {
		l.buffer = append(strconv.AppendInt(append(l.buffer, "\x1b["...), int64(up), 10), 'A')
	}
	l.buffer = append(l.buffer, "\x1b[J"...)
	l.shown = nil
}

func (l *Live) show(lines []string) {
	l.buffer = append(l.buffer, strings.Join(lines, "\n")...)
	l.shown = lines
}

// send writes what has come together. What the terminal did not take is not shown.
func (l *Live) send() error {
	if len(l.buffer) == 0 {
		return nil
	}
	_, err := l.w.Write(l.buffer)
	if l.buffer = l.buffer[:0]; err != nil {
		l.shown = nil
	}
	return err
}

// cut is as much of a line as so many columns show, with a blank for each control character.
func cut(line string, columns int) string {
	var b strings.Builder
	for _, r := range line {
		if !unicode.IsPrint(r) {
			r = ' '
		}
		if columns -= widthOfRune(r); columns < 0 {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

func widthOf(line string) (columns int) {
	for _, r := range line {
		columns += widthOfRune(r)
	}
	return columns
}

func widthOfRune(r rune) int {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	return 1
}
