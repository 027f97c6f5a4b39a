package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// The public workflow calls what the Makefile has, with the toolchain of the Dockerfile, by shell that parses, and runs nobody's code
// that could change under its name.
func TestWorkflow(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../.github/workflows/ci.yml")
	require.NoError(t, err)
	makefile, err := os.ReadFile("../Makefile")
	require.NoError(t, err)
	dockerfile, err := os.ReadFile("../Dockerfile")
	require.NoError(t, err)
	var workflow struct {
		Permissions map[string]string
		Jobs        map[string]struct {
			Needs  []string
			RunsOn string `yaml:"runs-on"`
			Steps  []struct {
				Uses, Run string
				With      map[string]string
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &workflow))
	require.Equal(t, map[string]string{"contents": "read"}, workflow.Permissions)
	called := map[string]bool{}
	for name, job := range workflow.Jobs {
		require.NotEmpty(t, job.RunsOn, name)
		for _, needed := range job.Needs {
			require.Contains(t, workflow.Jobs, needed)
		}
		for _, step := range job.Steps {
			if step.Uses != "" {
				require.Regexp(t, `^[\w-]+/[\w-]+@[0-9a-f]{40}$`, step.Uses)
				if version, ok := step.With["go-version"]; ok {
					require.Contains(t, string(dockerfile), " golang:"+version+" ")
				}
				continue
			}
			syntax := exec.Command("bash", "-n")
			syntax.Stdin = strings.NewReader(regexp.MustCompile(`\$\{\{[^}]*\}\}`).ReplaceAllString(step.Run, "x"))
			out, err := syntax.CombinedOutput()
			require.NoError(t, err, "%s", out)
			for _, m := range regexp.MustCompile(`\bmake ([a-z-]+)`).FindAllStringSubmatch(step.Run, -1) {
				require.Regexp(t, `(?m)^`+m[1]+`:`, string(makefile), "make %s", m[1])
				called[m[1]] = true
			}
		}
	}
	for _, target := range []string{"lint", "test", "build", "images", "release"} {
		require.True(t, called[target], "make %s is called by no job", target)
	}
}
