package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/invopop/jsonschema"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

// common is a block that several programs would share.
type common struct {
	ClientID  string     `json:"client_id" help:"Names the client whose rows these are."`
	StartDate *time.Time `json:"start_date" help:"First instant to read." example:"2026-01-31"`
	Select    []string   `json:"select" placeholder:"GLOB" help:"Streams to read." example:"orders,refunds"`
}

// tunnel is a nested block.
type tunnel struct {
	Enable bool   `json:"enable" help:"Connect through a jump host."`
	Host   string `json:"host" help:"The jump host."`
	Port   int    `json:"port" default:"22" min:"1" max:"65535" help:"Its port."`
}

// pattern is an element of a setting that is one JSON value.
type pattern struct {
	Name    string        `json:"name" required:"" help:"The stream's name."`
	Match   string        `json:"match" enum:"prefix,glob" default:"glob" help:"How keys are matched."`
	MaxAge  time.Duration `json:"max_age" default:"1h" help:"Oldest file."`
	Token   string        `json:"token" secret:"" help:"Token of the stream."`
	Columns []string      `json:"columns" help:"Columns."`
}

// dateFormat is a text or an object of texts.
type dateFormat map[string]string

func (d *dateFormat) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*d = dateFormat{"*": one}
		return nil
	}
	var each map[string]string
	if json.Unmarshal(raw, &each) != nil {
		return errors.New("expected text, or an object with a text for each column")
	}
	*d = each
	return nil
}

func (*dateFormat) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string"}, {Type: "object"}}}
}

type config struct {
	common
	APIKey      string            `json:"api_key" secret:"" required:"" env:"DEMO_KEY,DEMO_TOKEN" group:"Access" help:"Personal API key."`
	DSN         string            `json:"dsn" secret:"" alias:"sqlalchemy_url" env:"DATABASE_URL" group:"Access" help:"The database."`
	Tunnel      tunnel            `json:"ssh_tunnel" group:"Tunnel"`
	PageSize    int               `json:"page_size" default:"100" min:"1" max:"1000" help:"Rows per request."`
	Budget      int64             `json:"budget" help:"Bytes in memory."`
	Ratio       float64           `json:"ratio" default:"0.5" help:"Share of the budget."`
	Gzip        bool              `json:"gzip" default:"true" help:"Ask for compressed answers."`
	Strict      *bool             `json:"strict" help:"Refuse what is not declared."`
	Timeout     time.Duration     `json:"request_timeout" default:"60s" min:"1s" help:"Longest wait for an answer."`
	Until       time.Time         `json:"end_date" format:"date" help:"Last day to read."`
	Mode        string            `json:"mode" enum:"fast,exact" default:"exact" meltano:"$DEMO_MODE" help:"How to count."`
	Headers     map[string]string `json:"headers" help:"Headers of every request."`
	Patterns    []pattern         `json:"patterns" help:"Streams by key."`
	DateFormat  dateFormat        `json:"date_format" help:"Format of dates, for all columns or for each."`
	Credentials json.RawMessage   `json:"credentials" secret:"" group:"Access" help:"A service account."`
	Debug       bool              `json:"debug_wire" hidden:"" help:"Print every request."`
}

type grammar struct {
	Catalog  string `short:"p" aliases:"properties" placeholder:"FILE" help:"Catalog with selection."`
	State    string `short:"s" placeholder:"FILE" help:"State of the last run."`
	Discover bool   `short:"d" help:"Print the catalog, and end."`
	Test     Choice `placeholder:"schema|records" help:"Check the connection, and end."`

	Read    struct{} `cmd:"" default:"withargs" hidden:""`
	Spec    struct{} `cmd:"" help:"Print the specification."`
	Check   struct{} `cmd:"" hidden:""`
	Rejects struct {
		List   struct{} `cmd:"" default:"withargs" help:"List rejected rows."`
		Replay struct {
			ID []int64 `placeholder:"N" help:"Rows to replay."`
		} `cmd:"" help:"Load rejected rows again."`
	} `cmd:"" help:"Rejected rows."`
}

// run is one program in a directory of its own.
type run struct {
	args  []string
	env   map[string]string
	files map[string]string
}

type result struct {
	*Settings
	config config
	cli    grammar
	out    string
	err    error
}

func (r run) do(t *testing.T) result {
	t.Helper()
	dir := t.TempDir()
	// A .env of its own keeps the search from the machine's directories above.
	for name, text := range r.files {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	if _, ok := r.files[".env"]; !ok {
		require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), nil, 0o600))
	}
	var out bytes.Buffer
	var res result
	res.Settings, res.err = Parse(demo(r.args, &out, dir, r.env), &res.cli, &res.config)
	res.out = out.String()
	return res
}

func demo(args []string, out *bytes.Buffer, dir string, env map[string]string) *Program {
	return &Program{
		Name: "tap-demo", Version: "1.2.3", Description: "Reads the demo service.", Docs: "https://example.com/tap-demo",
		Capabilities: []string{"catalog", "discover", "state", "about"},
		Examples:     []Example{{"Everything since January", "tap-demo --start-date 2026-01-01 | target-postgres"}},

		WithoutSettings: []string{"spec"}, Airbyte: []string{"check"}, Unselected: []string{"clicks.*", "*.user_ip"},
		Foreign: []Foreign{{Key: "use_copy"}, {Key: "batch_config"}, {Key: "stream_maps", Instead: "map the streams in the tap"}},
		Args:    args, Stdout: out, Dir: dir,
		Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	}
}

// key gives the one required setting.
var key = map[string]string{"TAP_DEMO_API_KEY": "k"}

func (r result) requireFault(t *testing.T, text string) {
	t.Helper()
	var fault *protocol.Fault
	require.ErrorAs(t, r.err, &fault)
	require.Equal(t, protocol.Config, fault.Kind)
	require.Equal(t, 2, protocol.ExitCode(r.err))
	require.Equal(t, text, r.err.Error())
}
