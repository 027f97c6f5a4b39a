package lines

import (
	"bytes"
	"io"
	"unicode/utf8"
)

const (
	blockSize  = 256 << 10 // one Read at most
	blockCount = 4
)

// A block is a run of whole lines. The last block of an input may end in a part of a line, and has an err.
type block struct {
	memory []byte // what goes back to be used again
	data   []byte
	valid  bool // it is all UTF-8
	err    error
}

// readAhead reads blocks on a goroutine of its own. At most blockCount of them exist, and one more memory at a time that is
// larger, for a line that needs it: so what it holds is bounded by the longest line, and shrinks after it.
type readAhead struct {
	input   io.Reader
	maxLine int
	free    chan []byte
	full    chan block
	large   chan struct{} // holds the one permission for a larger block
	done    chan struct{} // closed when nobody wants more
	ended   chan struct{} // closed when the input will not be read again
}

func startReadAhead(input io.Reader, maxLine int) *readAhead {
	a := &readAhead{
		input:   input,
		maxLine: maxLine,
		free:    make(chan []byte, blockCount),
		full:    make(chan block, blockCount),
		large:   make(chan struct{}, 1),
		done:    make(chan struct{}),
		ended:   make(chan struct{}),
	}
	for range blockCount {
		a.free <- nil // made when it is needed: most inputs are short
	}
	a.large <- struct{}{}
	go a.run()
	return a
}

// release gives back a block whose lines are used up.
func (a *readAhead) release(memory []byte) {
	switch {
	case memory == nil:
	case len(memory) > blockSize:
		a.large <- struct{}{}
	default:
		a.free <- memory
	}
}

// run ends after an error of the input, which it hands over, or when done is closed.
func (a *readAhead) run() {
	defer close(a.ended)
	memory, ok := a.take()
	if !ok {
		return
	}
	filled := 0
	for empty := 0; ; {
		if filled == len(memory) {
			if filled > a.maxLine {
				a.send(block{memory: memory, err: ErrTooLong})
				return
			}
			if memory, ok = a.grow(memory); !ok {
				return
			}
		}
		// Reads of one block at most: what is left after the last line then fits a usual block.
		n, err := a.input.Read(memory[filled:min(len(memory), filled+blockSize)])
		newest := memory[filled : filled+n]
		filled += n
		if empty++; n > 0 {
			empty = 0
		}
		if err == nil && empty == 100 {
			err = io.ErrNoProgress
		}
		if err != nil {
			a.send(block{memory, memory[:filled], utf8.Valid(memory[:filled]), err})
			return
		}
		last := bytes.LastIndexByte(newest, '\n')
		if last < 0 {
			continue
		}
		next, ok := a.take()
		if !ok {
			return
		}
		whole := filled - len(newest) + last + 1
		rest := copy(next, memory[whole:filled])
		if !a.send(block{memory, memory[:whole], utf8.Valid(memory[:whole]), nil}) {
			return
		}
		memory, filled = next, rest
	}
}

func (a *readAhead) take() ([]byte, bool) {
	select {
	case memory := <-a.free:
		if memory == nil {
			memory = make([]byte, blockSize)
		}
		return memory, true
	case <-a.done:
		return nil, false
	}
}

func (a *readAhead) send(b block) bool {
	select {
	case a.full <- b:
		return true
	case <-a.done:
		return false
	}
}

// grow doubles a block that is full of one line.
func (a *readAhead) grow(memory []byte) ([]byte, bool) {
	if len(memory) == blockSize {
		select {
		case <-a.large:
		case <-a.done:
			return nil, false
		}
	}
	larger := make([]byte, min(2*len(memory), a.maxLine+1))
	copy(larger, memory)
	if len(memory) == blockSize {
		a.free <- memory
	}
	return larger, true
}
