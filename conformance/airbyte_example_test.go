package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/signalroom/signalroom/conformance/accounts"
)

const (
	workspace      = "2f247b56-4c74-41ae-8045-9f64dd27512e"
	airbyteID      = "an application's id"
	airbyteSecret  = "the secret of the application"
	airbyteToken   = "a token for fifteen minutes"
	definitionMade = "542dff28-ff35-4067-b75b-e0658aab8a8f"
)

// An airbyte answers what the example's scripts send, and refuses what the API's documentation does not have:
// https://reference.airbyte.com/reference/createsourcedefinition, createsource, createdestination, createconnection.
type airbyte struct {
	mu   sync.Mutex
	got  map[string]map[string]any // by path
	open bool                      // without authentication
}

func (a *airbyte) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	refuse := func(code int, format string, args ...any) {
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"title": %q}`, fmt.Sprintf(format, args...))
	}
	text, err := io.ReadAll(r.Body)
	var body map[string]any
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || json.Unmarshal(text, &body) != nil {
		refuse(400, "no JSON: %s", text)
		return
	}
	if r.URL.Path == "/api/public/v1/applications/token" {
		if body["client_id"] != airbyteID || body["client_secret"] != airbyteSecret || body["grant-type"] != "client_credentials" {
			refuse(401, "wrong application")
			return
		}
		fmt.Fprintf(w, `{"access_token": %q, "token_type":"Bearer", "expires_in":900}`, airbyteToken)
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+airbyteToken && !a.open {
		refuse(401, "no token")
		return
	}
	allowed, answer := "", ""
	switch r.URL.Path {
	case "/api/public/v1/workspaces/" + workspace + "/definitions/sources", "/api/public/v1/workspaces/" + workspace + "/definitions/destinations":
		allowed, answer = "name dockerRepository dockerImageTag documentationUrl", `{"id": "`+definitionMade+`"}`
	case "/api/v1/source_definitions/create_custom":
		allowed, answer = "workspaceId sourceDefinition", `{"sourceDefinitionId": "`+definitionMade+`"}`
	case "/api/v1/destination_definitions/create_custom":
		allowed, answer = "workspaceId destinationDefinition", `{"destinationDefinitionId": "`+definitionMade+`"}`
	case "/api/public/v1/sources":
		allowed, answer = "name workspaceId definitionId configuration", `{"sourceId":"s-1","name":"x"}`
	case "/api/public/v1/destinations":
		allowed, answer = "name workspaceId definitionId configuration", `{"destinationId":"d-1","name":"x"}`
	case "/api/public/v1/connections":
		allowed, answer = "name sourceId destinationId schedule namespaceDefinition nonBreakingSchemaUpdatesBehavior status configurations", `{"connectionId":"c-1"}`
	}
	for field := range body {
		if !strings.Contains(" "+allowed+" ", " "+field+" ") {
			refuse(422, "%s has no %s", r.URL.Path, field)
			return
		}
	}
	a.got[r.URL.Path] = body
	fmt.Fprintln(w, answer)
}

// example runs a script of the example against an Airbyte.
func (a *airbyte) example(t *testing.T, env []string, script string, args ...string) ended {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{filepath.Join("../examples/airbyte", script)}, args...)...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + t.TempDir(), "AIRBYTE_URL=" + server.URL, "WORKSPACE_ID=" + workspace}, env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	return ended{exitCode(t, err), stdout.String(), stderr.String()}
}

func TestAirbyteExample(t *testing.T) {
	t.Parallel()
	credentials := []string{"AIRBYTE_CLIENT_ID=" + airbyteID, "AIRBYTE_CLIENT_SECRET=" + airbyteSecret}
	for _, c := range connectors() {
		a := &airbyte{got: map[string]map[string]any{}}
		kind, page := "source", "https://github.com/signalroom/signalroom/blob/main/docs/"+c.program+".md"
		if strings.HasPrefix(c.program, "target-") {
			kind = "destination"
		}
		out := a.example(t, credentials, "add-connector.sh", c.program, "1.2.3")
		require.Zero(t, out.code, out.stderr)
		require.Contains(t, out.stdout, definitionMade)
		require.Equal(t, map[string]any{"name": c.name + " (Signalroom)", "dockerRepository": "ghcr.io/signalroom/" + c.program, "dockerImageTag": "1.2.3",
			"documentationUrl": page}, a.got["/api/public/v1/workspaces/"+workspace+"/definitions/"+kind+"s"])

		a.open = true
		out = a.example(t, []string{"AIRBYTE_API=internal"}, "add-connector.sh", c.program, "dev", "registry.example.com/data/"+c.program)
		require.Zero(t, out.code, out.stderr)
		require.Equal(t, map[string]any{"workspaceId": workspace, kind + "Definition": map[string]any{"name": c.name + " (Signalroom)",
			"dockerRepository": "registry.example.com/data/" + c.program, "dockerImageTag": "dev", "documentationUrl": page}},
			a.got["/api/v1/"+kind+"_definitions/create_custom"])
	}

	a := &airbyte{got: map[string]map[string]any{}}
	out := a.example(t, append(credentials, "AIRBYTE_TOKEN="+airbyteToken), "connect.sh", "definition-of-source", "definition-of-destination")
	require.Equal(t, ended{0, "connection c-1 from source s-1 to destination d-1\n", ""}, out)
	require.Equal(t, "definition-of-source", a.got["/api/public/v1/sources"]["definitionId"])
	require.Equal(t, workspace, a.got["/api/public/v1/destinations"]["workspaceId"])
	connection := a.got["/api/public/v1/connections"]
	require.Equal(t, []any{"s-1", "d-1"}, []any{connection["sourceId"], connection["destinationId"]})

	// What Airbyte refuses ends a script, and says why.
	out = a.example(t, []string{"AIRBYTE_CLIENT_ID=x", "AIRBYTE_CLIENT_SECRET=" + airbyteSecret}, "connect.sh", "1", "2")
	require.Equal(t, 1, out.code)
	require.Contains(t, out.stderr, "/api/public/v1/applications/token: HTTP 401\n"+`{"title": "wrong application"}`)
	require.NotContains(t, out.stdout+out.stderr, airbyteSecret)
	require.Empty(t, out.stdout)
}

// A configured is the example's body of a request for a source or a destination.
type configured struct{ Configuration map[string]any }

func readConnection(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("../examples/airbyte/connection/" + name)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, into))
}

// TestAirbyteConfiguration compares the example's source and destination with the specifications of the programs.
func TestAirbyteConfiguration(t *testing.T) {
	t.Parallel()
	for name, program := range map[string]string{"source.json": "tap-posthog", "destination.json": "target-postgres"} {
		var given configured
		readConnection(t, name, &given)
		spec := bare(t).run(t, "", program, "spec")
		require.Zero(t, spec.code, spec.stderr)
		var message struct {
			Spec struct{ ConnectionSpecification any }
		}
		require.NoError(t, json.Unmarshal([]byte(spec.stdout), &message))
		form, ok := message.Spec.ConnectionSpecification.(map[string]any)
		require.True(t, ok)
		compiler := jsonschema.NewCompiler()
		require.NoError(t, compiler.AddResource(program, form))
		schema, err := compiler.Compile(program)
		require.NoError(t, err)
		require.NoError(t, schema.Validate(any(given.Configuration)))
		for key := range given.Configuration {
			require.Contains(t, form["properties"], key)
		}
	}
}

// TestAirbyteConnection compares the modes of the example's connection with those that the source offers.
func TestAirbyteConnection(t *testing.T) {
	t.Parallel()
	s := bare(t)
	var source configured
	readConnection(t, "source.json", &source)
	tap := accounts.PostHog()
	api, change := tap.Serve(t)
	change(1)
	source.Configuration["base_url"] = api.Listen() + tap.Path
	source.Configuration["api_key"], source.Configuration["project_id"] = tap.Settings(1)["api_key"], "9"
	discovered := s.run(t, "", "tap-posthog", "discover", "--config", s.file(t, "config.json", source.Configuration))
	require.Zero(t, discovered.code, discovered.stderr+discovered.stdout)
	type mode = []string
	offered := map[string]mode{}
	for line := range strings.Lines(discovered.stdout) {
		var message struct {
			Catalog struct {
				Streams []struct {
					Name  string
					Modes mode    `json:"supported_sync_modes"`
					Key   [][]any `json:"source_defined_primary_key"`
				}
			}
		}
		require.NoError(t, json.Unmarshal([]byte(line), &message))
		for _, stream := range message.Catalog.Streams {
			offered[stream.Name] = stream.Modes
			if len(stream.Key) > 0 {
				offered[stream.Name] = append(stream.Modes, "keyed")
			}
		}
	}
	var connection struct {
		Configurations struct {
			Streams []struct{ Name, SyncMode string }
		}
	}
	readConnection(t, "connection.json", &connection)
	for _, stream := range connection.Configurations.Streams {
		want := map[string]mode{"incremental_deduped_history": {"incremental", "keyed"}, "full_refresh_overwrite": {"full_refresh"}}[stream.SyncMode]
		require.NotEmpty(t, want, stream.SyncMode)
		require.Subset(t, offered[stream.Name], want, "what %s offers for %s", stream.Name, stream.SyncMode)
	}
}

// TestAirbyteValues holds that the example's values for Helm name the secret that its comment makes.
func TestAirbyteValues(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../examples/airbyte/values.yaml")
	require.NoError(t, err)
	var values struct {
		Global struct {
			Jobs struct {
				Kube struct {
					Secret string `yaml:"mainContainerImagePullSecret"`
				}
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &values))
	require.Contains(t, string(text), "docker-registry "+values.Global.Jobs.Kube.Secret+" ")
}
