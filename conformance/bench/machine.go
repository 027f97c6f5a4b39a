package main

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"time"
)

// describe notes when and on what the figures were taken, and what the part itself did not say.
func (b *bench) describe(t *table, took time.Duration) {
	t.Machine, t.Measured = machine(), time.Now().UTC().Format(time.DateOnly)
	t.Input, t.Rounds = cmp.Or(t.Input, grouped(float64(b.rows))+" rows"), cmp.Or(t.Rounds, b.rounds)
	t.Seconds = took.Round(time.Second).Seconds()
}

// machine says what the system tells of itself: on Linux also the processor and the memory.
func machine() string {
	text := fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if model := fact("/proc/cpuinfo", `(?m)^model name\s*: (.*)$`); model != "" {
		text += ", " + model
	}
	if kib, err := strconv.Atoi(fact("/proc/meminfo", `(?m)^MemTotal:\s*(\d+) kB$`)); err == nil {
		text += fmt.Sprintf(", %d GiB", (kib+1<<19)>>20)
	}
	return text
}

func fact(path, pattern string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	if m := regexp.MustCompile(pattern).FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return ""
}
