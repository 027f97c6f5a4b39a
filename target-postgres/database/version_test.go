package database

import (
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
)

func TestServerThatIsTooOld(t *testing.T) {
	t.Parallel()
	for version, refused := range map[string]bool{"11.22": true, "8.0.2": true, "9.6.24 (Debian)": true, "12.22": false, "18beta1": false, "": false} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer listener.Close()
			answered := make(chan error, 1)
			go func() { answered <- greet(listener, version) }()
			conn, err := Connect(t.Context(), Options{DSN: "postgres://u@" + listener.Addr().String() + "/d?sslmode=disable"})
			require.NoError(t, <-answered)
			if !refused {
				require.NoError(t, err)
				conn.Close(t.Context())
				return
			}
			require.Equal(t, protocol.Config, protocol.KindOf(err))
			require.ErrorContains(t, err, "version "+version+"; version 12 is the oldest")
		})
	}
}

// greet lets one client in, as a server of that version.
func greet(listener net.Listener, version string) error {
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	server := pgproto3.NewBackend(conn, conn)
	if _, err := server.ReceiveStartupMessage(); err != nil {
		return err
	}
	server.Send(&pgproto3.AuthenticationOk{})
	server.Send(&pgproto3.ParameterStatus{Name: "server_version", Value: version})
	server.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	return server.Flush()
}
