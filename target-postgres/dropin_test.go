package main

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/server/servertest"
)

// configFile writes a config with the parts of the connection under the names that another target has for them.
func configFile(t *testing.T, dsn string, host, port, user, password, name string, more map[string]any) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	secret, _ := u.User.Password()
	number, err := strconv.Atoi(u.Query().Get("port"))
	require.NoError(t, err)
	config := map[string]any{host: u.Query().Get("host"), port: number, user: u.User.Username(), password: secret, name: u.Path[1:]}
	for k, v := range more {
		config[k] = v
	}
	text, err := json.Marshal(config)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return "--config=" + path
}

// meltanoLabs is every setting of the README of MeltanoLabs' target beside the connection, at its default or off, as Meltano hands them over.
func meltanoLabs() map[string]any {
	return map[string]any{
		"dialect+driver": "postgresql+psycopg", "use_copy": true, "default_target_schema": "melty", "activate_version": true, "hard_delete": false,
		"add_record_metadata": true, "interpret_content_encoding": false, "sanitize_null_text_characters": true, "validate_records": true,
		"batch_size_rows": 10000, "load_method": "upsert", "process_activate_version_messages": true,
		"ssl_enable": false, "ssl_client_certificate_enable": false, "ssl_mode": "verify-full", "ssl_certificate_authority": "~/.postgresql/root.crl",
		"ssl_client_certificate": "~/.postgresql/postgresql.crt", "ssl_client_private_key": "~/.postgresql/postgresql.key", "ssl_storage_directory": ".secrets",
		"ssh_tunnel":  map[string]any{"enable": false, "host": nil, "username": nil, "port": 22, "private_key": nil, "private_key_password": nil},
		"stream_maps": nil, "stream_map_config": map[string]any{}, "faker_config": map[string]any{"seed": nil, "locale": nil},
		"flattening_enabled": false, "flattening_max_depth": 0, "flattening_separator": "__", "flattening_max_key_length": 255,
		"batch_config": map[string]any{"encoding": map[string]any{"format": "jsonl", "compression": "gzip"}, "storage": map[string]any{"root": "file://x"}},
	}
}

func TestConfigOfOthers(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	sqlalchemy, err := url.Parse(dsn)
	require.NoError(t, err)
	sqlalchemy.Scheme = "postgresql+psycopg"
	withURL := meltanoLabs()
	withURL["sqlalchemy_url"] = sqlalchemy.String()
	for _, c := range []struct {
		name, config, schema string
		without              string // effect
	}{
		{"MeltanoLabs", configFile(t, dsn, "host", "port", "user", "password", "database", meltanoLabs()), "melty",
			"dialect+driver, use_copy, validate_records, sanitize_null_text_characters, ssl_storage_directory, stream_map_config, faker_config, " +
				"flattening_max_depth, flattening_separator, flattening_max_key_length, batch_config"},
		{"MeltanoLabs by URL", configFile(t, dsn, "host", "port", "user", "password", "database", withURL), "melty", "dialect+driver"},
		{"PipelineWise", configFile(t, dsn, "host", "port", "user", "password", "dbname", map[string]any{
			"batch_size": 100000, "ssl": "false", "flush_all_streams": false, "parallelism": 0, "parallelism_max": 16, "default_target_schema": "pipelinewise",
			"default_target_schema_select_permission": "postgres", "schema_mapping": map[string]any{}, "add_metadata_columns": true, "hard_delete": false,
			"data_flattening_max_level": 0, "primary_key_required": true, "validate_records": false, "temp_dir": "/tmp",
		}), "pipelinewise", "validate_records, flush_all_streams, parallelism, parallelism_max, primary_key_required, temp_dir"},
		{"Datamill", configFile(t, dsn, "postgres_host", "postgres_port", "postgres_username", "postgres_password", "postgres_database", map[string]any{
			"postgres_schema": "datamill", "postgres_sslmode": "prefer", "invalid_records_detect": true, "invalid_records_threshold": 0, "disable_collection": true,
			"logging_level": "INFO", "persist_empty_tables": false, "max_batch_rows": 200000, "max_buffer_size": 104857600, "batch_detection_threshold": 5000,
			"state_support": true, "add_upsert_indexes": true, "before_run_sql": "SELECT 1", "after_run_sql": "SELECT 1",
		}), "datamill", "invalid_records_detect, max_buffer_size, batch_detection_threshold, persist_empty_tables, add_upsert_indexes, state_support, disable_collection, logging_level"},
	} {
		r := run(t, "", input{stdin: oneKeyed, args: []string{c.config, "--pipeline=" + c.name}})
		require.Zero(t, r.code, "%s: %s", c.name, r.stderr)
		require.Contains(t, r.stderr, "no effect here settings=\""+c.without, c.name)
		require.Equal(t, "1 | x\n", answers(t, dsn, "SELECT n, text FROM "+c.schema+".keyed"), c.name)
	}
}

// What would load other data than the other target did is refused, with what to do about it.
func TestConfigOfOthersIsRefused(t *testing.T) {
	t.Parallel()
	for key, value := range map[string]any{
		"stream_maps":        map[string]any{"users": map[string]any{"email": nil}},
		"flattening_enabled": true, "data_flattening_max_level": 2, "schema_mapping": map[string]any{"a": map[string]any{"target_schema": "b"}},
		"postgres_sslcrl": "crl.pem", "before_run_sql_file": "setup.sql", "after_run_sql_file": "after.sql",
	} {
		config := meltanoLabs()
		config[key] = value
		r := run(t, "", input{stdin: oneKeyed, args: []string{configFile(t, "postgres://u:p@/d?host=h&port=1", "host", "port", "user", "password", "database", config)}})
		require.Equal(t, 2, r.code, key)
		require.Regexp(t, `config.json: `+key+`: .*(take|turn|put|give)`, r.stderr)
	}
}

func TestBatchSizeRows(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	in := keyedSchema
	for n := range 10 {
		in += `{"type":"RECORD","stream":"keyed","record":{"n":` + strconv.Itoa(n) + `}}` + "\n" + `{"type":"STATE","value":` + strconv.Itoa(n) + `}` + "\n"
	}
	r := run(t, dsn, input{stdin: in, args: []string{"--batch-size-rows=4", "--batch-wait-seconds=1h"}})
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, "4\n4\n2\n", answers(t, dsn, "SELECT read FROM _signalroom_loads ORDER BY id"))
}

func TestActivateVersionOff(t *testing.T) {
	t.Parallel()
	in := keyedSchema + `{"type":"RECORD","stream":"keyed","version":1,"record":{"n":1}}` + "\n" + `{"type":"RECORD","stream":"keyed","version":2,"record":{"n":2}}` + "\n" +
		`{"type":"ACTIVATE_VERSION","stream":"keyed","version":2}` + "\n"
	for flag, want := range map[string]string{"--activate-version": "2\n", "--activate-version=false": "1\n2\n"} {
		dsn := servertest.Database(t)
		r := run(t, dsn, input{stdin: in, args: []string{flag, "--hard-delete"}})
		require.Zero(t, r.code, r.stderr)
		require.Equal(t, want, answers(t, dsn, "SELECT n FROM keyed ORDER BY n"), flag)
	}
}

// Switches of other targets count where they are given.
func TestSwitchesOfTLS(t *testing.T) {
	t.Parallel()
	on, off := true, false
	for _, c := range []struct {
		name   string
		config Config
		want   database.Options
	}{
		{"as given", Config{SSLMode: "verify-ca", SSLRootCert: "r", SSLCert: "c", SSLKey: "k"},
			database.Options{SSLMode: "verify-ca", SSLRootCert: "r", SSLCert: "c", SSLKey: "k"}},
		{"off", Config{SSLEnable: &off, SSLClientCertificate: &off, SSLMode: "verify-full", SSLRootCert: "r", SSLCert: "c", SSLKey: "k"}, database.Options{}},
		{"on", Config{SSLEnable: &on, SSLClientCertificate: &on, SSLMode: "require", SSLCert: "c", SSLKey: "k"},
			database.Options{SSLMode: "require", SSLCert: "c", SSLKey: "k"}},
		{"PipelineWise", Config{SSL: true}, database.Options{SSLMode: "require"}},
		{"on, by default", Config{SSLEnable: &on, SSLRootCert: "r"}, database.Options{SSLMode: "verify-full", SSLRootCert: "r"}},
	} {
		o, end, err := c.config.connection(t.Context(), env())
		require.NoError(t, err, c.name)
		end()
		o.Application, o.Env = "", nil
		require.Equal(t, c.want, o, c.name)
	}
}

// A password that a program prints is asked for at each connection.
func TestPasswordCommand(t *testing.T) {
	t.Parallel()
	dsn := servertest.Database(t)
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	password, _ := u.User.Password()
	file := filepath.Join(t.TempDir(), "asked")
	r := run(t, "", input{stdin: oneKeyed, args: []string{
		"--dsn=" + with(t, dsn, func(u *url.URL) { u.User = url.User("postgres") }), "--password-command=echo asked >> " + file + "; echo " + password,
	}})
	require.Zero(t, r.code, r.stderr)
	require.NotContains(t, r.stderr, password)
	asked, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Greater(t, len(lines(string(asked))), 1)
	r = run(t, "", input{stdin: oneKeyed, args: []string{"--dsn=" + with(t, dsn, func(*url.URL) {}), "--auth=rds_iam", "--aws-region=eu-west-1"}})
	require.Equal(t, 2, r.code, r.stderr)
	require.Contains(t, r.stderr, "needs TLS")
}
