package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/signalroom/signalroom/protocol"
)

// printTable prints rows of cells, the first of them a heading; the columns named by number are text.
func printTable(w io.Writer, rows [][]string, text ...int) error {
	return printed(io.WriteString(w, strings.Join(aligned(rows, text...), "\n")+"\n"))
}

func printLines[T any](w io.Writer, values []T) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i := range values {
		if err := e.Encode(&values[i]); err != nil {
			return protocol.SystemFault("", "%w", err)
		}
	}
	return printed(io.WriteString(w, b.String()))
}

// printed makes a fault of an output that takes nothing.
func printed(_ int, err error) error {
	if err != nil {
		return protocol.SystemFault("", "standard output: %w", err)
	}
	return nil
}

// aligned gives rows of cells as lines of columns. The columns named by number are text, all others numbers, which end below
// each other.
func aligned(rows [][]string, text ...int) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	isText := make(map[int]bool, len(text))
	for _, i := range text {
		isText[i] = true
	}
	lines := make([]string, len(rows))
	for n, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			if i > 0 {
				b.WriteString("  ")
			}
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if isText[i] {
				b.WriteString(cell + padding)
			} else {
				b.WriteString(padding + cell)
			}
		}
		lines[n] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// shortened is a text of at most so many characters, with the mark of what is missing.
func shortened(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}

// grouped is a number with a comma after each thousand.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f", float64(bytes)/1e6) }

// visible is a text without what a terminal would act upon.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}
