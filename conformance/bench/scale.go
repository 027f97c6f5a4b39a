package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"text/template"
	"time"
)

//go:embed scale.md
var scaleText string

// scale is docs/scale.md: the text of scale.md with what the results come to for a terabyte a day.
func (r results) scale() ([]byte, error) {
	s, err := r.sizes()
	if err != nil {
		return nil, err
	}
	t, err := template.New("scale.md").Funcs(template.FuncMap{"figure": figure, "whole": grouped, "thousands": func(v float64) string { return grouped(v / 1e3) }}).Parse(scaleText)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, s)
	return out.Bytes(), err
}

// sizes are what scale.md tells.
type sizes struct {
	BytesPerRow, LinePerRow float64 // of the events, as CSV and as a Singer line
	RowsPerDay, RowsPerSec  float64 // that a terabyte of CSV in a day is
	MegabytesPerSec         float64
	TapRows, TapMB          float64 // by one core in one second
	WideMB                  float64 // of a file of a hundred columns
	PipeRows, PipeHours     float64 // of tap and target in one pipe
	Shapes                  []shape
	Two                     shape // no key, two programs at once
	TwoKey                  shape
	Key                     shape // one program
	TapMiB, TargetMiB       float64
	SlowIndex               float64 // how many times a row costs with a random key in a large index
	SlowRows                float64
	Machine                 string
}

// A shape is a way to load a terabyte a day.
type shape struct {
	Name                 string
	Rows                 float64 // in one second, by one program on the machine of the measurements
	Tap, Target, Server  float64 // cores
	TargetRows, CoreRows float64 // that a core of the target's, and of the server's, takes in a second
	Connections          float64
	WAL, Table           float64 // GB a day
}

// Cores are those of all three.
func (s shape) Cores() float64 { return s.Tap + s.Target + s.Server }

// Hours is how long one program needs for the day's rows.
func (s shape) Hours(rows float64) float64 { return rows / s.Rows / time.Hour.Seconds() }

func (r results) sizes() (*sizes, error) {
	var missing []string
	of := func(part, group, name string) values {
		if t := r[part]; t != nil {
			for _, l := range t.Lines {
				if l.Group == group && strings.HasPrefix(l.Name, name) {
					return l.Values
				}
			}
		}
		missing = append(missing, fmt.Sprintf("%s: %s: %s", part, group, name))
		return values{}
	}
	const terabyte, day, million = 1e12, 86_400, 1e6
	tap := of("csv", "events, 11 columns", "tap-s3-exports")
	s := &sizes{TapRows: tap["rows per CPU s"], TapMB: tap["MB of CSV per CPU s"],
		BytesPerRow: tap["MB of CSV per CPU s"] * million / tap["rows per CPU s"],
		LinePerRow:  tap["MB of lines per CPU s"] * million / tap["rows per CPU s"],
		WideMB:      of("csv", "orders, 103 columns", "tap-s3-exports")["MB of CSV per CPU s"],
		PipeRows:    of("peers", "CSV, no key", "tap-s3-exports, target-postgres")["rows/s"],
		SlowIndex:   of("append", "random key", "target-postgres, ten times")["ratio"],
		SlowRows:    of("append", "random key", "target-postgres, ten times")["rows/s"],
	}
	s.RowsPerDay = terabyte / s.BytesPerRow
	s.RowsPerSec, s.MegabytesPerSec = s.RowsPerDay/day, terabyte/million/day
	s.PipeHours = s.RowsPerDay / s.PipeRows / time.Hour.Seconds()
	load := func(name, group, program string) shape {
		v := of("burden", group, program)
		perSec := s.RowsPerSec / million
		return shape{Name: name, Rows: v["rows/s"], Connections: v["connections"], Tap: s.RowsPerSec / s.TapRows,
			Target: v["CPU s"] * perSec, Server: v["server CPU s"] * perSec, TargetRows: million / v["CPU s"], CoreRows: million / v["server CPU s"],
			WAL: v["WAL MB"] / 1e3 * s.RowsPerDay / million, Table: v["table MB"] / 1e3 * s.RowsPerDay / million}
	}
	s.Shapes = []shape{load("rows without a key", "no key", "one"), load("a new table with a key", "key", "one"),
		load("merge, every row changed", "merge, every row changed", "one")}
	s.Key, s.Two, s.TwoKey = s.Shapes[1], load("", "no key", "two"), load("", "key", "two")
	for _, mebibytes := range of("memory", "", "tap-s3-exports") {
		s.TapMiB = max(s.TapMiB, mebibytes)
	}
	for _, l := range r["memory"].Lines {
		if strings.HasPrefix(l.Name, "target-postgres") {
			for _, mebibytes := range l.Values {
				s.TargetMiB = max(s.TargetMiB, mebibytes)
			}
		}
	}
	if t := r["burden"]; t != nil {
		s.Machine = t.provenance()
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("docs/benchmarks.json lacks %s", strings.Join(missing, "; "))
	}
	return s, nil
}
