//go:build unix

package csv

import (
	"bytes"
	stdcsv "encoding/csv"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"
)

// benchText is about 4 MiB of rows; the cell is called with row and column.
func benchText(columns int, cell func(row, column int) string) []byte {
	var b bytes.Buffer
	for c := range columns {
		if c > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "Column %d", c)
	}
	b.WriteByte('\n')
	for row := 0; b.Len() < 4<<20; row++ {
		for c := range columns {
			if c > 0 {
				b.WriteByte(',')
			}
			b.WriteString(cell(row, c))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// orderCell is a short value as order exports hold them.
func orderCell(row, column int) string {
	switch (column*7 + column/5) % 9 {
	case 0:
		return fmt.Sprint(1000000 + row)
	case 1:
		return "11/03/2025"
	case 2:
		return [...]string{"Smith", "Johnson", "Lee", "Garcia"}[(row+column)%4]
	case 3:
		return fmt.Sprintf("%d.%02d", (row*37)%300, row%100)
	case 4:
		return [...]string{"YES", "NO"}[row&1]
	case 5:
		return ""
	case 6:
		return "Gateway " + fmt.Sprint(column)
	case 7:
		return [...]string{"NEW", "VOID/REFUNDED", "SHIPPED"}[row%3]
	}
	return fmt.Sprintf("10:%02d:%02d AM", row%60, (row*7)%60)
}

// perCPU reports megabytes per CPU second of the whole process, which other work on the machine does not change.
func perCPU(b *testing.B, size int) (report func()) {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	return func() { b.ReportMetric(float64(size)*float64(b.N)/1e6/(used()-before).Seconds(), "MB/cpu-s") }
}

// BenchmarkNext reads every row of several kinds of text, and encoding/csv beside it. Of the rows nothing is used.
func BenchmarkNext(b *testing.B) {
	quoted := func(row, column int) string { return `"` + orderCell(row, column) + `"` }
	for _, c := range []struct {
		name    string
		text    []byte
		dialect Dialect
	}{
		{"plain11", benchText(11, orderCell), Dialect{}},
		{"plain60", benchText(60, orderCell), Dialect{}},
		{"plain11crlf", bytes.ReplaceAll(benchText(11, orderCell), []byte("\n"), []byte("\r\n")), Dialect{}},
		{"quoted11", benchText(11, quoted), Dialect{}},
		{"quoted60", benchText(60, quoted), Dialect{}},
		{"mixed60", benchText(60, func(row, column int) string {
			if column%4 == 0 {
				return `"Bill, ` + orderCell(row, column) + ` ""x"""`
			}
			return orderCell(row, column)
		}), Dialect{}},
		{"accents60", benchText(60, func(row, column int) string {
			if column%10 == 0 {
				return "José Núñez"
			}
			return orderCell(row, column)
		}), Dialect{}},
		{"cp1252", benchText(60, func(row, column int) string {
			if column%10 == 0 {
				return "Jos\xe9 N\xfa\xf1ez"
			}
			return orderCell(row, column)
		}), Dialect{Encoding: Windows1252}},
		{"utf16", encode16(string(benchText(60, orderCell)), UTF16LE), Dialect{Encoding: UTF16LE}},
		{"delimiter2", bytes.ReplaceAll(benchText(60, orderCell), []byte(","), []byte("||")), Dialect{Delimiter: "||"}},
		{"longtext", benchText(5, func(row, column int) string { return strings.Repeat("lorem ipsum ", 20) }), Dialect{}},
	} {
		d := c.dialect
		if d.Encoding == "" {
			d.Encoding = UTF8
		}
		if d.Delimiter == "" {
			d.Delimiter = ","
		}
		d.Quote, d.Escape = `"`, `"`
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			defer perCPU(b, len(c.text))()
			for b.Loop() {
				r := NewReader(bytes.NewReader(c.text), d, Position{})
				for {
					if _, err := r.Next(); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		if d.Encoding == UTF8 && d.Delimiter == "," {
			b.Run(c.name+"/encoding_csv", func(b *testing.B) {
				b.ReportAllocs()
				defer perCPU(b, len(c.text))()
				for b.Loop() {
					r := stdcsv.NewReader(bytes.NewReader(c.text))
					r.ReuseRecord = true
					for {
						if _, err := r.Read(); err == io.EOF {
							break
						} else if err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
	}
}
