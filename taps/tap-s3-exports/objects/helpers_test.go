package objects

import (
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const bucketName = "exports"

var quiet = slog.New(slog.DiscardHandler)

func startServer(t testing.TB) *s3test.Server {
	t.Helper()
	server := s3test.Start(t)
	server.CreateBucket(bucketName)
	return server
}

// settingsOf reads server at endpoint, with pauses short enough for tests.
func settingsOf(server *s3test.Server, endpoint string) Settings {
	return Settings{
		Bucket: bucketName, Region: server.Region, EndpointURL: endpoint,
		AccessKeyID: server.AccessKeyID, SecretAccessKey: server.SecretAccessKey,
		MaxBackoff: 10 * time.Millisecond, RequestTimeout: 10 * time.Second,
	}
}

func open(t testing.TB, settings Settings) *Bucket {
	t.Helper()
	b, err := Open(t.Context(), settings, quiet)
	require.NoError(t, err)
	t.Cleanup(b.Close)
	return b
}

// through opens the bucket behind a proxy that breaks what decide says.
func through(t testing.TB, server *s3test.Server, decide func(n int, r *http.Request) s3test.Fault) (*Bucket, *s3test.Proxy) {
	t.Helper()
	proxy := s3test.NewProxy(t, server, decide)
	return open(t, settingsOf(server, proxy.Endpoint)), proxy
}

func direct(t testing.TB, server *s3test.Server) *Bucket {
	t.Helper()
	return open(t, settingsOf(server, server.Endpoint))
}

func listed(t testing.TB, b *Bucket, prefix string) []Object {
	t.Helper()
	var all []Object
	for object, err := range b.List(t.Context(), prefix) {
		require.NoError(t, err)
		all = append(all, object)
	}
	return all
}

// one is the object under key, as the server itself lists it.
func one(t testing.TB, server *s3test.Server, key string) Object {
	t.Helper()
	for _, object := range listed(t, direct(t, server), key) {
		if object.Key == key {
			return object
		}
	}
	t.Fatalf("no object %q", key)
	return Object{}
}

func readAll(t testing.TB, b *Bucket, object Object, from Resume) ([]byte, error) {
	t.Helper()
	body, err := b.Read(t.Context(), object, from)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// noise is n bytes that do not repeat, the same for every call.
func noise(n int) []byte {
	p := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(p)
	return p
}

func requireFault(t testing.TB, err error, kind protocol.Kind, hint string) {
	t.Helper()
	var fault *protocol.Fault
	require.ErrorAs(t, err, &fault)
	require.Equal(t, kind, fault.Kind, err.Error())
	require.Contains(t, fault.Hint, hint, err.Error())
	require.NotContains(t, err.Error(), "\n")
}
