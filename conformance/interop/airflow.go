package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// airflowEnvironment brings its own constraints, the versions of an installation that passed: pip cannot always reach those that Airflow publishes.
var airflowEnvironment = &environment{name: "airflow", packages: []string{"apache-airflow==3.3.2", "--constraint", "conformance/interop/airflow.txt"}}

// A dag is the example DAG under Airflow with SQLite, beside a database that plain pipes of the same programs load.
type dag struct {
	*lab
	clients   string
	env       []string
	loaded    string
	reference string
	day       int
}

func airflowSteps(ctx context.Context, l *lab) ([]step, error) {
	if err := l.serve(ctx); err != nil {
		return nil, err
	}
	d := &dag{lab: l, clients: filepath.Join(l.folder, "clients")}
	var err error
	if d.loaded, err = l.database(ctx, "loaded"); err != nil {
		return nil, err
	}
	if d.reference, err = l.database(ctx, "reference"); err != nil {
		return nil, err
	}
	if err := os.Mkdir(d.clients, 0o755); err != nil {
		return nil, err
	}
	for _, client := range []string{"acme", "globex"} {
		config := fmt.Sprintf(`{"prefix":"%s/","client_id":%q,"presets":"sticky_orders,sticky_prospects"}`, client, client)
		if _, err := l.file(filepath.Join("clients", client+".json"), config); err != nil {
			return nil, err
		}
	}
	dags, err := filepath.Abs(filepath.Join("examples", "airflow"))
	if err != nil {
		return nil, err
	}
	d.env = l.environment("AIRFLOW_HOME="+filepath.Join(l.folder, "airflow"), "AIRFLOW__CORE__DAGS_FOLDER="+dags, "AIRFLOW__CORE__LOAD_EXAMPLES=False",
		"PYTHONDONTWRITEBYTECODE=1", "SIGNALROOM_CLIENTS="+d.clients, "TARGET_POSTGRES_ADD_RECORD_METADATA=false", "DATABASE_URL="+d.loaded)
	return []step{
		{"Airflow makes its database", false, d.migrate},
		{"mapped tasks load clients and shards", false, d.newDay},
		{"a second run loads what is new", false, d.newDay},
		{"wrong configuration fails one task for good, and the others load", true, d.wrongClient},
	}, nil
}

func (d *dag) airflow(ctx context.Context, args ...string) (output, error) {
	return d.command(ctx, d.env, "", d.program(airflowEnvironment, "airflow"), args...)
}

func (d *dag) migrate(ctx context.Context) error {
	_, err := d.airflow(ctx, "db", "migrate")
	return err
}

// newDay adds a day of files, and runs the DAG and plain pipes.
func (d *dag) newDay(ctx context.Context) error {
	d.day++
	if err := d.put(ctx, d.day, d.day, sampleRows); err != nil {
		return err
	}
	out, err := d.airflow(ctx, "dags", "test", "signalroom")
	if err != nil {
		return err
	}
	if tasks := strings.Count(out.stdout+out.stderr, "end task task_id=load"); tasks != 3 {
		return fmt.Errorf("%d tasks were mapped, expected one of acme and two of globex:\n%s", tasks, tail(out.stdout))
	}
	return d.compare(ctx)
}

// compare loads the reference and compares the tables.
func (d *dag) compare(ctx context.Context) error {
	const pipes = `set -o pipefail
for client in acme globex; do
	tap-s3-exports --config clients/$client.json --state <(target-postgres state --pipeline $client) | target-postgres --pipeline $client > /dev/null || exit
done`
	if _, err := d.command(ctx, append(d.env, "DATABASE_URL="+d.reference), "", "/bin/bash", "-c", pipes); err != nil {
		return err
	}
	return sameExports(ctx, d.reference, d.loaded)
}

// wrongClient adds a client with a wrong config file: its task is not tried again.
func (d *dag) wrongClient(ctx context.Context) error {
	broken, err := d.file(filepath.Join("clients", "broken.json"), `{"no_setting":1}`)
	if err != nil {
		return err
	}
	d.day++
	if err := d.put(ctx, d.day, d.day, sampleRows); err != nil {
		return err
	}
	out, err := d.airflow(ctx, "dags", "test", "signalroom")
	if err == nil {
		return fmt.Errorf("the run did not fail:\n%s", tail(out.stdout))
	}
	said := out.stdout + out.stderr
	if !strings.Contains(said, "AirflowFailException: broken 0/1: exit code 2") || strings.Contains(said, "up_for_retry") {
		return fmt.Errorf("the task did not fail for good: %w", err)
	}
	if err := os.Remove(broken); err != nil {
		return err
	}
	return d.compare(ctx)
}
