package main

import (
	"errors"
	"os"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A maker makes the images of one platform from the Dockerfile. It knows the instructions that run nothing inside the image; any other is an
// error.
type maker struct {
	stages []stage
	build  *build
	base   func(from string) (v1.Image, error)
	bases  map[string]v1.Image // by name, each fetched once
}

// image makes the stage with the program's name.
func (m *maker) image(p program) (v1.Image, error) {
	image, err := m.stage(p.name, p)
	if image == nil && err == nil {
		return nil, errors.New("the Dockerfile has no stage for it")
	}
	return image, err
}

// stage makes the stage of that name, after the one that it is built from; nil when the Dockerfile has no such stage.
func (m *maker) stage(named string, p program) (image v1.Image, err error) {
	for _, s := range m.stages {
		if s.name != named {
			continue
		}
		if image, err = m.stage(s.from, p); image == nil && err == nil {
			if image = m.bases[s.from]; image == nil {
				image, err = m.base(s.from)
				m.bases[s.from] = image
			}
		}
		if err != nil {
			return nil, err
		}
		return m.apply(image, s.steps, p)
	}
	return nil, nil
}

// apply carries out the steps of a stage. The files that they add become one layer.
func (m *maker) apply(image v1.Image, steps []step, p program) (v1.Image, error) {
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	config := &file.Config
	if config.Labels == nil {
		config.Labels = map[string]string{}
	}
	variables := map[string]string{"VERSION": m.build.version()}
	layer := &layerFiles{at: m.build.made()}
	for _, s := range steps {
		switch s.word {
		case "ARG": // VERSION, which is in variables
		case "LABEL", "ENV":
			pairs, err := s.pairs(variables)
			if err != nil {
				return nil, err
			}
			for _, pair := range pairs {
				if s.word == "LABEL" {
					config.Labels[pair[0]] = pair[1]
				} else {
					config.Env = setVariable(config.Env, pair[0], pair[1])
				}
			}
		case "USER":
			config.User = s.args
		case "WORKDIR":
			config.WorkingDir = s.args
			err = layer.folder(s.args, config.User)
		case "ENTRYPOINT":
			config.Entrypoint, err = s.words()
			config.Cmd = nil
		case "COPY":
			err = copyInto(layer, s, p)
		default:
			err = s.errorf("%s is not known here, where nothing can be run", s.word)
		}
		if err != nil {
			return nil, err
		}
	}
	file.Created = v1.Time{Time: m.build.made()}
	if image, err = mutate.ConfigFile(image, file); err != nil || len(layer.headers) == 0 {
		return image, err
	}
	kind := types.DockerLayer
	if media, err := image.MediaType(); err == nil && media == types.OCIManifestSchema1 {
		kind = types.OCILayer
	}
	made, err := tarball.LayerFromOpener(layer.open, tarball.WithCompressedCaching, tarball.WithMediaType(kind))
	if err != nil {
		return nil, err
	}
	return mutate.Append(image, mutate.Addendum{Layer: made, History: v1.History{Created: v1.Time{Time: m.build.made()}, CreatedBy: "Dockerfile"}})
}

// copyInto copies a heredoc, or the program from where the first stage builds it.
func copyInto(layer *layerFiles, s step, p program) error {
	if s.heredoc != "" {
		layer.file(s.args, 0o644, []byte(s.heredoc))
		return nil
	}
	from, to, _ := strings.Cut(s.args, " ")
	if s.flags["from"] != "build" || from != "/out/"+p.name {
		return s.errorf("COPY knows --from=build /out/%s, and heredocs", p.name)
	}
	content, err := os.ReadFile(p.path)
	layer.file(to, 0o755, content)
	return err
}

func setVariable(env []string, name, value string) []string {
	for n, have := range env {
		if strings.HasPrefix(have, name+"=") {
			env[n] = name + "=" + value
			return env
		}
	}
	return append(env, name+"="+value)
}
