package objects

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
)

func TestSettingsThatCannotWork(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		settings Settings
		want     string
	}{
		"no bucket":    {Settings{}, "no bucket"},
		"bucket URL":   {Settings{Bucket: "s3://b/p"}, "not a name"},
		"half a key":   {Settings{Bucket: "b", AccessKeyID: "a"}, "only one of"},
		"anonymous":    {Settings{Bucket: "b", Anonymous: true, RoleARN: "arn:x"}, "anonymous access together"},
		"external id":  {Settings{Bucket: "b", ExternalID: "x"}, "without a role"},
		"bare host":    {Settings{Bucket: "b", EndpointURL: "localhost:9000"}, "endpoint_url"},
		"other scheme": {Settings{Bucket: "b", EndpointURL: "s3://host"}, "endpoint_url"},
		"no URL":       {Settings{Bucket: "b", EndpointURL: "http://a b"}, "endpoint_url"},
	} {
		_, err := Open(t.Context(), test.settings, quiet)
		requireFault(t, err, protocol.Config, "")
		require.ErrorContains(t, err, test.want, name)
	}
}

// What the real server says.
func TestServerFaults(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html><body>hi")) }))
	t.Cleanup(web.Close)
	webErrors := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusMethodNotAllowed)
		_, _ = w.Write([]byte("<html><body>hi"))
	}))
	t.Cleanup(webErrors.Close)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)

	for name, test := range map[string]struct {
		change func(s *Settings)
		kind   protocol.Kind
		hint   string
	}{
		"bucket":      {func(s *Settings) { s.Bucket = "missing" }, protocol.Config, "check bucket"},
		"key":         {func(s *Settings) { s.AccessKeyID = "NOBODY" }, protocol.Config, "access key id"},
		"secret":      {func(s *Settings) { s.SecretAccessKey = "wrong" }, protocol.Config, "secret access key"},
		"anonymous":   {func(s *Settings) { s.Anonymous, s.AccessKeyID, s.SecretAccessKey = true, "", "" }, protocol.Config, "not public"},
		"unreachable": {func(s *Settings) { s.EndpointURL = "http://" + closed.Addr().String() }, protocol.Transient, "can be reached"},
		"no host":     {func(s *Settings) { s.EndpointURL = "http://nowhere.invalid" }, protocol.Config, "no such host"},
		"scheme":      {func(s *Settings) { s.EndpointURL = "https" + s.EndpointURL[len("http"):] }, protocol.Config, "scheme of endpoint_url"},
		"certificate": {func(s *Settings) { s.EndpointURL = secure.URL }, protocol.Config, "AWS_CA_BUNDLE"},
		"web page":    {func(s *Settings) { s.EndpointURL = web.URL }, protocol.Config, "web console"},
		"web error":   {func(s *Settings) { s.EndpointURL = webErrors.URL }, protocol.Config, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := settingsOf(server, server.Endpoint)
			test.change(&settings)
			err := open(t, settings).Check(t.Context(), "")
			requireFault(t, err, test.kind, test.hint)
			require.NotContains(t, err.Error(), server.SecretAccessKey)
		})
	}
}

// What AWS says and the test's server never does.
func TestFaultsByCode(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	for _, test := range []struct {
		status        int
		code, message string
		kind          protocol.Kind
		listing       string
		reading       string
	}{
		{403, "AccessDenied", "Access Denied", protocol.Config, "s3:ListBucket on arn:aws:s3:::exports", "s3:GetObject on arn:aws:s3:::exports/*"},
		{403, "AccessDenied", "not authorized to perform: kms:Decrypt", protocol.Config, "kms:Decrypt", "kms:Decrypt"},
		{403, "RequestTimeTooSkewed", "", protocol.Config, "clock", "clock"},
		{400, "ExpiredToken", "", protocol.Config, "renew", "renew"},
		{403, "SignatureDoesNotMatch", "", protocol.Config, "secret access key", "secret access key"},
		{400, "KMS.DisabledException", "", protocol.Config, "KMS key", "KMS key"},
		{503, "SlowDown", "", protocol.Transient, "later", "later"},
		{500, "InternalError", "", protocol.Transient, "later", "later"},
		{502, "", "", protocol.Transient, "later", "later"},
		{403, "", "", protocol.Config, "s3:ListBucket", "s3:GetObject"},
		{400, "Odd", "words", protocol.Config, "message", "message"},
		{301, "PermanentRedirect", "", protocol.Config, "region", "region"},
	} {
		t.Run(fmt.Sprintf("%d %s", test.status, test.code), func(t *testing.T) {
			t.Parallel()
			body := ""
			if test.code != "" {
				body = fmt.Sprintf("<Error><Code>%s</Code><Message>%s</Message></Error>", test.code, test.message)
			}
			proxy := s3test.NewProxy(t, server, func(int, *http.Request) s3test.Fault { return s3test.Fault{Status: test.status, Body: body} })
			settings := settingsOf(server, proxy.Endpoint)
			settings.MaxRetries = 1
			b := open(t, settings)
			requireFault(t, b.Check(t.Context(), ""), test.kind, test.listing)
			_, err := b.Read(t.Context(), Object{Key: "k", Size: 1}, Resume{})
			requireFault(t, err, test.kind, test.reading)
			require.ErrorContains(t, err, `"k"`)
		})
	}
}

func TestRetriesAreBounded(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	b, proxy := through(t, server, func(int, *http.Request) s3test.Fault {
		return s3test.Fault{Status: 503, Body: "<Error><Code>SlowDown</Code></Error>"}
	})
	for _, err := range b.List(t.Context(), "") {
		requireFault(t, err, protocol.Transient, "later")
	}
	require.Len(t, proxy.Requests(), 10)
}

func TestRegionIsFollowed(t *testing.T) {
	t.Parallel()
	server := s3test.StartWith(t, s3test.Options{Region: "eu-central-1"})
	server.CreateBucket(bucketName)
	server.Put(bucketName, "k", []byte("0123456789"))
	redirect := func(status int, body string, header http.Header) func(n int, r *http.Request) s3test.Fault {
		return func(n int, _ *http.Request) s3test.Fault {
			if n == 1 {
				return s3test.Fault{Status: status, Body: body, Header: header}
			}
			return s3test.Fault{}
		}
	}
	named := http.Header{"X-Amz-Bucket-Region": {"eu-central-1"}}
	for name, decide := range map[string]func(n int, r *http.Request) s3test.Fault{
		"the server's own answer": func(int, *http.Request) s3test.Fault { return s3test.Fault{} },
		"301":                     redirect(301, "<Error><Code>PermanentRedirect</Code></Error>", named),
		"301 without a body":      redirect(301, "", named),
		"400 with a header":       redirect(400, "<Error><Code>AuthorizationHeaderMalformed</Code></Error>", named),
		"400 with a message": redirect(400, "<Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header is malformed; "+
			"the region 'us-east-1' is wrong; expecting 'eu-central-1'</Message></Error>", nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := s3test.NewProxy(t, server, decide)
			settings := settingsOf(server, proxy.Endpoint)
			settings.Region = "us-east-1"
			b := open(t, settings)
			require.NoError(t, b.Check(t.Context(), ""))
			require.Len(t, proxy.Requests(), 2)
			require.NoError(t, b.Check(t.Context(), ""))
			require.Len(t, proxy.Requests(), 3, "the region is kept")
		})
	}
	b, proxy := through(t, server, func(n int, _ *http.Request) s3test.Fault {
		return s3test.Fault{Status: 301, Header: http.Header{"X-Amz-Bucket-Region": {fmt.Sprintf("region-%d", n)}}}
	})
	requireFault(t, b.Check(t.Context(), ""), protocol.Config, "set region")
	require.Len(t, proxy.Requests(), 2, "followed once")
}
