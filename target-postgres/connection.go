package main

import (
	"context"
	"regexp"

	"github.com/signalroom/signalroom/protocol/settings"
	"github.com/signalroom/signalroom/target-postgres/columns"
	"github.com/signalroom/signalroom/target-postgres/database"
	"github.com/signalroom/signalroom/target-postgres/token"
	"github.com/signalroom/signalroom/target-postgres/tunnel"
)

// A Tunnel is the way through an SSH server, by MeltanoLabs' names.
type Tunnel struct {
	Enable      bool   `json:"enable" airbyte:"-" help:"Reach the server through an SSH server."`
	Host        string `json:"host" airbyte:"-" help:"The SSH server."`
	Port        int    `json:"port" airbyte:"-" default:"22" min:"1" max:"65535" help:"Its port."`
	User        string `json:"username" airbyte:"-" help:"The user there."`
	Key         string `json:"private_key" airbyte:"-" secret:"" help:"The user's private key: the path of a file, or the text itself. Without it those of the agent at SSH_AUTH_SOCK count."`
	KeyPassword string `json:"private_key_password" airbyte:"-" secret:"" help:"Password of the private key, where it is encrypted."`
	KnownHosts  string `json:"known_hosts" airbyte:"-" placeholder:"FILE" help:"File with the keys of SSH servers that are known, ~/.ssh/known_hosts when absent. A server whose key is not there is refused."`
}

// sessionSetting is a statement of before_run_sql that would be forgotten by the next transaction.
var sessionSetting = regexp.MustCompile(`(?i)(^|;)\s*set\s+(session\s+)?(role|authorization|[a-z_.]+\s*(=|to\b))`)

// checkConnection reports what the tags cannot say of the connection.
func (c *Config) checkConnection(problems *settings.Problems) {
	if c.Embedded != "" && (c.DSN != "" || c.Host != "" || c.Tunnel.Enable) {
		problems.Add("embedded", "the private server needs no dsn, no host and no tunnel: leave out one or the other")
	}
	if c.Auth == "rds_iam" && c.PasswordCommand != "" {
		problems.Add("password_command", "auth is rds_iam, which makes the password: leave out one or the other")
	}
	if c.Tunnel.Enable {
		if c.Tunnel.Host == "" {
			problems.Missing("ssh_tunnel.host", "for the tunnel")
		}
		if c.Tunnel.User == "" {
			problems.Missing("ssh_tunnel.username", "for the tunnel")
		}
	}
	if sessionSetting.MatchString(c.BeforeSQL) {
		problems.Add("before_run_sql", "what SET changes is forgotten with the transaction: for a role there is the setting role, for the rest ALTER ROLE … SET")
	}
}

// connection is how the server is reached. To be ended when all connections are.
func (c *Config) connection(ctx context.Context, env func(string) (string, bool)) (o database.Options, end func(), err error) {
	end = func() {}
	o = database.Options{
		DSN: c.DSN, Host: c.Host, Port: c.Port, User: c.User, Password: c.Password, Database: c.Database,
		SSLMode: c.SSLMode, SSLRootCert: c.SSLRootCert, SSLCert: c.SSLCert, SSLKey: c.SSLKey, SSLPassword: c.SSLPassword,
		Role: columns.Ident(c.Role), StatementTimeout: c.StatementTimeout, LockTimeout: c.LockTimeout,
		Application: database.ApplicationName(c.Pipeline), Env: env,
	}
	c.Airbyte.connection(&o)
	// Other targets' switches: what they turn off is as if it were not given.
	switch enable := c.SSLEnable; {
	case enable != nil && !*enable:
		o.SSLMode, o.SSLRootCert = "", ""
	case enable != nil && o.SSLMode == "":
		o.SSLMode = "verify-full"
	case c.SSL && o.SSLMode == "":
		o.SSLMode = "require"
	}
	if enable := c.SSLClientCertificate; enable != nil && !*enable {
		o.SSLCert, o.SSLKey = "", ""
	}
	switch {
	case c.Auth == "rds_iam":
		o.NeedTLS = true
		o.Login, err = token.RDS(ctx, c.AWSRegion)
	case c.PasswordCommand != "":
		o.Login = token.Command(c.PasswordCommand)
	}
	through, wanted := c.Airbyte.tunnel()
	if !wanted {
		agent, _ := env("SSH_AUTH_SOCK")
		through, wanted = tunnel.Options{
			Host: c.Tunnel.Host, Port: c.Tunnel.Port, User: c.Tunnel.User, Key: c.Tunnel.Key, KeyPassword: c.Tunnel.KeyPassword,
			KnownHosts: c.Tunnel.KnownHosts, Agent: agent,
		}, c.Tunnel.Enable
	}
	if err != nil || !wanted {
		return o, end, err
	}
	way, err := tunnel.New(through)
	if err != nil {
		return o, end, err
	}
	o.Dial = way.Dial
	return o, way.Close, nil
}
