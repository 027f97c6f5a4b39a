package main

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// A platform is one that programs are built for, written linux/arm64.
type platform struct{ os, arch string }

// UnmarshalText reads a platform of the command line.
func (p *platform) UnmarshalText(text []byte) error {
	var ok bool
	if p.os, p.arch, ok = strings.Cut(string(text), "/"); !ok || p.os == "" || p.arch == "" {
		return fmt.Errorf("%q is no platform such as linux/arm64", text)
	}
	return nil
}

func host() platform { return platform{runtime.GOOS, runtime.GOARCH} }

// A build is what was built for one platform.
type build struct {
	platform platform
	dir      string
	programs []program
}

// A program is one executable.
type program struct {
	name      string
	path      string
	connector bool // a tap or a target, which has an image; otherwise a tool
	info      *buildinfo.BuildInfo
}

// compile builds the programs below dir: stripped, and so that every machine gets the same bytes.
func compile(ctx context.Context, root string, p platform, dir string) (*build, error) {
	dir = filepath.Join(dir, p.os+"_"+p.arch)
	packages, err := mainPackages(ctx, root)
	if err != nil {
		return nil, err
	}
	stamp := "true"
	if git := exec.CommandContext(ctx, "git", "status", "--porcelain"); runIn(git, root) != nil {
		stamp = "false" // no repository, or no git: the version is 0.0.0-dev
	}
	args := []string{"build", "-trimpath", "-buildvcs=" + stamp, "-ldflags=-s -w -buildid=", "-o", dir + string(filepath.Separator)}
	cmd := exec.CommandContext(ctx, "go", append(args, packages...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch)
	if err := runIn(cmd, root); err != nil {
		return nil, err
	}
	b := &build{platform: p, dir: dir}
	for _, path := range packages {
		name := filepath.Base(path)
		info, err := buildinfo.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		connector := strings.HasPrefix(name, "tap-") || strings.HasPrefix(name, "target-")
		b.programs = append(b.programs, program{name, filepath.Join(dir, name), connector, info})
	}
	return b, nil
}

// mainPackages are the packages of the programs that are delivered.
func mainPackages(ctx context.Context, root string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-f", `{{if eq .Name "main"}}{{.ImportPath}}{{end}}`, "./conformance", "./taps/tap-...", "./target-postgres")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	return strings.Fields(string(out)), err
}

func runIn(cmd *exec.Cmd, dir string) error {
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}

// version is what the toolchain stamped into the programs, without a leading v.
func (b *build) version() string {
	v := strings.TrimPrefix(b.programs[0].info.Main.Version, "v")
	if v == "" || v == "(devel)" {
		return "0.0.0-dev"
	}
	return v
}

// made is the time of the commit, in place of the time of the build; 1970 where no commit is known.
func (b *build) made() time.Time {
	at, err := time.Parse(time.RFC3339, b.stamp("vcs.time"))
	if err != nil {
		return time.Unix(0, 0).UTC()
	}
	return at
}

func (b *build) stamp(key string) string {
	for _, s := range b.programs[0].info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
