package logs

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"time"
)

// handler is the slog side of an Output.
type handler struct {
	output *Output
	prefix string // the open groups: "http."
	stream string
	attrs  []attr
}

func (h *handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.output.level }

func (h *handler) Handle(_ context.Context, r slog.Record) error {
	l := line{at: r.Time, level: r.Level, logger: h.output.program, message: r.Message, stream: h.stream}
	if l.at.IsZero() {
		l.at = h.output.now()
	}
	l.attrs = append(l.attrs, h.attrs...)
	r.Attrs(func(a slog.Attr) bool {
		l.attrs = appendAttr(l.attrs, &l.stream, h.prefix, a)
		return true
	})
	h.output.write(l)
	return nil
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	child := *h
	child.attrs = append([]attr(nil), h.attrs...)
	for _, a := range attrs {
		child.attrs = appendAttr(child.attrs, &child.stream, h.prefix, a)
	}
	return &child
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	child := *h
	child.prefix += name + "."
	return &child
}

// appendAttr puts a value into text. The attribute stream, outside any group, names the line's stream.
func appendAttr(dst []attr, stream *string, prefix string, a slog.Attr) []attr {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, member := range v.Group() {
			dst = appendAttr(dst, stream, prefix, member)
		}
		return dst
	}
	if a.Key == "" {
		return dst
	}
	text, bare := valueText(v)
	if prefix == "" && a.Key == "stream" {
		*stream = text
		return dst
	}
	return append(dst, attr{name: prefix + a.Key, value: text, bare: bare})
}

func valueText(v slog.Value) (text string, bare bool) {
	switch v.Kind() {
	case slog.KindString:
		return v.String(), false
	case slog.KindInt64:
		return strconv.FormatInt(v.Int64(), 10), true
	case slog.KindUint64:
		return strconv.FormatUint(v.Uint64(), 10), true
	case slog.KindFloat64:
		f := v.Float64()
		return strconv.FormatFloat(f, 'g', -1, 64), !math.IsNaN(f) && !math.IsInf(f, 0)
	case slog.KindBool:
		return strconv.FormatBool(v.Bool()), true
	case slog.KindDuration:
		return v.Duration().Round(time.Millisecond).String(), false
	case slog.KindTime:
		return v.Time().UTC().Format(time.RFC3339Nano), false
	}
	if v.Any() == nil {
		return "null", true
	}
	return fmt.Sprintf("%v", v.Any()), false
}
