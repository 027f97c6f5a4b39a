package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// An environment is a Python environment for one program.
type environment struct {
	name     string
	packages []string // with their versions
}

// notInstalled is why packages could not be installed.
type notInstalled struct{ reason string }

func (n *notInstalled) Error() string { return n.reason }

func (l *lab) program(e *environment, name string) string {
	return filepath.Join(l.root, e.name, "bin", name)
}

// install makes the environment, unless it has these packages already: a file in it names them.
func (l *lab) install(ctx context.Context, e *environment) error {
	dir := filepath.Join(l.root, e.name)
	stamp, want := filepath.Join(dir, "installed"), strings.Join(e.packages, "\n")
	if have, err := os.ReadFile(stamp); err == nil && string(have) == want {
		return nil
	}
	fmt.Fprintf(l.out, "        installing %s\n", strings.Join(e.packages, ", "))
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"python3", "-m", "venv", dir},
		append([]string{filepath.Join(dir, "bin", "pip"), "install", "--quiet", "--retries", "1", "--disable-pip-version-check"}, e.packages...),
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			return &notInstalled{fmt.Sprintf("%s: %v %s", filepath.Base(args[0]), err, lines[len(lines)-1])}
		}
	}
	return os.WriteFile(stamp, []byte(want), 0o644)
}
