package taptest

import (
	"io"
	"os/exec"
	"testing"
	"time"
)

// Speed runs a command that sends so many rows, again and again, and reports rows and megabytes a second, and rows for a second of
// the command's own processor time.
func Speed(b *testing.B, rows float64, command func() *exec.Cmd) {
	b.Helper()
	for b.Loop() {
		command := command()
		stdout, err := command.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if err := command.Start(); err != nil {
			b.Fatal(err)
		}
		written, err := io.Copy(io.Discard, stdout)
		if err != nil {
			b.Fatal(err)
		}
		if err := command.Wait(); err != nil {
			b.Fatal(err)
		}
		took := time.Since(began).Seconds()
		b.ReportMetric(rows/took, "rows/s")
		b.ReportMetric(float64(written)/1e6/took, "MB/s")
		b.ReportMetric(rows/(command.ProcessState.UserTime()+command.ProcessState.SystemTime()).Seconds(), "rows/cpu-s")
	}
}
