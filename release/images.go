package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/cache"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

type images struct {
	Root       string     `default:"." help:"The repository."`
	Out        string     `default:"build/images" help:"Folder to write to: PROGRAM_OS_ARCH.tar, for docker load, podman load and kind load image-archive."`
	Platform   []platform `default:"linux/amd64,linux/arm64" help:"Platforms to build for."`
	Repository string     `default:"ghcr.io/signalroom" help:"Registry and folder that the images' names begin with."`
	Tag        string     `help:"Tag of the images. Default: the programs' version."`
	Push       bool       `help:"Push images for all platforms to the repository, as docker login has it, in place of writing files."`
	Mirror     string     `help:"Registry to take the base from, in place of Docker Hub." placeholder:"HOST"`
	Base       string     `help:"Root file system to take as the base of one platform, where no registry can be reached: a tar, or local for the shell and tools of this Linux, to try an image with." placeholder:"FILE.tar|local"`
}

// Run builds from the stages of the Dockerfile that are named as the programs are.
func (i *images) Run(ctx context.Context) error {
	if i.Base != "" && len(i.Platform) != 1 {
		return errors.New("--base is the root file system of one platform: name that with --platform")
	}
	work, err := os.MkdirTemp("", "signalroom-images-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	var builds []*build
	for _, p := range i.Platform {
		b, err := compile(ctx, i.Root, p, work)
		if err != nil {
			return err
		}
		builds = append(builds, b)
	}
	return i.deliver(ctx, builds, work)
}

// deliver makes the images of what was built, and writes or pushes them. Bases are kept in the folder work.
func (i *images) deliver(ctx context.Context, builds []*build, work string) error {
	text, err := os.ReadFile(filepath.Join(i.Root, "Dockerfile"))
	if err != nil {
		return err
	}
	stages, err := parseDockerfile(text)
	if err != nil {
		return err
	}
	indexes := map[string]v1.ImageIndex{}
	for _, b := range builds {
		m := &maker{stages: stages, build: b, bases: map[string]v1.Image{}}
		m.base = func(from string) (v1.Image, error) { return i.base(ctx, from, b.platform, work) }
		for _, p := range b.programs {
			if !p.connector {
				continue
			}
			image, err := m.image(p)
			if err != nil {
				return fmt.Errorf("image of %s for %s/%s: %w", p.name, b.platform.os, b.platform.arch, err)
			}
			if i.Push {
				indexes[p.name] = addImage(indexes[p.name], image, b.platform)
			} else if err := i.write(image, p, b); err != nil {
				return err
			}
		}
	}
	for _, p := range builds[0].programs {
		if indexes[p.name] == nil {
			continue
		}
		tag, err := i.tag(p, builds[0])
		if err != nil {
			return err
		}
		if err := remote.WriteIndex(tag, indexes[p.name], remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
			return err
		}
	}
	return nil
}

// addImage adds the image of a platform to the index of a program's images; nil is an empty index.
func addImage(index v1.ImageIndex, image v1.Image, p platform) v1.ImageIndex {
	if index == nil {
		index = mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	}
	return mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: p.os, Architecture: p.arch}}})
}

// write writes an image to a file for docker load.
func (i *images) write(image v1.Image, p program, b *build) error {
	tag, err := i.tag(p, b)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(i.Out, 0o755); err != nil {
		return err
	}
	return tarball.WriteToFile(filepath.Join(i.Out, fmt.Sprintf("%s_%s_%s.tar", p.name, b.platform.os, b.platform.arch)), tag, image)
}

// tag is the image's name. A tag cannot hold the + of a version.
func (i *images) tag(p program, b *build) (name.Tag, error) {
	version := i.Tag
	if version == "" {
		version = strings.ReplaceAll(b.version(), "+", "-")
	}
	return name.NewTag(i.Repository + "/" + p.name + ":" + version)
}

// base is the image that a stage of the Dockerfile begins with. Its layers are kept in the folder work.
func (i *images) base(ctx context.Context, from string, p platform, work string) (image v1.Image, err error) {
	if i.Base != "" {
		image, err = i.baseFromFile(ctx, p, work)
	} else {
		image, err = i.baseFromRegistry(ctx, from, p, work)
	}
	if err != nil {
		return nil, err
	}
	return image, checkBase(image)
}

func (i *images) baseFromFile(ctx context.Context, p platform, work string) (v1.Image, error) {
	file := i.Base
	if file == "local" {
		file = filepath.Join(work, "base.tar")
		if err := standIn(ctx, file); err != nil {
			return nil, err
		}
	}
	layer, err := tarball.LayerFromFile(file)
	if err != nil {
		return nil, err
	}
	image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: p.os, Architecture: p.arch, RootFS: v1.RootFS{Type: "layers"}})
	if err != nil {
		return nil, err
	}
	return mutate.AppendLayers(image, layer)
}

func (i *images) baseFromRegistry(ctx context.Context, from string, p platform, work string) (v1.Image, error) {
	var options []name.Option
	if i.Mirror != "" {
		options = append(options, name.WithDefaultRegistry(i.Mirror))
	}
	reference, err := name.ParseReference(from, options...)
	if err != nil {
		return nil, err
	}
	at := v1.Platform{OS: p.os, Architecture: p.arch}
	image, err := remote.Image(reference, remote.WithContext(ctx), remote.WithPlatform(at), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		return nil, fmt.Errorf("base image: %w; name a registry that has it with --mirror, or a root file system with --base; --base local serves to try an image here", err)
	}
	return cache.Image(image, cache.NewFilesystemCache(work)), nil
}

// checkBase is an error when a base lacks what Airbyte and TLS need.
func checkBase(image v1.Image) error {
	need := map[string]bool{"bin/sh": true, "etc/ssl/certs/ca-certificates.crt": true}
	content := mutate.Extract(image)
	defer content.Close()
	for files := tar.NewReader(content); len(need) > 0; {
		header, err := files.Next()
		if err == io.EOF {
			for file := range need {
				return fmt.Errorf("the base has no /%s", file)
			}
		}
		if err != nil {
			return err
		}
		delete(need, strings.TrimPrefix(path.Clean("/"+header.Name), "/"))
	}
	return nil
}
