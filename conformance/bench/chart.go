package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// A bar is a line of a table, or the heading of those below it.
type bar struct {
	heading string
	line
}

// A drawing is a chart of one column of some parts.
type drawing struct {
	file, title, unit, column string
	parts                     []titled
	legend                    []legend
}

type titled struct{ part, title string }

type legend struct {
	class class
	label string
}

// drawings are what the page shows.
func drawings() []drawing {
	return []drawing{
		{"benchmarks.svg", "Rows per second into PostgreSQL", "rows per second", "rows/s",
			[]titled{{"load", "First load: "}, {"pipe", "From S3"}, {"peers", "Other loaders: "}},
			[]legend{{ours, "ours"}, {byHand, "COPY by hand"}, {peer, "other loaders"}}},
		{"benchmarks-csv.svg", "CSV to JSON lines on one core", "MB of CSV per CPU second", "MB of CSV per CPU s",
			[]titled{{"csv", ""}},
			[]legend{{ours, "ours"}, {byHand, "encoding/csv"}, {peer, "other programs"}}},
	}
}

// bars are those of the programs, by part and group. What is no program's has no class.
func (r results) bars(d drawing) (bars []bar) {
	for _, part := range d.parts {
		t, ok := r[part.part]
		if !ok {
			continue
		}
		heading := ""
		for _, l := range t.Lines {
			if l.Class == "" {
				continue
			}
			if here := part.title + l.Group; here != heading {
				heading = here
				bars = append(bars, bar{heading: heading})
			}
			bars = append(bars, bar{line: l})
		}
	}
	return bars
}

// chart takes its colours from the reader's scheme, light or dark.
func (r results) chart(d drawing) []byte {
	const (
		left, width, right = 370, 400, 70
		top, step, height  = 40, 24, 16
	)
	bars := r.bars(d)
	highest := 1.0
	for _, b := range bars {
		highest = max(highest, b.Values[d.column])
	}
	tick := math.Pow(10, math.Floor(math.Log10(highest)))
	for highest/tick < 4 {
		tick /= 2
	}
	scale := width / (math.Ceil(highest/tick) * tick)
	bottom := top + step*len(bars)
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12" role="img">
<title>%s</title>
<style>
  text { fill: #24292f } .axis { stroke: #d0d7de } .ours { fill: #1a7f37 } .hand { fill: #6e7781 } .peer { fill: #bc4c00 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .axis { stroke: #30363d } .ours { fill: #3fb950 } .hand { fill: #8b949e } .peer { fill: #f0883e }
  }
</style>
<text x="%d" y="16">%s</text>
`, left+width+right, bottom+30, escaped(d.title), left, escaped(d.unit))
	x := float64(left)
	for _, key := range d.legend {
		fmt.Fprintf(&out, `<rect class="%s" x="%.0f" y="23" width="10" height="10"/><text x="%.0f" y="32">%s</text>`+"\n", key.class, x, x+14, key.label)
		x += 120
	}
	for v := 0.0; v <= math.Ceil(highest/tick)*tick; v += tick {
		at := left + v*scale
		fmt.Fprintf(&out, `<line class="axis" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n",
			at, top, at, bottom, at, bottom+16, grouped(v))
	}
	for i, b := range bars {
		y := top + step*i + (step-height)/2
		if b.heading != "" {
			fmt.Fprintf(&out, `<text x="4" y="%d" font-weight="600">%s</text>`+"\n", y+12, escaped(b.heading))
			continue
		}
		fmt.Fprintf(&out, `<text x="%d" y="%d" text-anchor="end">%s</text><rect class="%s" x="%d" y="%d" width="%.1f" height="%d"/><text x="%.1f" y="%d">%s</text>`+"\n",
			left-8, y+12, escaped(b.Name), b.Class, left, y, b.Values[d.column]*scale, height, left+b.Values[d.column]*scale+6, y+12, grouped(b.Values[d.column]))
	}
	out.WriteString("</svg>\n")
	return out.Bytes()
}

func escaped(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // a builder takes everything
	return out.String()
}
