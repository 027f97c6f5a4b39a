package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

var meltanoEnvironment = &environment{name: "meltano", packages: []string{"meltano==4.4.1"}}

// A project is the example project, copied, beside a database that plain pipes of the same programs load.
type project struct {
	*lab
	dir       string
	env       []string
	loaded    string // URL of the database that Meltano's runs load
	reference string
	day       int
}

// sampleRows is how many new orders and prospects a client has each day.
const sampleRows = 200

func meltanoSteps(ctx context.Context, l *lab) ([]step, error) {
	if err := l.serve(ctx); err != nil {
		return nil, err
	}
	p := &project{lab: l, dir: filepath.Join(l.folder, "project")}
	if err := os.CopyFS(p.dir, os.DirFS(filepath.Join("examples", "meltano"))); err != nil {
		return nil, err
	}
	var err error
	if p.loaded, err = l.database(ctx, "loaded"); err != nil {
		return nil, err
	}
	if p.reference, err = l.database(ctx, "reference"); err != nil {
		return nil, err
	}
	// The programs get all of this through Meltano. Their environment has none of it.
	dotEnv := fmt.Sprintf("TARGET_POSTGRES_DSN=%s\nTAP_S3_EXPORTS_BUCKET=%s\nTAP_S3_EXPORTS_ENDPOINT_URL=%s\nTAP_S3_EXPORTS_AWS_ACCESS_KEY_ID=%s\nTAP_S3_EXPORTS_AWS_SECRET_ACCESS_KEY=%s\n",
		p.loaded, bucket, l.store.Endpoint, l.store.AccessKeyID, l.store.SecretAccessKey)
	if _, err := l.file("project/.env", dotEnv); err != nil {
		return nil, err
	}
	store := l.store
	l.store = nil
	p.env = append(l.environment("MELTANO_SEND_ANONYMOUS_USAGE_STATS=false"), "MELTANO_CLI_LOG_FORMAT=json")
	l.store = store
	return []step{
		{"every plugin is found by its lock file, and runs", true, p.plugins},
		{"meltano add takes a program's own definition", true, p.add},
		{"meltano config hides secrets and shows kinds", false, p.config},
		{"meltano config test", true, p.test},
		{"a first run, a run with new files, a run with nothing new", false, p.threeRuns},
		{"a job of two clients", true, p.job},
		{"state list and get", false, p.state},
		{"--full-refresh", true, p.fullRefresh},
		{"--state-id-suffix begins anew", true, p.suffix},
		{"meltano el with a state of its own, a selection and a dump", true, p.el},
		{"select rules, config through the environment, nested objects", false, p.rules},
		{"logs keep level and stream", false, p.logs},
		{"kill -9 in the middle, and a run after it", true, p.kill},
	}, nil
}

// meltano runs it in the project.
func (p *project) meltano(ctx context.Context, args ...string) (output, error) {
	return p.meltanoWith(ctx, nil, args...)
}

func (p *project) meltanoWith(ctx context.Context, env []string, args ...string) (output, error) {
	at := *p.lab
	at.folder = p.dir
	return at.command(ctx, append(slices.Clone(p.env), env...), "", p.program(meltanoEnvironment, "meltano"), args...)
}

const acme = "tap-s3-exports--acme"

// pipe loads a client's files into the reference database by a plain pipe, with the settings that the project has.
func (p *project) pipe(ctx context.Context, client string, more map[string]any) error {
	settings := map[string]any{"presets": []string{"sticky_orders", "sticky_prospects"}, "timezone": "America/New_York", "client_id": client, "prefix": client + "/",
		"select": []string{"*", "!sticky_orders.ip_address"}}
	maps.Copy(settings, more)
	config, err := p.json(client+".json", settings)
	if err != nil {
		return err
	}
	target := []string{"--default-target-schema", "exports", "--pipeline", client}
	messages, err := p.messages(ctx, p.reference, target, "tap-s3-exports", "--config", config)
	if err != nil {
		return err
	}
	_, err = p.command(ctx, p.environment("DATABASE_URL="+p.reference), messages, "target-postgres", target...)
	return err
}

// compare holds what Meltano's runs loaded against the reference.
func (p *project) compare(ctx context.Context) error {
	const schema = "&search_path=exports"
	return sameExports(ctx, p.reference+schema, p.loaded+schema)
}
