package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestArchives(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	a := &archives{Root: "..", Out: out}
	other := *built // the same programs under another platform's name: what counts here is how they are packed
	other.platform, other.programs = platform{"plan9", "arm64"}, built.programs[:1]
	require.NoError(t, a.deliver(t.Context(), built, []*build{built, &other}))

	prefix := "signalroom_" + built.version()
	name := prefix + "_" + built.platform.os + "_" + built.platform.arch
	content := unpack(t, filepath.Join(out, name+".tar.gz"), name+"/", built)
	want := []string{"LICENSE", "README.md", "CHANGELOG.md", "licences/go/LICENSE", "licences/github.com/jackc/pgx/v5/LICENSE"}
	for _, p := range built.programs {
		want = append(want, "bin/"+p.name, "man/man1/"+p.name+".1", "completions/bash/"+p.name, "completions/fish/"+p.name+".fish",
			"completions/zsh/_"+strings.ReplaceAll(p.name, "-", "_"))
	}
	for _, file := range want {
		require.NotEmpty(t, content[file], file)
	}
	require.Contains(t, string(content["man/man1/tap-posthog.1"]), `"tap\-posthog `+strings.ReplaceAll(built.version(), "-", `\-`))
	require.Contains(t, string(content["completions/bash/tap-posthog"]), "complete -o default -F _tap_posthog tap-posthog\n")

	// Checksums are over all that is delivered.
	sums, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
	require.NoError(t, err)
	var listed []string
	for line := range strings.Lines(string(sums)) {
		sum, file, _ := strings.Cut(strings.TrimSpace(line), "  ")
		listed = append(listed, file)
		content, err := os.ReadFile(filepath.Join(out, file))
		require.NoError(t, err)
		hash := sha256.Sum256(content)
		require.Equal(t, hex.EncodeToString(hash[:]), sum, file)
	}
	require.ElementsMatch(t, []string{name + ".tar.gz", prefix + "_plan9_arm64.tar.gz", prefix + ".cdx.json"}, listed)

	// The bill names what the archive's programs say that they hold.
	text, err := os.ReadFile(filepath.Join(out, prefix+".cdx.json"))
	require.NoError(t, err)
	var b bill
	require.NoError(t, json.Unmarshal(text, &b))
	inside := map[string][]string{}
	for _, d := range b.Dependencies {
		inside[d.Ref] = d.DependsOn
	}
	components := map[string]string{}
	for _, c := range b.Components {
		components[c.Ref] = c.Name
	}
	for _, p := range built.programs {
		info, err := buildinfo.Read(bytes.NewReader(content["bin/"+p.name]))
		require.NoError(t, err)
		ref := b.Metadata.Component.PURL + "#" + strings.TrimPrefix(info.Path, info.Main.Path+"/")
		require.Equal(t, p.name, components[ref])
		require.Len(t, inside[ref], len(info.Deps)+1, "the modules, and Go's own library")
		for _, m := range info.Deps {
			require.Contains(t, inside[ref], "pkg:golang/"+m.Path+"@"+strings.ReplaceAll(m.Version, "+", "%2B"))
			require.Equal(t, m.Path, components["pkg:golang/"+m.Path+"@"+strings.ReplaceAll(m.Version, "+", "%2B")])
			require.True(t, hasLicence(content, m.Path), "%s has no licence in the archive", m.Path)
		}
	}
}

// unpack reads an archive, and holds it to what makes two of them the same.
func unpack(t *testing.T, path, prefix string, b *build) map[string][]byte {
	t.Helper()
	archive, err := os.Open(path)
	require.NoError(t, err)
	defer archive.Close()
	packed, err := gzip.NewReader(archive)
	require.NoError(t, err)
	require.True(t, packed.ModTime.IsZero())
	content := map[string][]byte{}
	for files := tar.NewReader(packed); ; {
		header, err := files.Next()
		if err == io.EOF {
			return content
		}
		require.NoError(t, err)
		name, ok := strings.CutPrefix(header.Name, prefix)
		require.True(t, ok, "%s is outside the archive's folder", header.Name)
		require.True(t, header.ModTime.Equal(b.made()), name)
		require.Zero(t, header.Uid+header.Gid, name)
		require.Equal(t, strings.HasPrefix(name, "bin/"), header.Mode == 0o755, name)
		content[name], err = io.ReadAll(files)
		require.NoError(t, err)
	}
}

func hasLicence(content map[string][]byte, module string) bool {
	for name := range content {
		if strings.HasPrefix(name, "licences/"+module+"/") {
			return true
		}
	}
	return false
}

// The promise of the README: static, stripped, and under 35 MB each.
func TestBinaries(t *testing.T) {
	t.Parallel()
	require.GreaterOrEqual(t, len(built.programs), 7)
	for _, p := range built.programs {
		file, err := os.Stat(p.path)
		require.NoError(t, err)
		require.Less(t, file.Size(), int64(35_000_000), p.name)
	}
}
