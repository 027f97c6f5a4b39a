package objects

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
)

// alone takes the machine's own AWS configuration out of the test.
func alone(t *testing.T) {
	t.Helper()
	for _, name := range os.Environ() {
		if name, _, _ := strings.Cut(name, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "credentials"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func TestCredentialsFromTheEnvironment(t *testing.T) {
	alone(t)
	server := startServer(t)
	t.Setenv("AWS_ACCESS_KEY_ID", server.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", server.SecretAccessKey)
	t.Setenv("AWS_ENDPOINT_URL_S3", server.Endpoint)
	require.NoError(t, open(t, Settings{Bucket: bucketName}).Check(t.Context(), ""), "path style follows the endpoint, wherever it comes from")

	settings := Settings{Bucket: bucketName, AccessKeyID: "OTHER", SecretAccessKey: "x"}
	requireFault(t, open(t, settings).Check(t.Context(), ""), protocol.Config, "access key id")
}

func TestCredentialsFromAProfile(t *testing.T) {
	alone(t)
	server := startServer(t)
	file := os.Getenv("AWS_SHARED_CREDENTIALS_FILE")
	content := fmt.Sprintf("[acme]\naws_access_key_id=%s\naws_secret_access_key=%s\n", server.AccessKeyID, server.SecretAccessKey)
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	require.NoError(t, open(t, Settings{Bucket: bucketName, EndpointURL: server.Endpoint, Profile: "acme"}).Check(t.Context(), ""))

	_, err := Open(t.Context(), Settings{Bucket: bucketName, Profile: "nobody"}, quiet)
	requireFault(t, err, protocol.Config, "profile")
	require.ErrorContains(t, err, "nobody")
}

func TestNoCredentials(t *testing.T) {
	alone(t)
	server := startServer(t)
	b := open(t, Settings{Bucket: bucketName, EndpointURL: server.Endpoint})
	requireFault(t, b.Check(t.Context(), ""), protocol.Config, "AWS_ACCESS_KEY_ID")

	// A network that swallows what is sent to the instance's metadata.
	hole, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = hole.Close() })
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://"+hole.Addr().String())
	start := time.Now()
	_, err = open(t, Settings{Bucket: bucketName, EndpointURL: server.Endpoint}).Read(t.Context(), Object{Key: "k", Size: 1}, Resume{})
	requireFault(t, err, protocol.Config, "AWS_ACCESS_KEY_ID")
	require.Less(t, time.Since(start), 4*time.Second)
}

func TestAnonymous(t *testing.T) {
	alone(t)
	server := startServer(t)
	server.Put(bucketName, "k", []byte("0123456789"))
	policy := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:ListBucket"],` +
		`"Resource":["arn:aws:s3:::exports","arn:aws:s3:::exports/*"]}]}`
	_, err := server.Client().PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: new(bucketName), Policy: &policy})
	require.NoError(t, err)
	b := open(t, Settings{Bucket: bucketName, EndpointURL: server.Endpoint, Anonymous: true})
	all := listed(t, b, "")
	require.Len(t, all, 1)
	got, err := readAll(t, b, all[0], Resume{})
	require.NoError(t, err)
	require.Equal(t, "0123456789", string(got))
}

// tokenService is the one call of AWS STS that a role needs. It insists on what the real one insists on.
func tokenService(t *testing.T, server *s3test.Server, calls *atomic.Int64) string {
	t.Helper()
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		signed := strings.Contains(r.Header.Get("Authorization"), "Credential=BASE/")
		switch {
		case r.Method != http.MethodPost, r.ParseForm() != nil, r.Form.Get("Action") != "AssumeRole", r.Form.Get("Version") != "2011-06-15",
			r.Form.Get("RoleSessionName") == "", !signed:
			http.Error(w, "<ErrorResponse><Error><Code>ValidationError</Code></Error></ErrorResponse>", http.StatusBadRequest)
		case r.Form.Get("RoleArn") != "arn:aws:iam::1:role/reader", r.Form.Get("ExternalId") != "agency-7":
			http.Error(w, "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message>"+
				"</Error></ErrorResponse>", http.StatusForbidden)
		default:
			fmt.Fprintf(w, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey>"+
				"<SessionToken></SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
				server.AccessKeyID, server.SecretAccessKey, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		}
	}))
	t.Cleanup(fake.Close)
	return fake.URL
}

func TestRole(t *testing.T) {
	alone(t)
	server := startServer(t)
	server.Put(bucketName, "k", []byte("0123456789"))
	var calls atomic.Int64
	t.Setenv("AWS_ENDPOINT_URL_STS", tokenService(t, server, &calls))
	settings := Settings{
		Bucket: bucketName, EndpointURL: server.Endpoint, RoleARN: "arn:aws:iam::1:role/reader", ExternalID: "agency-7",
		AccessKeyID: "BASE", SecretAccessKey: "base",
	}
	b := open(t, settings)
	require.EqualValues(t, 0, calls.Load(), "opening sends nothing")
	for range 3 {
		require.NoError(t, b.Check(t.Context(), ""))
	}
	require.EqualValues(t, 1, calls.Load(), "the role's credentials are kept")

	settings.ExternalID = "wrong"
	err := open(t, settings).Check(t.Context(), "")
	requireFault(t, err, protocol.Config, "trust policy")
	require.ErrorContains(t, err, "sts:AssumeRole")

	settings.ExternalID, settings.AccessKeyID, settings.SecretAccessKey = "agency-7", "", ""
	requireFault(t, open(t, settings).Check(t.Context(), ""), protocol.Config, "AWS_ACCESS_KEY_ID")
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	var agent atomic.Value
	proxy := s3test.NewProxy(t, server, func(_ int, r *http.Request) s3test.Fault {
		agent.Store(r.UserAgent())
		return s3test.Fault{}
	})
	settings := settingsOf(server, proxy.Endpoint)
	settings.UserAgent = "tap-s3-exports/1.2.3"
	require.NoError(t, open(t, settings).Check(t.Context(), ""))
	require.Contains(t, agent.Load(), "tap-s3-exports/1.2.3")
}

// TestRequesterPays says in every request that it knows.
func TestRequesterPays(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	server.Put(bucketName, "a.csv", []byte("id\n1\n"))
	for _, pays := range []bool{false, true} {
		var mu sync.Mutex
		var said []string
		proxy := s3test.NewProxy(t, server, func(_ int, r *http.Request) s3test.Fault {
			mu.Lock()
			defer mu.Unlock()
			said = append(said, r.Header.Get("X-Amz-Request-Payer"))
			return s3test.Fault{}
		})
		settings := settingsOf(server, proxy.Endpoint)
		settings.RequesterPays = pays
		bucket := open(t, settings)
		for object, err := range bucket.List(t.Context(), "") {
			require.NoError(t, err)
			body, err := bucket.Read(t.Context(), object, Resume{})
			require.NoError(t, err)
			require.NoError(t, body.Close())
		}
		payer := map[bool]string{true: "requester"}[pays]
		mu.Lock()
		require.Equal(t, []string{payer, payer}, said, "a list and a file")
		mu.Unlock()
	}
}
