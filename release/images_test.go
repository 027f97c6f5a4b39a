package main

import (
	"archive/tar"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"
)

func dockerfile(t *testing.T) []stage {
	t.Helper()
	text, err := os.ReadFile("../Dockerfile")
	require.NoError(t, err)
	stages, err := parseDockerfile(text)
	require.NoError(t, err)
	return stages
}

// connectors are the programs that have an image.
func connectors() []program {
	return slices.DeleteFunc(slices.Clone(built.programs), func(p program) bool { return !p.connector })
}

// The Dockerfile has a stage for each connector, which Airbyte can start, and nothing is run but in the first stage.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	stages := dockerfile(t)
	require.Equal(t, "build", stages[0].name)
	require.Equal(t, "base", stages[1].name)
	require.Regexp(t, `^--platform=\$BUILDPLATFORM golang:\d+\.\d+\.\d+$|^golang:\d+\.\d+\.\d+$`, stages[0].from)
	require.Regexp(t, `^alpine:\d+\.\d+\.\d+$`, stages[1].from)
	var named []string
	for _, s := range stages[2:] {
		named = append(named, s.name)
		require.Equal(t, "base", s.from)
		require.FileExists(t, "../docs/"+s.name+".md")
	}
	for _, p := range connectors() {
		require.Contains(t, named, p.name)
	}
	require.Len(t, named, len(connectors()))
	for _, s := range stages[1:] {
		for _, step := range s.steps {
			require.NotEqual(t, "RUN", step.word, "line %d would need an emulator for another architecture", step.line)
		}
	}
}

func TestDockerfileErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"LABEL a=b":                        "line 1 of the Dockerfile: LABEL before the first FROM",
		"FROM x AS p\nRUN ls":              "line 2 of the Dockerfile: RUN is not known here, where nothing can be run",
		"FROM x AS p\n# why\nLABEL a":      "line 3 of the Dockerfile: LABEL wants NAME=value",
		"FROM x AS p\nENTRYPOINT p":        "line 2 of the Dockerfile: ENTRYPOINT wants a JSON list of words",
		"FROM x AS p\nCOPY . .":            "line 2 of the Dockerfile: COPY knows --from=build /out/p, and heredocs",
		"FROM x AS p\nUSER me\nWORKDIR /x": "USER me: Kubernetes checks runAsNonRoot by numbers, uid:gid",
		"FROM x":                           "the Dockerfile has no stage for it",
	} {
		stages, err := parseDockerfile([]byte(text))
		if err == nil {
			m := &maker{stages: stages, build: built, bases: map[string]v1.Image{"x": empty.Image}}
			_, err = m.image(program{name: "p"})
		}
		require.EqualError(t, err, want, text)
	}
}

// hub is a registry that has an image of that name for two platforms, with a shell and certificates.
func hub(t *testing.T, reference string, files ...*tar.Header) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	address := strings.TrimPrefix(server.URL, "http://")
	tag, err := name.NewTag(reference, name.WithDefaultRegistry(address))
	require.NoError(t, err)
	layer := &layerFiles{at: built.made()}
	for _, f := range files {
		layer.add(f, nil)
	}
	content, err := tarball.LayerFromOpener(layer.open, tarball.WithMediaType(types.OCILayer))
	require.NoError(t, err)
	var index v1.ImageIndex = empty.Index
	oci := mutate.MediaType(empty.Image, types.OCIManifestSchema1) // as Docker Hub has Alpine
	for _, arch := range []string{"amd64", "arm64"} {
		at := v1.Platform{OS: "linux", Architecture: arch}
		image, err := mutate.ConfigFile(oci, &v1.ConfigFile{OS: at.OS, Architecture: arch, Config: v1.Config{Env: []string{"PATH=/bin"}, Cmd: []string{"/bin/sh"}}})
		require.NoError(t, err)
		image, err = mutate.AppendLayers(image, content)
		require.NoError(t, err)
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &at}})
	}
	require.NoError(t, remote.WriteIndex(tag, index))
	return address
}

// Images for two platforms go to a registry under one name, from a base that was taken from one.
func TestPush(t *testing.T) {
	t.Parallel()
	address := hub(t, dockerfile(t)[1].from,
		&tar.Header{Name: "bin/sh", Typeflag: tar.TypeSymlink, Linkname: "busybox"}, &tar.Header{Name: "etc/ssl/certs/ca-certificates.crt", Mode: 0o644})
	var builds []*build
	for _, arch := range []string{"amd64", "arm64"} {
		b := *built // the same programs as if for that platform: what counts here is where they go
		b.platform, b.programs = platform{"linux", arch}, connectors()[:2]
		builds = append(builds, &b)
	}
	i := &images{Root: "..", Out: t.TempDir(), Repository: address + "/ours", Mirror: address, Push: true}
	require.NoError(t, i.deliver(t.Context(), builds, t.TempDir()))
	for _, p := range connectors()[:2] {
		tag, err := i.tag(p, built)
		require.NoError(t, err)
		index, err := remote.Index(tag)
		require.NoError(t, err)
		manifest, err := index.IndexManifest()
		require.NoError(t, err)
		require.Len(t, manifest.Manifests, 2)
		for n, arch := range []string{"amd64", "arm64"} {
			require.Equal(t, arch, manifest.Manifests[n].Platform.Architecture)
			image, err := index.Image(manifest.Manifests[n].Digest)
			require.NoError(t, err)
			requireConnector(t, image, p.name, arch)
			manifest, err := image.Manifest()
			require.NoError(t, err)
			for _, layer := range manifest.Layers {
				require.Equal(t, types.OCILayer, layer.MediaType, "one form for all layers")
			}
		}
	}
}

// requireConnector holds an image to what Airbyte and Kubernetes ask of it.
func requireConnector(t *testing.T, image v1.Image, program, arch string) {
	t.Helper()
	file, err := image.ConfigFile()
	require.NoError(t, err)
	require.Equal(t, "linux", file.OS)
	require.Equal(t, arch, file.Architecture)
	require.True(t, file.Created.Time.Equal(built.made()))
	entrypoint := "/airbyte/integration_code/" + program
	require.Equal(t, []string{entrypoint}, file.Config.Entrypoint)
	require.Empty(t, file.Config.Cmd)
	require.Contains(t, file.Config.Env, "AIRBYTE_ENTRYPOINT="+entrypoint)
	require.Contains(t, file.Config.Env, "HOME=/airbyte")
	require.True(t, slices.ContainsFunc(file.Config.Env, func(v string) bool {
		return strings.HasPrefix(v, "PATH=") && strings.HasSuffix(v, ":/airbyte/integration_code")
	}), file.Config.Env)
	require.Equal(t, "1000:1000", file.Config.User)
	require.Equal(t, "/airbyte", file.Config.WorkingDir)
	require.Equal(t, "ghcr.io/signalroom/"+program, file.Config.Labels["io.airbyte.name"])
	require.Equal(t, built.version(), file.Config.Labels["io.airbyte.version"])
	require.Equal(t, "Apache-2.0", file.Config.Labels["org.opencontainers.image.licenses"])
	manifest, err := image.Manifest()
	require.NoError(t, err)
	var size int64
	for _, layer := range manifest.Layers {
		size += layer.Size
	}
	require.Less(t, size, int64(60_000_000), "bytes to pull")
	content := mutate.Extract(image)
	defer content.Close()
	found := map[string]*tar.Header{}
	size = 0
	for files := tar.NewReader(content); ; {
		header, err := files.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		found[filepath.Clean(header.Name)] = header
		size += header.Size
	}
	require.Less(t, size, int64(50_000_000), "bytes on disk, without the 9 MB of Alpine")
	require.Equal(t, 1000, found["airbyte"].Uid)
	require.Equal(t, int64(0o755), found["airbyte/integration_code/"+program].Mode)
	require.Contains(t, found, "bin/sh")
	require.Contains(t, found, "etc/passwd")
	for name := range found {
		require.NotRegexp(t, `(^|/)(postgres|initdb|psql)$`, name, "no image has a server")
	}
}

// A base that could not do its work is refused when images are made, not when they are run.
func TestBase(t *testing.T) {
	t.Parallel()
	i := &images{Mirror: hub(t, "alpine:1", &tar.Header{Name: "bin/sh"})}
	_, err := i.base(t.Context(), "alpine:1", platform{"linux", "amd64"}, t.TempDir())
	require.EqualError(t, err, "the base has no /etc/ssl/certs/ca-certificates.crt")
	_, err = i.base(t.Context(), "alpine:2", platform{"linux", "amd64"}, t.TempDir())
	require.ErrorContains(t, err, "name a registry that has it with --mirror, or a root file system with --base; --base local serves to try an image here")
	_, err = i.base(t.Context(), "alpine:1", platform{"linux", "s390x"}, t.TempDir())
	require.ErrorContains(t, err, "s390x")
	require.ErrorContains(t, (&images{Base: "x.tar", Platform: []platform{{}, {}}}).Run(t.Context()), "name that with --platform")
}
