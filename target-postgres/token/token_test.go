package token

import (
	"context"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/target-postgres/database"
)

func TestRDS(t *testing.T) {
	t.Parallel()
	fixed := credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "session")
	server := database.Server{Host: "orders.abc123.eu-west-1.rds.amazonaws.com", Port: 5432, User: "loader"}
	for _, c := range []struct{ name, host, region, otherwise, want string }{
		{"region of the name", server.Host, "", "us-east-1", "eu-west-1"},
		{"region that is given", server.Host, "eu-north-1", "us-east-1", "eu-north-1"},
		{"region of the SDK", "db.example.com", "", "us-east-1", "us-east-1"},
		{"China", "orders.abc123.cn-north-1.rds.amazonaws.com.cn", "", "", "cn-north-1"},
	} {
		s := server
		s.Host = c.host
		token, err := signed(fixed, c.region, c.otherwise)(t.Context(), s)
		require.NoError(t, err, c.name)
		u, err := url.Parse("https://" + token)
		require.NoError(t, err, c.name)
		require.Equal(t, c.host+":5432", u.Host, c.name)
		require.Equal(t, "connect", u.Query().Get("Action"), c.name)
		require.Equal(t, "loader", u.Query().Get("DBUser"), c.name)
		require.Equal(t, "session", u.Query().Get("X-Amz-Security-Token"), c.name)
		require.Equal(t, "900", u.Query().Get("X-Amz-Expires"), c.name)
		require.Regexp(t, `^AKIDEXAMPLE/\d{8}/`+c.want+`/rds-db/aws4_request$`, u.Query().Get("X-Amz-Credential"), c.name)
		require.Regexp(t, `^[0-9a-f]{64}$`, u.Query().Get("X-Amz-Signature"), c.name)
	}
	_, err := signed(fixed, "", "")(t.Context(), database.Server{Host: "db.example.com", Port: 5432, User: "loader"})
	require.Equal(t, protocol.Config, protocol.KindOf(err))
	require.ErrorContains(t, err, "set aws_region")
}

func TestCommand(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{"printf 'a b'": "a b", "echo one; echo two": "one", `printf 'x\r\n'`: "x"} {
		got, err := Command(command)(t.Context(), database.Server{})
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for command, want := range map[string]string{"echo hush; exit 3": "exit status 3", "true": "printed nothing"} {
		_, err := Command(command)(t.Context(), database.Server{})
		require.Equal(t, protocol.Config, protocol.KindOf(err))
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hush")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Command("echo x")(ended, database.Server{})
	require.Error(t, err)
}
