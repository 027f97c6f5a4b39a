package s3test

import (
	"context"
	"debug/buildinfo"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/lockedfile"
)

const module = "github.com/versity/versitygw"

//go:embed versitygw.version
var pinned string

// executable is the path of the server's program. Where it is missing or of another version it is installed first, by one process
// while the others wait.
func executable(ctx context.Context) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(root, "build", "bin")
	binary := filepath.Join(folder, "versitygw")
	if isPinned(binary) {
		return binary, nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	unlock, err := lockedfile.MutexAt(filepath.Join(folder, ".versitygw.lock")).Lock()
	if err != nil {
		return "", fmt.Errorf("waiting for another process to install the S3 server: %w", err)
	}
	defer unlock()
	if isPinned(binary) {
		return binary, nil
	}
	return binary, install(ctx, folder, binary)
}

// install builds beside the final place and renames, so that a binary which others can see is always whole.
func install(ctx context.Context, folder, binary string) error {
	scratch, err := os.MkdirTemp(folder, "install-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	cmd := exec.CommandContext(ctx, "go", "install", module+"/cmd/versitygw@"+version())
	cmd.Dir = scratch
	cmd.Env = append(os.Environ(), "GOBIN="+scratch, "GOFLAGS=-mod=mod -trimpath", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("installing the S3 server: %w\n%s", err, out)
	}
	return os.Rename(filepath.Join(scratch, "versitygw"), binary)
}

func version() string { return strings.TrimSpace(pinned) }

func isPinned(binary string) bool {
	info, err := buildinfo.ReadFile(binary)
	return err == nil && info.Main.Path == module && info.Main.Version == version()
}

// moduleRoot is the nearest folder with a go.mod, upwards from the working directory: go test runs in the package's folder.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory: the S3 server belongs into the module's build folder")
		}
		dir = parent
	}
}
