// Package textfile writes metrics for the textfile collector of Prometheus' node_exporter. Whoever reads the file sees the old
// metrics or the new ones, never half of either.
package textfile

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Family is the samples of one metric.
type Family struct {
	Name    string
	Help    string
	Type    Type
	Samples []Sample
}

// Type says what a metric's values mean.
type Type string

// The types in use.
const (
	Counter Type = "counter" // only grows, until the next run
	Gauge   Type = "gauge"
)

// A Sample is one value, told from others of its family by its labels.
type Sample struct {
	Labels []Label
	Value  float64
}

// A Label is a name and its value, which may be any text.
type Label struct{ Name, Value string }

// Append spells families in the text format of Prometheus; one without samples is left out.
func Append(dst []byte, families []Family) []byte {
	for _, f := range families {
		if len(f.Samples) == 0 {
			continue
		}
		dst = append(dst, "# HELP "+f.Name+" "+strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(f.Help)+"\n"...)
		dst = append(dst, "# TYPE "+f.Name+" "+string(f.Type)+"\n"...)
		for _, s := range f.Samples {
			dst = append(dst, f.Name...)
			between := byte('{')
			for _, l := range s.Labels {
				dst = append(dst, between)
				dst = append(dst, l.Name+`="`+escaped(l.Value)+`"`...)
				between = ','
			}
			if len(s.Labels) > 0 {
				dst = append(dst, '}')
			}
			dst = strconv.AppendFloat(append(dst, ' '), s.Value, 'g', -1, 64)
			dst = append(dst, '\n')
		}
	}
	return dst
}

func escaped(value string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(value, "\uFFFD"))
}

// Write puts families in the place of what the file held. The collector may run as anybody, so anybody may read it.
func Write(path string, families []Family) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // the collector reads *.prom alone
	if err != nil {
		return err
	}
	_, err = f.Write(Append(nil, families))
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name()) // the error that counts is err
	}
	return err
}
