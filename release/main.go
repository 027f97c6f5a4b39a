// Package main builds what is delivered: archives of the programs for each platform, with checksums and a bill of materials, and
// images of each program for Airbyte and Kubernetes. `make release` and `make images` run it. The same commit and toolchain give the
// same bytes.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/alecthomas/kong"
)

type commands struct {
	Archives archives `cmd:"" help:"Write an archive for each platform, SHA256SUMS and a CycloneDX bill of materials."`
	Images   images   `cmd:"" help:"Write an image of each program for each platform, from the lines of the Dockerfile, or push them."`
}

func main() {
	var c commands
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	parsed := kong.Parse(&c, kong.Name("release"), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := parsed.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
