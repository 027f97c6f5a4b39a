package objects

import (
	"context"
	"io"
	"net"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// newHTTPClient is tuned for a few long streams.
func newHTTPClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout, d.KeepAlive = 10*time.Second, 30*time.Second }).
		WithTransportOptions(func(t *http.Transport) {
			t.ForceAttemptHTTP2 = false // one stream per connection, and no flow control of a second kind
			t.DisableCompression = true // offsets count stored bytes
			t.ReadBufferSize = 64 << 10 // a Read of more than this goes straight from the socket to the caller
			t.MaxIdleConnsPerHost = 4
			t.IdleConnTimeout = 30 * time.Second
		})
}

// patient waits limit for a reply and limit between the bytes of its body, not for a whole body. Time that the consumer of a
// body takes between two reads does not count.
func patient(transport *http.Transport, limit time.Duration) *http.Client {
	return &http.Client{
		Transport: &patientTransport{transport, limit},
		// 307 and 308 lead to another host for the same request. A 301 means another region, which has to be signed for.
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			code := r.Response.StatusCode
			if len(via) >= 5 || code != http.StatusTemporaryRedirect && code != http.StatusPermanentRedirect {
				return http.ErrUseLastResponse
			}
			if via[len(via)-1].URL.Host != r.URL.Host {
				r.Header.Del("X-Amz-Security-Token")
			}
			return nil
		},
	}
}

type patientTransport struct {
	transport *http.Transport
	limit     time.Duration
}

func (t *patientTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	timer := time.AfterFunc(t.limit, cancel)
	reply, err := t.transport.RoundTrip(r.WithContext(ctx))
	late := !timer.Stop()
	if err == nil && !late {
		reply.Body = &patientBody{ReadCloser: reply.Body, cancel: cancel, timer: timer, limit: t.limit}
		return reply, nil
	}
	cancel()
	if err == nil {
		_ = reply.Body.Close()
	}
	if late {
		err = silence{t.limit}
	}
	return nil, err
}

type patientBody struct {
	io.ReadCloser
	cancel context.CancelFunc
	timer  *time.Timer
	limit  time.Duration
}

func (b *patientBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.limit)
	n, err := b.ReadCloser.Read(p)
	if !b.timer.Stop() && err != nil && err != io.EOF {
		err = silence{b.limit}
	}
	return n, err
}

func (b *patientBody) Close() error {
	b.timer.Stop()
	b.cancel()
	return b.ReadCloser.Close()
}

// silence is a server that sends nothing for too long. It is a net.Error, so that the SDK's retryer knows it.
type silence struct{ limit time.Duration }

func (s silence) Error() string { return "no byte came for " + s.limit.String() }
func (silence) Timeout() bool   { return true }
func (silence) Temporary() bool { return true }
