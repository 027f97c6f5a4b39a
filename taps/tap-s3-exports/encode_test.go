package main

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/csv"
	"github.com/signalroom/signalroom/taps/tap/kinds"
)

// exports are three kinds of files, about 4 MiB each.
func exports() map[string]string {
	var events, dense, sparse strings.Builder
	events.WriteString("uuid,event,distinct_id,timestamp,team_id,person_id,url,browser,os,amount,properties\n")
	for i := 0; events.Len() < 4<<20; i++ {
		fmt.Fprintf(&events, `%08x-1111-4222-8333-%012x,pageview,user_%d,2026-11-%02dT%02d:10:00Z,%d,%08x-0000-0000-0000-000000000000,https://example.com/path/%d,Chrome,Mac,%d.50,"{""plan"":""pro"",""tags"":[""a"",""b""],""long"":""%0120d""}"`+"\n",
			i, i*7, i%5000, 1+i%28, i%24, i%10, i, i%1000, i%500, i)
	}
	var names, filled, gaps []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("Order Column %d", i))
		value := fmt.Sprintf("%d.%02d", i, i)
		if i%2 == 0 {
			value = fmt.Sprintf("value %d", i)
		}
		filled = append(filled, value)
		if i%10 > 3 {
			value = ""
		}
		gaps = append(gaps, value)
	}
	for b, row := range map[*strings.Builder][]string{&dense: filled, &sparse: gaps} {
		b.WriteString(strings.Join(names, ",") + "\n")
		for b.Len() < 4<<20 {
			b.WriteString(strings.Join(row, ",") + "\n")
		}
	}
	return map[string]string{"events": events.String(), "dense": dense.String(), "sparse": sparse.String()}
}

// newRows gives the dialect of a text and the encoder of its rows.
func newRows(t testing.TB, body string) (csv.Dialect, *rowEncoder) {
	t.Helper()
	s := &stream{source: &source{config: &Config{}}, index: map[string]int{}}
	require.NoError(t, s.setReading(Reading{}))
	h, err := s.inspect([]byte(body[:headSize]), false)
	require.NoError(t, err)
	samples := map[string]*sampler{}
	s.sample(h, []byte(body[:headSize]), samples)
	for _, name := range h.names {
		s.addColumn(column{name: name, kind: samples[name].kind(kinds.Text)})
	}
	keep := func(column string) tap.Keep {
		if column == etagColumn || column == modifiedColumn || column == sizeColumn || column == lineColumn {
			return tap.Dropped
		}
		return tap.Whole
	}
	e := newRowEncoder(s, keep, &file{date: monday}, "exports/orders_2026-11-03.csv", h.names)
	return h.dialect, &e
}

func TestEncodeAllocatesNothing(t *testing.T) {
	for name, body := range exports() {
		dialect, e := newRows(t, body)
		reader := csv.NewReader(strings.NewReader(body), dialect, csv.Position{})
		_, err := reader.ReadHeader()
		require.NoError(t, err)
		row := make([]byte, 0, 64<<10)
		require.Zero(t, testing.AllocsPerRun(500, func() {
			record, err := reader.Next()
			if err != nil {
				t.Fatal(err)
			}
			if _, misfit := e.encode(row, record); misfit >= 0 {
				t.Fatal("a value does not fit")
			}
		}), name)
	}
}

// BenchmarkEncode makes members of rows; the bytes are those of CSV.
func BenchmarkEncode(b *testing.B) {
	for name, body := range exports() {
		b.Run(name, func(b *testing.B) {
			dialect, e := newRows(b, body)
			b.SetBytes(int64(len(body)))
			row := make([]byte, 0, 64<<10)
			for b.Loop() {
				reader := csv.NewReader(strings.NewReader(body), dialect, csv.Position{})
				if _, err := reader.ReadHeader(); err != nil {
					b.Fatal(err)
				}
				for {
					record, err := reader.Next()
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					e.encode(row, record)
				}
			}
		})
	}
}
