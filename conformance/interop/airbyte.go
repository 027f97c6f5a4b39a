package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/signalroom/signalroom/conformance/accounts"
)

// airbyteEnvironment has Airbyte's packages for authors and users of connectors. The constraints are the versions of an installation that
// passed.
var airbyteEnvironment = &environment{name: "airbyte", packages: []string{"airbyte==0.71.3", "airbyte-cdk==7.39.1", "airbyte-protocol-models-pdv2==0.18.0", "pytest==9.2.0",
	"--constraint", "conformance/interop/airbyte.txt"}}

// A connector is one of our sources. form are its settings as Airbyte's form writes them.
type connector struct {
	source
	name  string   // Airbyte's
	empty []string // streams without rows at first
	once  bool     // it reads each row once
	form  func(run int) map[string]any
}

// An airbyte is the lab with links to the programs, under the names that Airbyte's tools expect.
type airbyte struct {
	*lab
	scripts string
	env     []string
}

const postgresConnector = "destination-postgres"

func airbyteSteps(ctx context.Context, l *lab) ([]step, error) {
	if err := l.serve(ctx); err != nil {
		return nil, err
	}
	scripts, err := filepath.Abs(filepath.Join("conformance", "interop", "airbyte"))
	if err != nil {
		return nil, err
	}
	// The smoke test looks for its own source in the PATH.
	a := &airbyte{lab: l, scripts: scripts, env: l.environment("PATH="+filepath.Dir(l.program(airbyteEnvironment, "python"))+string(os.PathListSeparator)+os.Getenv("PATH"),
		"AIRBYTE_OFFLINE_MODE=1", "DO_NOT_TRACK=1", "PYTHONDONTWRITEBYTECODE=1")}
	connectors := []connector{a.files()}
	for _, account := range accounts.All() {
		connectors = append(connectors, a.account(account))
	}
	var steps []step
	for i, c := range connectors {
		if err := errors.Join(a.link(c.name, c.program), c.change(ctx, 1)); err != nil {
			return nil, err
		}
		steps = append(steps,
			step{name: c.name + ": each message is one of the protocol's", run: func(ctx context.Context) error { return a.sourceMessages(ctx, c) }},
			step{name: c.name + ": pyab validate, and the CDK's standard tests", long: i > 0, run: func(ctx context.Context) error { return a.sourceStandards(ctx, c) }},
			step{name: c.name + ": PyAirbyte, two runs", long: i > 0, run: func(ctx context.Context) error { return a.sync(ctx, c) }},
		)
	}
	return append(steps,
		step{name: postgresConnector + ": each message is one of the protocol's", run: func(ctx context.Context) error { return a.destinationMessages(ctx, connectors[0]) }},
		step{name: postgresConnector + ": pyab validate, and the CDK's standard tests", run: a.destinationStandards},
		step{name: postgresConnector + ": PyAirbyte's smoke test, all scenarios", run: a.smoke},
	), a.link(postgresConnector, "target-postgres")
}

func (a *airbyte) link(name, program string) error {
	return os.Symlink(filepath.Join(a.bin, program), filepath.Join(a.folder, name))
}

func (a *airbyte) files() connector {
	c := connector{source: a.exports(), name: "source-s3-exports", empty: []string{"_rejected_rows"}, once: true}
	c.form = func(run int) map[string]any {
		settings := c.settings(run)
		maps.Copy(settings, map[string]any{"bucket": bucket, "endpoint_url": a.store.Endpoint, "aws_access_key_id": a.store.AccessKeyID,
			"aws_secret_access_key": a.store.SecretAccessKey})
		return settings
	}
	return c
}

func (a *airbyte) account(account accounts.Account) connector {
	api, change := account.Serve(&stage{lab: a.lab})
	base := api.Listen() + account.Path
	c := connector{name: strings.Replace(account.Program, "tap-", "source-", 1), source: source{program: account.Program, tables: account.Tables}}
	c.change = func(_ context.Context, run int) error { change(run); return nil }
	c.settings = func(run int) map[string]any {
		settings := account.Settings(run)
		settings["base_url"] = base
		return settings
	}
	c.form = func(run int) map[string]any {
		settings := c.settings(run)
		accounts.Form(settings)
		return settings
	}
	return c
}

// say runs a command of the protocol, and returns the file of what it printed.
func (a *airbyte) say(ctx context.Context, file, stdin, name, verb string, args ...string) (string, error) {
	out, err := a.command(ctx, a.env, stdin, filepath.Join(a.folder, name), append([]string{verb}, args...)...)
	if err != nil {
		return "", err
	}
	return a.file(file, out.stdout)
}

// count checks files of messages with the models of the protocol, and counts the messages of each kind.
func (a *airbyte) count(ctx context.Context, files ...string) (map[string]int, error) {
	out, err := a.command(ctx, a.env, "", a.program(airbyteEnvironment, "python"), append([]string{filepath.Join(a.scripts, "messages.py")}, files...)...)
	if err != nil {
		return nil, err
	}
	kinds := map[string]int{}
	return kinds, json.Unmarshal([]byte(out.stdout), &kinds)
}

// catalog is the file of a configured catalog with every stream that was discovered.
func (a *airbyte) catalog(discovered string) (string, error) {
	text, err := os.ReadFile(discovered)
	if err != nil {
		return "", err
	}
	var configured struct {
		Streams []map[string]any `json:"streams"`
	}
	for line := range strings.Lines(string(text)) {
		var message struct {
			Catalog struct {
				Streams []map[string]any `json:"streams"`
			} `json:"catalog"`
		}
		if err := json.Unmarshal([]byte(line), &message); err != nil {
			return "", err
		}
		for _, stream := range message.Catalog.Streams {
			modes, _ := stream["supported_sync_modes"].([]any)
			configured.Streams = append(configured.Streams, map[string]any{"stream": stream, "sync_mode": modes[len(modes)-1], "destination_sync_mode": "append"})
		}
	}
	return a.json("catalog.json", configured)
}

// verbs runs all commands of a source, and returns the files of what they printed. The last one is that of read.
func (a *airbyte) verbs(ctx context.Context, c connector) (files []string, catalog string, err error) {
	config, err := a.json("config.json", c.form(1))
	if err != nil {
		return nil, "", err
	}
	for _, verb := range []string{"spec", "check", "discover", "read"} {
		args := []string{"--config", config}
		switch verb {
		case "spec":
			args = nil
		case "read":
			if catalog, err = a.catalog(files[2]); err != nil {
				return nil, "", err
			}
			args = append(args, "--catalog", catalog)
		}
		file, err := a.say(ctx, verb+".jsonl", "", c.name, verb, args...)
		if err != nil {
			return nil, "", err
		}
		files = append(files, file)
	}
	return files, catalog, nil
}

func (a *airbyte) sourceMessages(ctx context.Context, c connector) error {
	files, _, err := a.verbs(ctx, c)
	if err != nil {
		return err
	}
	kinds, err := a.count(ctx, files...)
	if err != nil {
		return err
	}
	for _, kind := range []string{"SPEC", "CONNECTION_STATUS", "CATALOG", "RECORD", "STATE", "TRACE"} {
		if kinds[kind] == 0 {
			return fmt.Errorf("no message is a %s: %v", kind, kinds)
		}
	}
	return nil
}

func (a *airbyte) destinationMessages(ctx context.Context, c connector) error {
	files, catalog, err := a.verbs(ctx, c)
	if err != nil {
		return err
	}
	_, config, err := a.postgres(ctx, "messages")
	if err != nil {
		return err
	}
	sent := files[3]
	files = nil
	for verb, args := range map[string][]string{"spec": nil, "check": {"--config", config}, "write": {"--config", config, "--catalog", catalog}} {
		file, err := a.say(ctx, "destination-"+verb+".jsonl", sent, postgresConnector, verb, args...)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	kinds, err := a.count(ctx, files...)
	if err != nil {
		return err
	}
	if kinds["SPEC"] != 1 || kinds["CONNECTION_STATUS"] != 1 || kinds["STATE"] == 0 {
		return fmt.Errorf("messages are missing: %v", kinds)
	}
	return nil
}

// postgres makes a database, and returns its URL and the file of the destination's settings.
func (a *airbyte) postgres(ctx context.Context, name string) (dsn, config string, err error) {
	if dsn, err = a.database(ctx, name); err != nil {
		return "", "", err
	}
	address, err := url.Parse(dsn)
	if err != nil {
		return "", "", err
	}
	password, _ := address.User.Password()
	config, err = a.json(name+".json", map[string]any{"host": address.Hostname(), "port": json.Number(address.Port()), "database": name, "schema": "public",
		"username": address.User.Username(), "password": password, "ssl_mode": map[string]string{"mode": "disable"}, "tunnel_method": map[string]string{"tunnel_method": "NO_TUNNEL"}})
	return dsn, config, err
}

// standards runs pyab validate, and the CDK's tests with a config that works and one that leads to no server.
func (a *airbyte) standards(ctx context.Context, name, good, broken, sections string) error {
	if _, err := a.command(ctx, a.env, "", a.program(airbyteEnvironment, "pyab"), "validate", "--connector", filepath.Join(a.folder, name), "--config", good); err != nil {
		return err
	}
	root := filepath.Join(a.folder, "standards", name)
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	acceptance := fmt.Sprintf("acceptance_tests:\n  spec: {tests: [{config_path: %[1]s}]}\n  connection: {tests: [{config_path: %[1]s, status: succeed}, {config_path: %[2]s, status: failed}]}\n%[3]s",
		good, broken, sections)
	if err := os.WriteFile(filepath.Join(root, "acceptance-test-config.yml"), []byte(acceptance), 0o600); err != nil {
		return err
	}
	_, err := a.command(ctx, append(a.env, "CONNECTOR="+filepath.Join(a.folder, name), "ACCEPTANCE="+root), "", a.program(airbyteEnvironment, "pytest"),
		"--quiet", "-p", "no:cacheprovider", "-m", "not image_tests", "-W", "error::airbyte_cdk.test.standard_tests.DiscoveredCatalogWarning", filepath.Join(a.scripts, "test_standards.py"))
	return err
}

func (a *airbyte) sourceStandards(ctx context.Context, c connector) error {
	settings := c.form(1)
	good, err := a.json("good.json", settings)
	if err != nil {
		return err
	}
	for _, key := range []string{"base_url", "endpoint_url"} {
		if settings[key] != nil {
			settings[key] = "http://127.0.0.1:1"
		}
	}
	settings["max_retries"] = 0
	broken, err := a.json("broken.json", settings)
	if err != nil {
		return err
	}
	empty := ""
	for _, stream := range c.empty {
		empty += "{name: " + stream + "},"
	}
	return a.standards(ctx, c.name, good, broken, fmt.Sprintf("  discovery: {tests: [{config_path: %[1]s}]}\n  basic_read: {tests: [{config_path: %[1]s, empty_streams: [%[2]s]}]}\n", good, empty))
}

func (a *airbyte) destinationStandards(ctx context.Context) error {
	_, good, err := a.postgres(ctx, "standards")
	if err != nil {
		return err
	}
	broken, err := a.json("broken.json", map[string]any{"host": "127.0.0.1", "port": 1, "database": "d", "schema": "public", "username": "u", "password": "p"})
	if err != nil {
		return err
	}
	return a.standards(ctx, postgresConnector, good, broken, "")
}

// smoke runs PyAirbyte's scenarios, and compares the rows that it finds in the tables with the records that it sent.
func (a *airbyte) smoke(ctx context.Context) error {
	_, config, err := a.postgres(ctx, "smoke")
	if err != nil {
		return err
	}
	out, err := a.command(ctx, a.env, "", a.program(airbyteEnvironment, "pyab"), "destination-smoke-test", "--destination", filepath.Join(a.folder, postgresConnector),
		"--config", config, "--scenarios", "all")
	if err != nil {
		return err
	}
	var found struct {
		Delivered int `json:"records_delivered"`
		Tables    map[string]struct {
			Rows int `json:"row_count"`
		} `json:"table_statistics"`
		NotFound map[string]string `json:"tables_not_found"`
	}
	_, report, _ := strings.Cut(out.stdout, "\n{") // progress comes before it
	if err := json.Unmarshal([]byte("{"+report), &found); err != nil {
		return err
	}
	const replaced = 3 // records of duplicate_primary_keys
	rows := replaced
	for _, t := range found.Tables {
		rows += t.Rows
	}
	if len(found.Tables) < 20 || len(found.NotFound) > 0 || rows != found.Delivered {
		return fmt.Errorf("%d records became %d rows in %d tables; missing are %v", found.Delivered, rows-replaced, len(found.Tables), found.NotFound)
	}
	return nil
}

// changed is what PyAirbyte changes. It asks for each stream as incremental, so rows that are gone at the source stay in the table; and it reads
// numbers as doubles.
var changed = tolerance{untyped: true, breaks: exactly.breaks, zeros: true, more: true}

// sync runs PyAirbyte, and compares the destination's tables with what the same programs load by a plain pipe. The cache has types of its own:
// of tables that are loaded from there only the rows are counted.
func (a *airbyte) sync(ctx context.Context, c connector) error {
	name := strings.ReplaceAll(c.program, "-", "_")
	reference, err := a.database(ctx, name)
	if err != nil {
		return err
	}
	cached, cachedConfig, err := a.postgres(ctx, name+"_cached")
	if err != nil {
		return err
	}
	straight, straightConfig, err := a.postgres(ctx, name+"_straight")
	if err != nil {
		return err
	}
	for run := 1; run <= 2; run++ {
		if run > 1 {
			if err := c.change(ctx, run); err != nil {
				return err
			}
		}
		config, err := a.json("config.json", c.form(run))
		if err != nil {
			return err
		}
		out, err := a.command(ctx, a.env, "", a.program(airbyteEnvironment, "python"), filepath.Join(a.scripts, "sync.py"), filepath.Join(a.folder, c.name), config,
			filepath.Join(a.folder, name+".duckdb"), filepath.Join(a.folder, postgresConnector), cachedConfig, straightConfig)
		if err != nil {
			return err
		}
		var found struct {
			Read   int            `json:"read"`
			Cached map[string]int `json:"cached"`
		}
		if err := json.Unmarshal([]byte(out.stdout), &found); err != nil {
			return err
		}
		messages, err := a.lab.read(ctx, c.source, run, reference)
		if err != nil {
			return err
		}
		if _, err := a.command(ctx, a.environment("DATABASE_URL="+reference), messages, "target-postgres"); err != nil {
			return err
		}
		total := 0
		for _, name := range c.tables {
			if err := compareTables(ctx, table{reference, name}, table{straight, name}, changed); err != nil {
				return fmt.Errorf("run %d: %w", run, err)
			}
			if err := expect(ctx, cached, strconv.Itoa(found.Cached[name]), `SELECT count(*)::text FROM "`+name+`"`); err != nil {
				return fmt.Errorf("run %d, from the cache: %w", run, err)
			}
			total += found.Cached[name]
		}
		if run > 1 && c.once && found.Read >= total {
			return fmt.Errorf("a second run has read %d records for %d rows: the state was not heeded", found.Read, total)
		}
	}
	return nil
}
