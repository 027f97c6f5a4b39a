package main

import (
	"archive/tar"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/require"
)

// Each image is unpacked and started as Airbyte's platform does: by its own script in sh, which takes no notice of the entrypoint, in
// /config, as user 1000, with the variables of the image and of the platform. The shell is that of this machine, in Alpine's place.
func TestRootFileSystem(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	i := &images{Root: "..", Out: out, Repository: "test", Base: "local"}
	on := *built
	on.platform.os = "linux"
	require.NoError(t, i.deliver(t.Context(), []*build{&on}, t.TempDir()))
	for _, p := range connectors() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			image, err := tarball.ImageFromPath(filepath.Join(out, p.name+"_linux_"+runtime.GOARCH+".tar"), nil)
			require.NoError(t, err)
			requireConnector(t, image, p.name, runtime.GOARCH)
			file, err := image.ConfigFile()
			require.NoError(t, err)
			root := t.TempDir()
			content := mutate.Extract(image)
			unpackRoot(t, content, root)
			require.NoError(t, content.Close())
			for _, path := range []string{"config", "tmp", "dev"} { // which the platform mounts
				require.NoError(t, os.Mkdir(filepath.Join(root, path), 0o755))
				own(t, filepath.Join(root, path), 1000, 1000)
			}
			require.NoError(t, os.WriteFile(filepath.Join(root, "dev", "null"), nil, 0o666))
			own(t, filepath.Join(root, "dev", "null"), 1000, 1000)

			run := func(script string, more ...string) string {
				cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", script)
				cmd.Dir, cmd.Env = "/config", slices.Concat(file.Config.Env, more)
				cmd.SysProcAttr = asUser1000(root)
				text, err := cmd.CombinedOutput()
				require.NoError(t, err, "%s", text)
				return string(text)
			}
			require.Equal(t, "uid=1000 home=/airbyte\n", run(`touch "$HOME/written" && echo "uid=$(id -u) home=$HOME"`))
			require.Equal(t, p.name+" "+built.version()+"\n", run(p.name+" --version"), "by its name, as Kubernetes manifests call it")
			run(platformScript, "OPERATION_TYPE=SPEC", "WORKLOAD_ID=1", "AIRBYTE_ENABLE_UNSAFE_CODE=false")
			answer, err := os.ReadFile(filepath.Join(root, "config", "jobOutput.json"))
			require.NoError(t, err)
			require.Regexp(t, `^\{"type":"SPEC","spec":\{.*"protocol_version":"0\.2\.0".*\}\n$`, string(answer))
		})
	}
}

// platformScript does what the platform's does for spec: the answer in a file, the exit code in another when it is whole, and the
// script waits beside the connector.
const platformScript = `cd /config
if [ -z "$AIRBYTE_ENTRYPOINT" ]; then echo "no entrypoint" >&2; exit 127; fi
( eval "$AIRBYTE_ENTRYPOINT spec" > jobOutput.json; echo $? > exitCode.new; mv exitCode.new exitCode ) &
child=$!
touch started
while kill -0 $child 2>/dev/null; do sleep 0.05; done
exit "$(cat exitCode)"`

// asUser1000 is a process in a root directory of its own. Root becomes that user; anyone else is it in a user namespace.
func asUser1000(root string) *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 1000, Gid: 1000}}
	if os.Getuid() != 0 {
		attributes.Cloneflags = syscall.CLONE_NEWUSER
		attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Getuid(), Size: 1}}
		attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Getgid(), Size: 1}}
		attributes.Credential.NoSetGroups = true
	}
	return attributes
}

// own gives a file to a user, where one may.
func own(t *testing.T, path string, uid, gid int) {
	t.Helper()
	if os.Getuid() == 0 {
		require.NoError(t, os.Lchown(path, uid, gid))
	}
}

func unpackRoot(t *testing.T, content io.Reader, root string) {
	t.Helper()
	for files := tar.NewReader(content); ; {
		header, err := files.Next()
		if err == io.EOF {
			return
		}
		require.NoError(t, err)
		path := filepath.Join(root, header.Name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if header.Typeflag == tar.TypeDir {
			require.NoError(t, os.MkdirAll(path, 0o755))
		} else {
			file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, os.FileMode(header.Mode))
			require.NoError(t, err)
			_, err = io.Copy(file, files)
			require.NoError(t, err)
			require.NoError(t, file.Close())
		}
		own(t, path, header.Uid, header.Gid)
	}
}
