package logs

import (
	"errors"
	"io"
	"log/slog"
	"slices"
	"strconv"

	"github.com/signalroom/signalroom/protocol"
)

// messageMost is what the platform keeps of a failure's message, in bytes here.
const messageMost = 50_000

// NewAirbyte makes the log of a program that speaks Airbyte's protocol: w is its standard output, as whole lines. A line is a LOG message, a
// failure a TRACE of type ERROR. Metrics are of level DEBUG, as the platform has its own. The environment decides on the level: LOG_LEVEL,
// as the platform sets it, and what [New] reads.
func NewAirbyte(program string, w io.Writer, env func(name string) (string, bool)) *Output {
	return newOutput(program, w, env, form{kind: airbyte})
}

// Verbose lets lines of level DEBUG through.
func (o *Output) Verbose() { o.level = slog.LevelDebug }

// NameStream says what Airbyte calls a stream that failures and lines know by a label of its own.
func (o *Output) NameStream(label, name, namespace string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.streams == nil {
		o.streams = map[string][2]string{}
	}
	o.streams[label] = [2]string{name, namespace}
}

// Masked is a text without the secrets in it.
func (o *Output) Masked(text string) string { return o.secrets.mask(text) }

// Report tells of a fault when it comes: a TRACE under Airbyte, a line of level ERROR otherwise. [Output.Fatal] does not repeat a TRACE.
func (o *Output) Report(err error) {
	if o.form.kind != airbyte {
		o.write(line{at: o.now(), level: slog.LevelError, logger: o.program, message: err.Error()})
		return
	}
	o.mu.Lock()
	o.reported = append(o.reported, err)
	o.mu.Unlock()
	o.write(failure(o, err))
}

func failure(o *Output, err error) line {
	l := line{at: o.now(), level: LevelCritical, logger: o.program, message: err.Error(), kind: protocol.KindOf(err)}
	var fault *protocol.Fault
	if errors.As(err, &fault) {
		l.stream = fault.Stream
	}
	return l
}

func (o *Output) wasReported(err error) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.ContainsFunc(o.reported, func(r error) bool { return errors.Is(err, r) })
}

// appendAirbyte is a LOG message, or the TRACE of a failure. Metrics are left out unless they are asked for.
func (o *Output) appendAirbyte(dst []byte, l line) []byte {
	if l.level >= LevelCritical {
		dst = append(dst, `{"type":"TRACE","trace":{"type":"ERROR","emitted_at":`...)
		dst = strconv.AppendInt(dst, l.at.UnixMilli(), 10)
		dst = append(dst, `,"error":{"message":`...)
		dst = appendJSON(dst, l.message[:min(len(l.message), messageMost)])
		dst = append(append(append(dst, `,"failure_type":"`...), l.kind.FailureType()...), '"')
		if l.stream != "" {
			name := [2]string{l.stream}
			if own, ok := o.streams[l.stream]; ok {
				name = own
			}
			dst = appendJSON(append(dst, `,"stream_descriptor":{"name":`...), name[0])
			if name[1] != "" {
				dst = appendJSON(append(dst, `,"namespace":`...), name[1])
			}
			dst = append(dst, '}')
		}
		return append(dst, "}}}\n"...)
	}
	level := levelName(l.level)
	if l.metric != nil {
		if o.level > slog.LevelDebug {
			return dst
		}
		level = "DEBUG"
	}
	if level == "WARNING" {
		level = "WARN"
	}
	dst = append(append(append(dst, `{"type":"LOG","log":{"level":"`...), level...), `","message":`...)
	dst = appendJSON(dst, string(appendText(nil, l)))
	return append(dst, "}}\n"...)
}
