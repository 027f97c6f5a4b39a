package logs

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strconv"
	"strings"

	"github.com/signalroom/signalroom/protocol"
)

// Fatal writes why the run failed. The last line has level CRITICAL, and there is no stack trace; an error of several
// lines, as that of the settings, has a line of level ERROR for each before it. Under Airbyte it is one TRACE.
func (o *Output) Fatal(err error) {
	if err == nil {
		return
	}
	if o.form.kind == airbyte {
		if !o.wasReported(err) {
			o.Report(err)
		}
		return
	}
	text := strings.TrimSpace(err.Error())
	if lines := strings.Split(text, "\n"); len(lines) > 1 {
		for _, problem := range lines {
			o.write(line{at: o.now(), level: slog.LevelError, logger: o.program, message: problem})
		}
		text = fmt.Sprintf("%d problems, each on a line above", len(lines))
	}
	o.write(line{at: o.now(), level: LevelCritical, logger: o.program, message: text})
}

// Run runs a program to its exit code: an error is written by [Output.Fatal], a panic becomes one CRITICAL line
// without values, and exit code 1. A panic in another goroutine is out of its reach.
func (o *Output) Run(program func() error) (exitCode int) {
	defer func() {
		if p := recover(); p != nil {
			o.write(line{at: o.now(), level: LevelCritical, logger: o.program, message: panicText(p, panicSite())})
			exitCode = protocol.System.ExitCode()
		}
	}()
	err := program()
	o.Fatal(err)
	return protocol.ExitCode(err)
}

// panicText names the panic without its value, which may be a row's. What the Go runtime itself says of a defect
// holds indexes and types alone.
func panicText(p any, site string) string {
	what := fmt.Sprintf("%T", p)
	if err, ok := p.(error); ok {
		var defect runtime.Error
		if errors.As(err, &defect) {
			what = defect.Error()
		}
	}
	return "a defect in the program: " + what + " at " + site + "; please report it"
}

// panicSite is where the panic was raised: the first place outside the runtime. It is called by a deferred function.
func panicSite() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		frame, more := frames.Next()
		if frame.Function != "" && !strings.HasPrefix(frame.Function, "runtime.") {
			file := frame.File[strings.LastIndexByte(frame.File, '/')+1:]
			return frame.Function[strings.LastIndexByte(frame.Function, '/')+1:] + " (" + file + ":" + strconv.Itoa(frame.Line) + ")"
		}
		if !more {
			return "an unknown place"
		}
	}
}
