package kubernetes

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// read decodes the documents of a manifest into the types of the API. What they do not know is an error.
func read(t *testing.T, name string, into ...any) {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	documents := bytes.Split(text, []byte("\n---\n"))
	require.Len(t, documents, len(into), name)
	for i, document := range documents {
		require.NoError(t, yaml.UnmarshalStrict(document, into[i]), name)
	}
}

func TestJob(t *testing.T) {
	t.Parallel()
	var job batch.Job
	read(t, "job.yaml", &job)
	require.Equal(t, "batch/v1 Job", job.APIVersion+" "+job.Kind)
	require.Equal(t, batch.IndexedCompletion, *job.Spec.CompletionMode)
	require.Equal(t, *job.Spec.Completions, *job.Spec.Parallelism)

	pod := job.Spec.Template.Spec
	// The API refuses podFailurePolicy and backoffLimitPerIndex otherwise.
	require.Equal(t, core.RestartPolicyNever, pod.RestartPolicy)
	pipe := pod.Containers[0]
	require.Contains(t, pipe.Env, core.EnvVar{Name: "SHARDS", Value: strconv.Itoa(int(*job.Spec.Completions))})

	actions := map[int32]batch.PodFailurePolicyAction{}
	for _, rule := range job.Spec.PodFailurePolicy.Rules {
		if rule.OnExitCodes != nil {
			require.Equal(t, batch.PodFailurePolicyOnExitCodesOpIn, rule.OnExitCodes.Operator)
			for _, code := range rule.OnExitCodes.Values {
				actions[code] = rule.Action
			}
		}
	}
	require.Equal(t, map[int32]batch.PodFailurePolicyAction{2: batch.PodFailurePolicyActionFailJob, 3: batch.PodFailurePolicyActionFailIndex}, actions,
		"1 and 4 are tried again")

	// Both images hold their program where the manifest looks for it.
	dockerfile, err := os.ReadFile(filepath.Join("..", "..", "Dockerfile"))
	require.NoError(t, err)
	copied := pod.InitContainers[0].Command[1]
	require.Contains(t, string(dockerfile), "COPY --from=build /out/"+filepath.Base(copied)+" "+copied+"\n")
	require.Contains(t, string(dockerfile), " /airbyte/integration_code/target-postgres\n")
	for _, container := range append(pod.InitContainers, pipe) {
		name, _, _ := strings.Cut(container.Image, ":")
		require.Contains(t, string(dockerfile), `io.airbyte.name="`+name+`"`)
	}

	volumes := map[string]bool{}
	for _, volume := range pod.Volumes {
		volumes[volume.Name] = true
	}
	for _, container := range append(pod.InitContainers, pod.Containers...) {
		for _, mount := range container.VolumeMounts {
			require.True(t, volumes[mount.Name], mount.Name)
		}
		require.True(t, *container.SecurityContext.ReadOnlyRootFilesystem)
		require.False(t, *container.SecurityContext.AllowPrivilegeEscalation)
		require.GreaterOrEqual(t, float64(container.Resources.Requests.Memory().Value()), 1.5*peak(t), "what was measured, and room")
	}
}

// peak is what tap and target take together at the most, in bytes, by docs/benchmarks.json.
func peak(t *testing.T) float64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "benchmarks.json"))
	require.NoError(t, err)
	var measured struct {
		Memory struct {
			Lines []struct {
				Name   string
				Values map[string]float64
			}
		}
	}
	require.NoError(t, json.Unmarshal(text, &measured))
	var tap, target float64
	for _, line := range measured.Memory.Lines {
		for _, mebibytes := range line.Values {
			if line.Name == "tap-s3-exports" {
				tap = max(tap, mebibytes)
			} else {
				target = max(target, mebibytes)
			}
		}
	}
	require.Positive(t, tap)
	require.Positive(t, target)
	return (tap + target) * (1 << 20)
}

// The cron job goes on with what the job began: its parts are the same, to the letter.
func TestCronJob(t *testing.T) {
	t.Parallel()
	var job batch.Job
	read(t, "job.yaml", &job)
	var cron batch.CronJob
	read(t, "cronjob.yaml", &cron)
	require.Equal(t, "batch/v1 CronJob", cron.APIVersion+" "+cron.Kind)
	require.Equal(t, batch.ForbidConcurrent, cron.Spec.ConcurrencyPolicy)
	job.Spec.TTLSecondsAfterFinished = nil // the cron job removes its own
	require.Equal(t, job.Spec, cron.Spec.JobTemplate.Spec)
}

func TestConfig(t *testing.T) {
	t.Parallel()
	var job batch.Job
	read(t, "job.yaml", &job)
	var config core.ConfigMap
	var secret core.Secret
	read(t, "config.yaml", &config, &secret)
	require.Equal(t, "v1 ConfigMap", config.APIVersion+" "+config.Kind)
	require.Equal(t, "v1 Secret", secret.APIVersion+" "+secret.Kind)
	pod := job.Spec.Template.Spec
	require.Equal(t, config.Name, pod.Volumes[0].ConfigMap.Name)
	require.Equal(t, secret.Name, pod.Containers[0].EnvFrom[0].SecretRef.Name)
	require.Contains(t, secret.StringData, "DATABASE_URL")
}
