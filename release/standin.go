package main

import (
	"archive/tar"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// standIn writes a root file system of this Linux machine's shell, some tools, and the libraries that they load. It is a base for trying an image
// where no registry can be reached, not one to deliver.
func standIn(ctx context.Context, path string) error {
	from := map[string]string{"/etc/ssl/certs/ca-certificates.crt": "/etc/ssl/certs/ca-certificates.crt"}
	for _, tool := range []string{"sh", "cat", "cp", "id", "ls", "mkdir", "mv", "rm", "sleep", "touch"} {
		found, err := exec.LookPath(tool)
		if err != nil {
			return err
		}
		from["/bin/"+tool] = found
		loaded, err := exec.CommandContext(ctx, "ldd", found).Output()
		var static *exec.ExitError // ldd's answer for a program that loads nothing
		if err != nil && !errors.As(err, &static) {
			return err
		}
		for _, library := range regexp.MustCompile(`/\S+\.so\S*`).FindAllString(string(loaded), -1) {
			from[library] = library
		}
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	archive := tar.NewWriter(out)
	for name, source := range from {
		content, err := os.ReadFile(source)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := archive.WriteHeader(&tar.Header{Name: strings.TrimPrefix(name, "/"), Mode: 0o755, Size: int64(len(content))}); err != nil {
			return err
		}
		if _, err := archive.Write(content); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), out.Close())
}
