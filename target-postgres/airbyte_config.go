package main

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/signalroom/signalroom/protocol/settings"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/tunnel"
)

// Airbyte are the settings that Airbyte's own destination-postgres has and this target calls otherwise, so that its configurations are taken
// as they are. https://docs.airbyte.com/integrations/destinations/postgres
type Airbyte struct {
	Mode         sslModeForm   `json:"ssl_mode" airbyte:",only" group:"Connection" help:"How much TLS is wanted."`
	Parameters   string        `json:"jdbc_url_params" airbyte:",only" group:"Connection" help:"Further parameters of the connection, as a URL has them: sslmode, sslrootcert, connectTimeout, loginTimeout, ApplicationName, options, targetServerType. Others have no effect." example:"connectTimeout=30&ApplicationName=airbyte"`
	TunnelMethod *tunnelMethod `json:"tunnel_method" airbyte:",only" group:"Connection" help:"Whether the server is reached through an SSH server."`
	Deletion     string        `json:"cdc_deletion_mode" enum:"Hard delete,Soft delete" default:"Hard delete" airbyte:",only" help:"What a record with _ab_cdc_deleted_at does to its row, where rows are deduplicated: delete it, or mark it in that column."`

	DropCascade    bool   `json:"drop_cascade" hidden:"" help:"Has no effect: nothing is dropped that others depend on."`
	Unconstrained  bool   `json:"unconstrained_number" hidden:"" help:"Has no effect: numbers are never constrained."`
	RawSchema      string `json:"raw_data_schema" hidden:"" help:"Has no effect: there are no raw tables."`
	DisableTyping  bool   `json:"disable_type_dedupe" hidden:"" help:"Raw tables, which are not written."`
	AnyDestination string `json:"destinationType" hidden:"" help:"Has no effect: what some clients of Airbyte add."`
}

// check reports what the tags cannot say.
func (a *Airbyte) check(problems *settings.Problems) {
	if a.DisableTyping {
		problems.Add("disable_type_dedupe", "raw tables are not written: turn it off")
	}
	if _, err := url.ParseQuery(a.Parameters); err != nil {
		problems.Add("jdbc_url_params", "expected name=value pairs with & between them")
	}
	t := a.TunnelMethod
	if t == nil || t.Method == noTunnel {
		return
	}
	for _, of := range []struct{ name, value string }{
		{"tunnel_host", t.Host}, {"tunnel_user", t.User}, {"ssh_key", t.Key + t.Password},
	} {
		if of.name == "ssh_key" && t.Method == tunnelByPassword {
			of.name = "tunnel_user_password"
		}
		if of.value == "" {
			problems.Missing("tunnel_method", "its "+of.name+" for "+t.Method)
		}
	}
}

// libpq gives libpq's words for those of JDBC.
var jdbcWords = map[string]string{
	"sslmode": "sslmode", "sslrootcert": "sslrootcert", "sslcert": "sslcert", "sslkey": "sslkey", "sslpassword": "sslpassword", "options": "options",
	"connectTimeout": "connect_timeout", "loginTimeout": "connect_timeout", "ApplicationName": "application_name",
}

// connection puts into o what Airbyte's words say. What else is given in target-postgres' own words counts more.
func (a *Airbyte) connection(o *database.Options) {
	m := &a.Mode
	for _, of := range []struct {
		into  *string
		value string
	}{
		{&o.SSLMode, m.Mode}, {&o.SSLRootCert, m.CACertificate}, {&o.SSLCert, m.ClientCertificate}, {&o.SSLKey, m.ClientKey}, {&o.SSLPassword, m.ClientKeyPassword},
	} {
		if *of.into == "" {
			*of.into = of.value
		}
	}
	given, err := url.ParseQuery(a.Parameters)
	if err != nil || o.DSN != "" {
		return
	}
	var words []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		word, value := jdbcWords[name], given.Get(name)
		if name == "targetServerType" && (value == "primary" || value == "master") {
			word, value = "target_session_attrs", "read-write"
		}
		if word != "" && value != "" {
			words = append(words, word+"='"+strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value)+"'")
		}
	}
	o.DSN = strings.Join(words, " ")
}

// tunnel is the way through an SSH server, if one is wanted. As with Airbyte's own destination, there is no place in the form for the key by
// which the server is known, so any is taken: what goes through the tunnel is as safe as ssl_mode makes it.
func (a *Airbyte) tunnel() (o tunnel.Options, wanted bool) {
	t := a.TunnelMethod
	if t == nil || t.Method == noTunnel {
		return o, false
	}
	return tunnel.Options{Host: t.Host, Port: t.Port, User: t.User, Key: t.Key, Password: t.Password, AnyHost: true}, true
}

// sslModeForm is an object that names a mode, or the mode itself. Certificates are what older versions of Airbyte's destination had there.
type sslModeForm struct {
	Mode              string `json:"mode"`
	CACertificate     string `json:"ca_certificate"`
	ClientCertificate string `json:"client_certificate"`
	ClientKey         string `json:"client_key"`
	ClientKeyPassword string `json:"client_key_password"`
}

var sslModes = []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

// UnmarshalJSON takes either.
func (m *sslModeForm) UnmarshalJSON(raw []byte) error {
	type plain sslModeForm
	var err error
	if raw[0] == '"' {
		err = json.Unmarshal(raw, &m.Mode)
	} else {
		err = json.Unmarshal(raw, (*plain)(m))
	}
	if err != nil {
		return err
	}
	if m.Mode != "" && !slices.Contains(sslModes, m.Mode) {
		return errors.New("expected one of " + strings.Join(sslModes, ", "))
	}
	return nil
}

// secrets are those inside.
func (m *sslModeForm) secrets() []string { return []string{m.ClientKey, m.ClientKeyPassword} }

// JSONSchema draws the form.
func (*sslModeForm) JSONSchema() *jsonschema.Schema {
	form := &jsonschema.Schema{Type: "object"}
	for _, mode := range sslModes {
		form.OneOf = append(form.OneOf, choice("mode", mode, mode))
	}
	return form
}

// The words of tunnel_method.
const (
	noTunnel         = "NO_TUNNEL"
	tunnelByKey      = "SSH_KEY_AUTH"
	tunnelByPassword = "SSH_PASSWORD_AUTH"
)

// tunnelMethod says how an SSH server is reached.
type tunnelMethod struct {
	Method   string `json:"tunnel_method" enum:"NO_TUNNEL,SSH_KEY_AUTH,SSH_PASSWORD_AUTH" default:"NO_TUNNEL"`
	Host     string `json:"tunnel_host"`
	Port     int    `json:"tunnel_port" min:"1" max:"65535" default:"22"`
	User     string `json:"tunnel_user"`
	Key      string `json:"ssh_key" secret:""`
	Password string `json:"tunnel_user_password" secret:""`
}

// JSONSchema draws the form.
func (*tunnelMethod) JSONSchema() *jsonschema.Schema {
	text := func(title string, extras map[string]any) *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Title: title, Extras: extras}
	}
	server := func(c *jsonschema.Schema, secretName string, secret *jsonschema.Schema) *jsonschema.Schema {
		c.Properties.Set("tunnel_host", text("SSH server", map[string]any{"order": 1}))
		c.Properties.Set("tunnel_port", &jsonschema.Schema{Type: "integer", Title: "Port", Default: 22, Minimum: "1", Maximum: "65535", Extras: map[string]any{"order": 2}})
		c.Properties.Set("tunnel_user", text("User", map[string]any{"order": 3}))
		c.Properties.Set(secretName, secret)
		c.Required = append(c.Required, "tunnel_host", "tunnel_port", "tunnel_user", secretName)
		return c
	}
	return &jsonschema.Schema{Type: "object", OneOf: []*jsonschema.Schema{
		choice("tunnel_method", noTunnel, "No tunnel"),
		server(choice("tunnel_method", tunnelByKey, "SSH, by a private key"), "ssh_key",
			text("Private key", map[string]any{"airbyte_secret": true, "multiline": true, "order": 4})),
		server(choice("tunnel_method", tunnelByPassword, "SSH, by a password"), "tunnel_user_password",
			text("Password", map[string]any{"airbyte_secret": true, "order": 4})),
	}}
}

// choice is one of those that a form offers, told by a constant.
func choice(name, word, title string) *jsonschema.Schema {
	c := &jsonschema.Schema{Type: "object", Title: title, Required: []string{name}, Properties: jsonschema.NewProperties()}
	c.Properties.Set(name, &jsonschema.Schema{Type: "string", Const: word, Default: word, Extras: map[string]any{"order": 0}})
	return c
}
