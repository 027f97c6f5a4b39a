package main

import (
	"time"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/settings"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/load"
	"github.com/signalroom/signalroom/target-postgres/tuples"
)

// A Config is what the target can be told.
type Config struct {
	DSN                  string        `json:"dsn" airbyte:"-" secret:"" alias:"sqlalchemy_url" env:"DATABASE_URL" group:"Connection" help:"Where the server is: a URL or a libpq string. What it leaves out comes from the settings below, then from what libpq reads: PGHOST and the like, ~/.pgpass, the service file." example:"postgres://loader@db.example.com/warehouse"`
	Host                 string        `json:"host" airbyte:",required" alias:"postgres_host" group:"Connection" help:"The server's host, or the folder of its socket."`
	Port                 int           `json:"port" airbyte:",required" example:"5432" alias:"postgres_port" min:"1" max:"65535" group:"Connection" help:"The server's port."`
	User                 string        `json:"user" airbyte:"username,required" alias:"postgres_username,username" group:"Connection" help:"The role to connect as."`
	Password             string        `json:"password" secret:"" alias:"postgres_password" group:"Connection" help:"The role's password, where it has one."`
	Database             string        `json:"database" airbyte:",required" alias:"dbname,postgres_database" group:"Connection" help:"The database to load into."`
	SSLMode              string        `json:"sslmode" airbyte:"-" alias:"postgres_sslmode" enum:"disable,allow,prefer,require,verify-ca,verify-full" group:"Connection" help:"How much TLS is wanted."`
	SSLRootCert          string        `json:"sslrootcert" airbyte:"-" alias:"ssl_certificate_authority,postgres_sslrootcert" group:"Connection" help:"The certificates of the authorities that may vouch for the server: the path of a file, or the text itself; system for those of this machine."`
	SSLCert              string        `json:"sslcert" airbyte:"-" alias:"ssl_client_certificate,postgres_sslcert" group:"Connection" help:"The client's certificate: the path of a file, or the text itself."`
	SSLKey               string        `json:"sslkey" airbyte:"-" secret:"" alias:"ssl_client_private_key,postgres_sslkey" group:"Connection" help:"The client's private key: the path of a file that nobody else may read, or the text itself."`
	SSLPassword          string        `json:"sslpassword" airbyte:"-" secret:"" group:"Connection" help:"Password of the client's private key, where it is encrypted."`
	SSLEnable            *bool         `json:"ssl_enable" hidden:"" group:"Connection" help:"MeltanoLabs' switch for sslmode and sslrootcert."`
	SSL                  bool          `json:"ssl" hidden:"" group:"Connection" help:"PipelineWise's word for sslmode require."`
	SSLClientCertificate *bool         `json:"ssl_client_certificate_enable" hidden:"" group:"Connection" help:"MeltanoLabs' switch for sslcert and sslkey."`
	Auth                 string        `json:"auth" airbyte:"-" enum:"password,rds_iam" default:"password" group:"Connection" help:"How to log in: with the password, or certificate, that is given, or with tokens of AWS IAM, by the credentials that the AWS SDK finds."`
	AWSRegion            string        `json:"aws_region" airbyte:"-" group:"Connection" help:"Region of the server, for rds_iam. When absent it is the one in the server's name, then that of the AWS SDK."`
	PasswordCommand      string        `json:"password_command" airbyte:"-" group:"Connection" help:"A shell command that prints the password, run for each new connection: for tokens that live for minutes." example:"gcloud sql generate-login-token"`
	Role                 string        `json:"role" group:"Connection" help:"The role to act as, which then owns what is made; the user when absent."`
	StatementTimeout     time.Duration `json:"statement_timeout" default:"0s" min:"0s" group:"Connection" help:"Longest time that one statement may take; 0 for no bound."`
	LockTimeout          time.Duration `json:"lock_timeout" default:"60s" min:"0s" group:"Connection" help:"Longest time that a statement waits for a lock that another session holds; 0 for no bound."`
	Embedded             string        `json:"embedded" airbyte:"-" placeholder:"DIR" group:"Connection" help:"Run a private PostgreSQL in this folder, and load into it."`

	Tunnel Tunnel `json:"ssh_tunnel" group:"SSH tunnel"`
	Airbyte

	BeforeSQL string   `json:"before_run_sql" help:"Statements to run before the first row, in a transaction of their own."`
	AfterSQL  string   `json:"after_run_sql" help:"Statements to run after a run that succeeded, in a transaction of their own."`
	Grants    []string `json:"grants" alias:"default_target_schema_select_permission" placeholder:"ROLE" help:"Roles that may read the tables that are made: they get USAGE on the schema and SELECT on the table."`

	Schema   string `json:"default_target_schema" airbyte:"schema,required" alias:"schema,postgres_schema" default:"public" meltano:"$MELTANO_EXTRACT__LOAD_SCHEMA" help:"Schema of the tables. It is made where it is missing."`
	Pipeline string `json:"pipeline" airbyte:"-" default:"default" meltano:"$MELTANO_EXTRACTOR_NAME" help:"Name under which the state is kept. Two runs of one pipeline never overlap."`

	NameCase string `json:"name_case" enum:"keep,lower" default:"keep" help:"Names of tables and columns as the tap has them, or in small letters, so that SQL needs no quotes."`

	Dispositions map[string]string `json:"dispositions" airbyte:"-" help:"What is done with the rows of streams: glob to append, merge or replace. The exact name counts first, then the longest glob." example:"{\"orders\":\"merge\",\"log_*\":\"append\"}"`
	LoadMethod   string            `json:"load_method" airbyte:"-" enum:"append-only,upsert,overwrite" help:"What is done with the rows of all streams that dispositions does not name. Without it the stream's own word counts, then merge with a key and append without."`
	Metadata     bool              `json:"add_record_metadata" airbyte:"-" alias:"add_metadata_columns" default:"true" help:"Add the seven _sdc_ columns of the Singer SDK."`
	HardDelete   bool              `json:"hard_delete" airbyte:"-" help:"Delete rows that the source deleted, instead of marking them in _sdc_deleted_at."`

	ReplaceBy string `json:"replace_by" enum:"delete,truncate" default:"delete" help:"How a large replace takes the old rows of a table away. With delete, readers go on and see them until the new ones are complete. With truncate, which is faster, readers wait from then on until the commit, and a repeatable read transaction that began before finds the table empty. Truncate does not count where only the rows of a scope are replaced, nor where a foreign key refers to the table."`

	Arrays    string `json:"arrays" enum:"jsonb,native" default:"jsonb" help:"What a new column of arrays becomes: jsonb, or an array of PostgreSQL where the schema gives its items one plain type. A column that is there is used as it is."`
	Addresses string `json:"ip_addresses" enum:"text,inet" default:"text" help:"What a new column of strings with format ipv4, ipv6 or ipvany… becomes."`
	Bytes     bool   `json:"interpret_content_encoding" airbyte:"-" help:"Make new columns of strings with contentEncoding base64 or base16 bytea, not text."`

	Versions    bool          `json:"activate_version" airbyte:"-" alias:"process_activate_version_messages" default:"true" help:"Heed ACTIVATE_VERSION messages, by which a tap says that rows of older versions are gone. A replace heeds them always."`
	BatchRows   int64         `json:"batch_size_rows" alias:"batch_size,max_batch_rows" min:"0" help:"Records after which the next state is committed at the latest; 0 for any number."`
	BatchSizeMB int           `json:"batch_size_mb" default:"32" min:"1" help:"Megabytes of records after which the next state is committed at the latest; it is sooner while a connection is free."`
	Connections int           `json:"connections" default:"3" min:"1" max:"64" help:"How many batches are loaded side by side, each on its own connection. They are committed in order."`
	BatchWait   time.Duration `json:"batch_wait_seconds" default:"10s" min:"0s" help:"How long a state may wait to be committed."`

	MaxRejects  int64     `json:"max_rejects" alias:"invalid_records_threshold" default:"100" min:"0" help:"How many records may be rejected before the run stops; 0 stops at the first."`
	ExtraFields string    `json:"on_extra_fields" enum:"keep,add,drop,fail" default:"keep" help:"Members that the schema does not declare: keep them in the column _extra, add columns, drop them, or reject the record."`
	Missing     string    `json:"missing_fields" airbyte:"-" enum:"null,keep" default:"null" help:"Properties that a record does not name: null writes null; keep leaves what the row has, where rows are merged. A cursor that is missing counts as the oldest."`
	Uncovered   string    `json:"uncovered_rows" airbyte:"-" enum:"auto,keep,drop" default:"auto" help:"Rows without a key that follow the last state: keep or drop them; auto drops them, since they come again, unless the run saw no state at all."`
	Contract    contracts `json:"schema_contract" help:"What may be done to tables for new columns and other types: evolve, freeze (stop the run), discard_row or discard_value; one word, or one for each stream glob. In place of a word an object tells tables that are not there, columns and types apart, and columns by glob." example:"{\"*\":\"freeze\",\"orders\":{\"tables\":\"freeze\",\"columns\":\"discard_value\",\"types\":{\"note*\":\"evolve\",\"*\":\"freeze\"}}}"`
	Tables      tables    `json:"tables" help:"How tables are stored, by stream glob: indexes (each a list of columns, or an object with columns, unique, method, where, include), partition_by (range, a date or timestamp, with interval day, week, month or year, and if wanted start and ahead; or hash with partitions), fillfactor, unlogged (a crash of the server empties the table, and the state stays), tablespace. Indexes are also given to tables that are there." example:"{\"orders\":{\"indexes\":[[\"customer_id\"]]},\"events*\":{\"partition_by\":{\"range\":\"timestamp\",\"interval\":\"month\"}}}"`
	KeyChange   string    `json:"key_change" airbyte:"-" enum:"fail,replace" default:"fail" help:"What is done when a table has another primary key than its stream: stop, or exchange it, which needs the new key to be unique in the table."`

	MetricsFile   string `json:"metrics_file" airbyte:"-" placeholder:"FILE" help:"Keep metrics of the run in this file for Prometheus, by way of node_exporter's textfile collector, which wants a name that ends in .prom. It is written anew after commits, at most once a second, and at the end."`
	NotifyChannel string `json:"notify_channel" placeholder:"NAME" help:"Channel on which each commit is announced by NOTIFY, with a JSON object of pipeline, run and streams."`
}

// check reports what the tags cannot say.
func (c *Config) check(problems *settings.Problems) {
	if c.Schema == "" {
		problems.Add("default_target_schema", "expected a name; leave it out for public")
	}
	if c.Pipeline == "" {
		problems.Add("pipeline", "expected a name; leave it out for default")
	}
	for _, word := range c.Dispositions {
		switch protocol.Disposition(word) {
		case protocol.Append, protocol.Merge, protocol.Replace:
		default:
			problems.Add("dispositions", "expected append, merge or replace for each glob")
		}
	}
	if len(c.NotifyChannel) > longestChannel {
		problems.Add("notify_channel", "the name of a channel has at most 63 bytes")
	}
	c.checkConnection(problems)
	c.Airbyte.check(problems)
}

// longestChannel is how long the name of a channel may be, in bytes.
const longestChannel = 63

func (c *Config) pipeline() database.Pipeline {
	return database.Pipeline{Schema: columns.Ident(c.Schema), Name: c.Pipeline}
}

// methods are MeltanoLabs' words.
func (c *Config) method() protocol.Disposition {
	switch c.LoadMethod {
	case "append-only":
		return protocol.Append
	case "upsert":
		return protocol.Merge
	case "overwrite":
		return protocol.Replace
	}
	return ""
}

func (c *Config) options(connection database.Options) load.Options {
	o := load.Options{
		Connection: connection, Pipeline: c.pipeline(), Dispositions: map[string]protocol.Disposition{}, Method: c.method(),
		Contracts: c.Contract, Tables: c.Tables, ReplaceKey: c.KeyChange == "replace", Metadata: c.metadata(), HardDelete: c.HardDelete, Truncate: c.ReplaceBy == "truncate",
		BeforeSQL: c.BeforeSQL, AfterSQL: c.AfterSQL, IgnoreVersions: !c.Versions,
		Connections: c.Connections, BatchRows: c.BatchRows, BatchBytes: int64(c.BatchSizeMB) << 20, BatchWait: c.BatchWait, MaxRejects: c.MaxRejects,
		Types:       columns.Types{Bytes: c.Bytes, Arrays: c.Arrays == "native", Addresses: c.Addresses == "inet"},
		ExtraFields: tuples.ExtraFields(c.ExtraFields), Missing: load.MissingFields(c.Missing), Uncovered: load.Uncovered(c.Uncovered),
		NotifyChannel: c.NotifyChannel, Program: settings.BuildVersion(),
	}
	if c.NameCase == "lower" {
		o.Case = columns.LowerCase
	}
	for _, role := range c.Grants {
		o.Grants = append(o.Grants, columns.Ident(role))
	}
	for glob, word := range c.Dispositions {
		o.Dispositions[glob] = protocol.Disposition(word)
	}
	return o
}

func (c *Config) metadata() columns.Metadata {
	if c.Metadata {
		return columns.AllMetadata
	}
	return columns.NoMetadata
}
