package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/signalroom/signalroom/taps/tap/taptest"
)

// A connector is what Airbyte's metadata says of a program beside what the program says of itself.
type connector struct {
	program, name, id, kind string
	hosts                   []string // ${…} is the value of a setting
	letters, colour         string   // of the icon
}

func connectors() []connector {
	return []connector{
		{"tap-everflow", "Everflow", "e332c79c-195d-482e-8432-07c2f791bc45", "api", []string{"api.eflow.team", "api-eu.eflow.team", "${base_url}"}, "Ev", "#1f6f8b"},
		{"tap-google-sheets", "Google Sheets", "5cec2618-55bd-4341-bcd0-4d05f1559507", "file", []string{"*.googleapis.com", "${base_url}"}, "Sh", "#2f7d4f"},
		{"tap-mautic", "Mautic", "1160bcd5-37dd-48a1-a8b7-f7e4f32ebb23", "api", []string{"${base_url}"}, "Ma", "#5b5aa6"},
		{"tap-posthog", "PostHog", "4fcf5a89-7317-4888-adcc-60d64f1e19f3", "api", []string{"us.posthog.com", "eu.posthog.com", "*.amazonaws.com", "${base_url}"}, "Ph", "#b0562b"},
		{"tap-redtrack", "RedTrack", "2d80ddb5-6c15-4bd4-bae4-e149d18c1a12", "api", []string{"api.redtrack.io", "${base_url}"}, "Rt", "#a83246"},
		{"tap-s3-exports", "S3 exports", "4d3ae5f1-9bef-4795-8fb4-461a5bcce5f5", "file", []string{"*.amazonaws.com", "${endpoint_url}"}, "S3", "#7a6a1e"},
		{"target-postgres", "PostgreSQL", "3eddd303-b7a9-4541-85ae-e7cf6f89a56b", "database", []string{"${host}", "${tunnel_method.tunnel_host}"}, "Pg", "#33608c"},
	}
}

// metadata is what a connector's metadata.yaml holds. https://docs.airbyte.com/platform/connector-development/connector-metadata-file
type metadata struct {
	Data struct {
		Name             string                   `yaml:"name"`
		DefinitionID     string                   `yaml:"definitionId"`
		ConnectorType    string                   `yaml:"connectorType"`
		ConnectorSubtype string                   `yaml:"connectorSubtype"`
		DockerRepository string                   `yaml:"dockerRepository"`
		DockerImageTag   string                   `yaml:"dockerImageTag"`
		DocumentationURL string                   `yaml:"documentationUrl"`
		GithubIssueLabel string                   `yaml:"githubIssueLabel"`
		Icon             string                   `yaml:"icon"`
		License          string                   `yaml:"license"`
		ReleaseStage     string                   `yaml:"releaseStage"`
		SupportLevel     string                   `yaml:"supportLevel"`
		Tags             []string                 `yaml:"tags"`
		AllowedHosts     struct{ Hosts []string } `yaml:"allowedHosts"`
	} `yaml:"data"`
	SpecVersion string `yaml:"metadataSpecVersion"`
}

// TestAirbyteMetadata holds the metadata and icons of the connectors against the programs. make generate writes them.
func TestAirbyteMetadata(t *testing.T) {
	t.Parallel()
	changes, err := os.ReadFile("../CHANGELOG.md")
	require.NoError(t, err)
	tag := "dev" // for which Airbyte reads the specification anew each time
	if released := regexp.MustCompile(`(?m)^## v?(\d+\.\d+\.\d+)`).FindSubmatch(changes); released != nil {
		tag = string(released[1])
	}
	seen := map[string]bool{}
	for _, c := range connectors() {
		var plugin struct{ Name, Docs string }
		require.NoError(t, json.Unmarshal(about(t, c.program, "meltano"), &plugin))
		require.Equal(t, c.program, plugin.Name)
		var m metadata
		m.SpecVersion = "1.0"
		m.Data.Name, m.Data.DefinitionID, m.Data.ConnectorType, m.Data.ConnectorSubtype = c.name, c.id, "source", c.kind
		if strings.HasPrefix(c.program, "target-") {
			m.Data.ConnectorType = "destination"
		}
		m.Data.DockerRepository, m.Data.DockerImageTag = "ghcr.io/signalroom/"+c.program, tag
		m.Data.DocumentationURL, m.Data.GithubIssueLabel = plugin.Docs, c.program
		m.Data.Icon, m.Data.License, m.Data.ReleaseStage, m.Data.SupportLevel = "icon.svg", "Apache-2.0", "custom", "community"
		m.Data.Tags, m.Data.AllowedHosts.Hosts = []string{"language:go"}, c.hosts
		taptest.Golden(t, asYAML(t, m), "../../examples/airbyte/"+c.program+"/metadata.yaml")
		icon := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 250 250" width="250" height="250"><rect width="250" height="250" rx="44" fill="%s"/><text x="125" y="165" font-family="Helvetica, Arial, sans-serif" font-size="116" font-weight="bold" text-anchor="middle" fill="#fff">%s</text></svg>`+"\n", c.colour, c.letters)
		taptest.Golden(t, []byte(icon), "../../examples/airbyte/"+c.program+"/icon.svg")
		requireMetadata(t, filepath.Join("../examples/airbyte", c.program))
		require.False(t, seen[c.id], "two connectors have the id %s", c.id)
		seen[c.id] = true
	}
}

// requireMetadata holds the files of one connector to the published schema of such files: its required fields, its words, and no field
// that it does not know.
func requireMetadata(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "metadata.yaml"))
	require.NoError(t, err)
	var fields struct {
		Data map[string]any
	}
	require.NoError(t, yaml.Unmarshal(text, &fields))
	for _, required := range []string{"name", "definitionId", "connectorType", "dockerRepository", "dockerImageTag", "license", "documentationUrl",
		"githubIssueLabel", "connectorSubtype", "releaseStage"} {
		require.NotEmpty(t, fields.Data[required], "%s of %s", required, dir)
	}
	var m metadata
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&m))
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, m.Data.DefinitionID)
	require.Contains(t, []string{"source", "destination"}, m.Data.ConnectorType)
	require.Contains(t, []string{"api", "database", "datalake", "file", "custom", "message_queue", "unknown", "vectorstore"}, m.Data.ConnectorSubtype)
	require.Contains(t, []string{"alpha", "beta", "generally_available", "custom"}, m.Data.ReleaseStage)
	require.Contains(t, []string{"community", "certified", "archived"}, m.Data.SupportLevel)
	page, err := url.Parse(m.Data.DocumentationURL)
	require.NoError(t, err)
	require.FileExists(t, ".."+strings.TrimPrefix(page.Path, "/signalroom/signalroom/blob/main"))
	require.NotContains(t, m.Data.DockerRepository, ":")
	icon, err := os.Open(filepath.Join(dir, m.Data.Icon))
	require.NoError(t, err)
	defer icon.Close()
	for elements := xml.NewDecoder(icon); ; {
		if _, err := elements.Token(); err == io.EOF {
			break
		} else {
			require.NoError(t, err)
		}
	}
}
