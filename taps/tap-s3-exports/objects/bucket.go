package objects

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/logging"
	smithymiddleware "github.com/aws/smithy-go/middleware"
)

// A Bucket is open for listing and reading. It is safe for concurrent use.
type Bucket struct {
	settings  Settings
	log       *slog.Logger
	config    aws.Config
	transport *http.Transport
	client    atomic.Pointer[s3.Client] // replaced when the bucket turns out to be in another region
	ahead     ahead
}

// Open prepares the client. It sends nothing; credentials are looked for with the first request.
func Open(ctx context.Context, settings Settings, log *slog.Logger) (*Bucket, error) {
	settings = settings.withDefaults()
	if err := settings.validate(); err != nil {
		return nil, err
	}
	b := &Bucket{settings: settings, log: log}
	if err := b.configure(ctx); err != nil {
		return nil, err
	}
	b.client.Store(b.newClient(b.config.Region))
	return b, nil
}

// Close lets go of idle connections. Bodies that are still open can be read on.
func (b *Bucket) Close() { b.transport.CloseIdleConnections() }

func (b *Bucket) newClient(region string) *s3.Client {
	return s3.NewFromConfig(b.config, func(o *s3.Options) {
		o.Region = region
		if b.settings.EndpointURL != "" {
			o.BaseEndpoint = &b.settings.EndpointURL
		}
		o.UsePathStyle = o.BaseEndpoint != nil
		if b.settings.PathStyle != nil {
			o.UsePathStyle = *b.settings.PathStyle
		}
		o.Retryer = b.retryer(b.settings.MaxRetries)
		// Body verifies the checksum, over all the requests that a read takes. The SDK would verify single replies, a second time.
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		o.DisableLogOutputChecksumValidationSkipped = true
	})
}

// retryer repeats what may pass by itself: throttling, 5xx, 429, lost connections. A wrong certificate does not pass.
func (b *Bucket) retryer(retries int) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = retries + 1
		o.MaxBackoff = b.settings.MaxBackoff
		o.RateLimiter = ratelimit.None
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(neverRetryable)}, o.Retryables...)
		o.Retryables = append(o.Retryables, retry.RetryableHTTPStatusCode{
			Codes: map[int]struct{}{http.StatusTooManyRequests: {}, http.StatusRequestTimeout: {}},
		})
	})
}

// elsewhere calls once more with a client for the right region when the first answer says that the bucket is in another one.
func elsewhere[T any](b *Bucket, call func(*s3.Client) (T, error)) (T, error) {
	client := b.client.Load()
	out, err := call(client)
	region := regionOf(err)
	if region == "" || region == client.Options().Region {
		return out, err
	}
	b.log.Info("the bucket is in another region", "bucket", b.settings.Bucket, "region", region)
	client = b.newClient(region)
	b.client.Store(client)
	return call(client)
}

func (b *Bucket) payer() types.RequestPayer {
	if b.settings.RequesterPays {
		return types.RequestPayerRequester
	}
	return ""
}

// userAgent is the SDK's way to name a program in the User-Agent header.
func userAgent(name string) []func(*smithymiddleware.Stack) error {
	if name == "" {
		return nil
	}
	if product, version, ok := strings.Cut(name, "/"); ok {
		return []func(*smithymiddleware.Stack) error{middleware.AddUserAgentKeyValue(product, version)}
	}
	return []func(*smithymiddleware.Stack) error{middleware.AddUserAgentKey(name)}
}

// sdkLogger keeps what the SDK says off stderr and puts it into the log.
func sdkLogger(log *slog.Logger) logging.Logger {
	return logging.LoggerFunc(func(_ logging.Classification, format string, v ...any) {
		log.Debug("aws sdk", "message", oneLine(format, v...))
	})
}
