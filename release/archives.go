package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

type archives struct {
	Root     string     `default:"." help:"The repository."`
	Out      string     `default:"build/release" help:"Folder to write to."`
	Platform []platform `default:"linux/amd64,linux/arm64,darwin/amd64,darwin/arm64" help:"Platforms to build for."`
}

// Run writes signalroom_VERSION_OS_ARCH.tar.gz for each platform, with the programs, their completions, manual pages and licences,
// signalroom_VERSION.cdx.json, and SHA256SUMS over all of these.
func (a *archives) Run(ctx context.Context) error {
	work, err := os.MkdirTemp("", "signalroom-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	own, err := compile(ctx, a.Root, host(), work)
	if err != nil {
		return err
	}
	var builds []*build
	for _, p := range a.Platform {
		b := own
		if p != host() {
			if b, err = compile(ctx, a.Root, p, work); err != nil {
				return err
			}
		}
		builds = append(builds, b)
	}
	return a.deliver(ctx, own, builds)
}

// deliver packs what was built; own is the build for this machine.
func (a *archives) deliver(ctx context.Context, own *build, builds []*build) error {
	shared, err := a.sharedFiles(ctx, own, builds)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(a.Out, 0o755); err != nil {
		return err
	}
	for _, b := range builds {
		if err := a.write(b, shared); err != nil {
			return err
		}
	}
	bill, err := billOfMaterials(builds)
	if err != nil {
		return err
	}
	prefix := "signalroom_" + own.version()
	if err := os.WriteFile(filepath.Join(a.Out, prefix+".cdx.json"), bill, 0o644); err != nil {
		return err
	}
	return writeSums(a.Out, prefix)
}

// A file of an archive. name is its path there.
type file struct {
	name    string
	mode    int64
	content []byte
}

// sharedFiles are the files that are the same for all platforms. The programs of this machine print their manual pages and completions.
func (a *archives) sharedFiles(ctx context.Context, own *build, builds []*build) ([]file, error) {
	var files []file
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		content, err := os.ReadFile(filepath.Join(a.Root, name))
		if err != nil {
			return nil, err
		}
		files = append(files, file{name, 0o644, content})
	}
	for _, p := range own.programs {
		for _, say := range []struct{ name, args string }{
			{"completions/bash/" + p.name, "--completion=bash"},
			{"completions/zsh/_" + strings.ReplaceAll(p.name, "-", "_"), "--completion=zsh"},
			{"completions/fish/" + p.name + ".fish", "--completion=fish"},
			{"man/man1/" + p.name + ".1", "--man"},
		} {
			out, err := exec.CommandContext(ctx, p.path, say.args).Output()
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", p.name, say.args, err)
			}
			files = append(files, file{say.name, 0o644, out})
		}
	}
	licences, err := a.licences(ctx, builds)
	return append(files, licences...), err
}

// licences are the licence texts of Go and of the modules inside the programs, which have to be delivered with them.
func (a *archives) licences(ctx context.Context, builds []*build) ([]file, error) {
	inside := map[string]bool{}
	for _, b := range builds {
		for _, p := range b.programs {
			for _, m := range p.info.Deps {
				inside[m.Path] = true
			}
		}
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-m", "-f", "{{.Path}} {{.Dir}}"}, slices.Sorted(maps.Keys(inside))...)...)
	cmd.Dir = a.Root
	modules, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("folders of the modules: %w", err)
	}
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	var files []file
	for line := range strings.Lines(string(modules) + "go " + string(goroot)) {
		name, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if upper := strings.ToUpper(entry.Name()); entry.IsDir() || !strings.HasPrefix(upper, "LICEN") && !strings.HasPrefix(upper, "NOTICE") && !strings.HasPrefix(upper, "COPYING") {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
			if err != nil {
				return nil, err
			}
			files = append(files, file{path.Join("licences", name, entry.Name()), 0o644, text})
		}
	}
	return files, nil
}

// write writes the archive of one platform.
func (a *archives) write(b *build, shared []file) (err error) {
	name := fmt.Sprintf("signalroom_%s_%s_%s", b.version(), b.platform.os, b.platform.arch)
	out, err := os.Create(filepath.Join(a.Out, name+".tar.gz"))
	if err != nil {
		return err
	}
	defer out.Close()
	packed := gzip.NewWriter(out)
	files := tar.NewWriter(packed)
	add := func(f file) error {
		header := &tar.Header{Name: path.Join(name, f.name), Mode: f.mode, Size: int64(len(f.content)), ModTime: b.made(), Format: tar.FormatPAX}
		if err := files.WriteHeader(header); err != nil {
			return err
		}
		_, err := files.Write(f.content)
		return err
	}
	for _, p := range b.programs {
		content, err := os.ReadFile(p.path)
		if err != nil {
			return err
		}
		if err := add(file{"bin/" + p.name, 0o755, content}); err != nil {
			return err
		}
	}
	for _, f := range shared {
		if err := add(f); err != nil {
			return err
		}
	}
	for _, c := range []io.Closer{files, packed, out} {
		if err := c.Close(); err != nil {
			return err
		}
	}
	return nil
}

// writeSums writes SHA256SUMS as sha256sum --check reads it, over the files of a folder whose names begin so.
func writeSums(dir, prefix string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), prefix) {
			continue
		}
		f, err := os.Open(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		hash := sha256.New()
		_, err = io.Copy(hash, f)
		f.Close()
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%s  %s\n", hex.EncodeToString(hash.Sum(nil)), entry.Name())
	}
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), sums.Bytes(), 0o644)
}
