package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// A usage is what a process cost.
type usage struct {
	wall, cpu time.Duration
	peak      int64 // bytes of resident memory
}

// process runs a program to its end. Its output is thrown away by the kernel, its messages are shown when it fails.
func process(ctx context.Context, stdin *os.File, env []string, name string, args ...string) (usage, error) {
	return processTo(ctx, stdin, nil, env, name, args...)
}

// reading is process with a file as input.
func reading(ctx context.Context, path string, env []string, name string, args ...string) (usage, error) {
	in, err := os.Open(path)
	if err != nil {
		return usage{}, err
	}
	defer in.Close()
	return process(ctx, in, env, name, args...)
}

// processTo is process with the output in a file. A nil file is the null device.
func processTo(ctx context.Context, stdin, stdout *os.File, env []string, name string, args ...string) (usage, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var messages bytes.Buffer
	cmd.Stderr = &messages
	if stdin != nil {
		cmd.Stdin = stdin
	}
	if stdout != nil {
		cmd.Stdout = stdout
	}
	cmd.Env = append(os.Environ(), env...)
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return usage{}, fmt.Errorf("%s %v: %w\n%s", name, args, err, messages.Bytes())
	}
	u := usage{wall: time.Since(start), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.peak = r.Maxrss
		if runtime.GOOS != "darwin" {
			u.peak <<= 10
		}
	}
	return u, nil
}

// outputSize runs a program once more and counts what it prints.
func outputSize(ctx context.Context, env []string, name string, args ...string) (int64, error) {
	var size counter
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env, cmd.Stdout = append(os.Environ(), env...), &size
	err := cmd.Run()
	return int64(size), err
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// generate writes size bytes or a little more to a file, made of the pieces that next appends.
func generate(path string, size int64, head []byte, next func(dst []byte, n int) []byte) (bytes int64, rows int, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, 0, err
	}
	bytes, rows, err = write(f, size, head, next)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return bytes, rows, err
}

func write(w io.Writer, size int64, head []byte, next func(dst []byte, n int) []byte) (bytes int64, rows int, err error) {
	buf := slices.Clone(head)
	for bytes < size {
		for len(buf) < 256<<10 && bytes+int64(len(buf)) < size {
			buf = next(buf, rows)
			rows++
		}
		if _, err := w.Write(buf); err != nil {
			return bytes, rows, err
		}
		bytes += int64(len(buf))
		buf = buf[:0]
	}
	return bytes, rows, nil
}
