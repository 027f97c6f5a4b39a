package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// An indexedJob is examples/kubernetes/job.yaml with its ConfigMap, run without a cluster: the command of its container as it stands, once
// for each index, again where its policy says so.
type indexedJob struct {
	*site
	spec   batch.JobSpec
	config string // the folder that the ConfigMap is
}

func newIndexedJob(t *testing.T, s *site) *indexedJob {
	t.Helper()
	folder := filepath.Join(root(t), "examples", "kubernetes")
	text, err := os.ReadFile(filepath.Join(folder, "job.yaml"))
	require.NoError(t, err)
	var job batch.Job
	require.NoError(t, yaml.Unmarshal(text, &job))
	text, err = os.ReadFile(filepath.Join(folder, "config.yaml"))
	require.NoError(t, err)
	document, _, _ := bytes.Cut(text, []byte("\n---\n"))
	var config core.ConfigMap
	require.NoError(t, yaml.Unmarshal(document, &config))
	j := &indexedJob{site: s, spec: job.Spec, config: t.TempDir()}
	for name, content := range config.Data {
		require.NoError(t, os.WriteFile(filepath.Join(j.config, name), []byte(content), 0o600))
	}
	return j
}

// pod runs one index once.
func (j *indexedJob) pod(ctx context.Context, index int) (code int, stderr string, err error) {
	container := j.spec.Template.Spec.Containers[0]
	tmp, err := os.MkdirTemp(j.dir, "pod-")
	if err != nil {
		return 0, "", err
	}
	command := slices.Concat(container.Command, container.Args)
	pod := exec.CommandContext(ctx, command[0], command[1:]...)
	pod.Dir, pod.Env = j.config, slices.Clone(j.env)
	for _, v := range container.Env {
		if v.Name != "PATH" { // where the programs are in an image
			pod.Env = append(pod.Env, v.Name+"="+v.Value)
		}
	}
	pod.Env = append(pod.Env, "TMPDIR="+tmp, fmt.Sprint("JOB_COMPLETION_INDEX=", index))
	var said bytes.Buffer
	pod.Stderr = &said
	err = pod.Run()
	if pod.ProcessState == nil {
		return 0, "", err
	}
	return pod.ProcessState.ExitCode(), said.String(), nil
}

// run runs all indexes side by side, as the job's policy says.
func (j *indexedJob) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	ended := make(chan error)
	for index := range int(*j.spec.Completions) {
		go func() {
			var code int
			var said string
			var err error
			for range 1 + *j.spec.BackoffLimitPerIndex {
				if code, said, err = j.pod(ctx, index); err != nil || code != 1 && code != 4 {
					break
				}
			}
			if err == nil && code != 0 {
				err = fmt.Errorf("index %d ended with %d: %s", index, code, said)
			}
			ended <- err
		}()
	}
	for range *j.spec.Completions {
		require.NoError(t, <-ended)
	}
}

// TestKubernetesJob loads with the job's parts what one pipe loads alone, and then the days that were added.
func TestKubernetesJob(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	j := newIndexedJob(t, newSite(t, store))
	alone := newSite(t, store)
	settings := alone.file(t, "tap.json", map[string]any{"prefix": "acme/", "pattern": "orders_*", "client_id": "acme"})
	for _, s := range []*site{j.site, alone} {
		s.env = append(s.env, "TARGET_POSTGRES_ADD_RECORD_METADATA=false") // when and by which run a row was loaded
	}
	for last := range 3 {
		putDays(store, 1+last*4, 4+last*4, 20)
		j.run(t)
		alone.mustLoad(t, pipe{pipeline: "alone", tap: []string{"--config", settings}})
		require.NotEmpty(t, alone.rows(t, "daily_exports"))
		require.Equal(t, alone.rows(t, "daily_exports"), j.rows(t, "daily_exports"))
	}
}

// TestKubernetesExitCodes are those of the tap or of the target, whichever failed.
func TestKubernetesExitCodes(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	putDays(store, 1, 1, 3)
	j := newIndexedJob(t, newSite(t, store))
	for variable, code := range map[string]int{
		"AWS_SECRET_ACCESS_KEY=wrong":                       2, // of the tap
		"DATABASE_URL=postgres://u:p@127.0.0.1:1/analytics": 4, // of the target
		"TARGET_POSTGRES_CONNECTIONS=none":                  2,
	} {
		pod := *j
		pod.site = j.with(variable)
		got, said, err := pod.pod(t.Context(), 0)
		require.NoError(t, err)
		require.Equal(t, code, got, "%s: %s", variable, said)
	}
}
