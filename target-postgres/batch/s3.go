package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/signalroom/signalroom/protocol"
)

// buckets reads objects of S3 and of servers that speak like it. Where they are and who asks comes from the AWS_ variables and
// files, as every AWS program has them.
type buckets struct {
	env    func(name string) (string, bool)
	log    *slog.Logger
	client *s3.Client // made with the first file
}

func (b *buckets) variable(names ...string) string {
	for _, name := range names {
		if b.env != nil {
			if value, ok := b.env(name); ok && value != "" {
				return value
			}
		}
	}
	return ""
}

func (b *buckets) connect(ctx context.Context) error {
	var options []func(*config.LoadOptions) error
	if id := b.variable("AWS_ACCESS_KEY_ID"); id != "" {
		options = append(options, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(
			id, b.variable("AWS_SECRET_ACCESS_KEY"), b.variable("AWS_SESSION_TOKEN"))))
	}
	if region := b.variable("AWS_REGION", "AWS_DEFAULT_REGION"); region != "" {
		options = append(options, config.WithRegion(region))
	}
	if profile := b.variable("AWS_PROFILE"); profile != "" {
		options = append(options, config.WithSharedConfigProfile(profile))
	}
	found, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return protocol.ConfigFault("check the AWS_ variables and ~/.aws", "AWS configuration: %w", err)
	}
	if _, err := found.Credentials.Retrieve(ctx); err != nil {
		return protocol.ConfigFault("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the machine a role", "no AWS credentials: %w", err)
	}
	found.Region = cmp.Or(found.Region, "us-east-1") // a bucket elsewhere says so, and is followed
	b.client = s3.NewFromConfig(found, func(o *s3.Options) {
		if endpoint := b.variable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"); endpoint != "" {
			o.BaseEndpoint = &endpoint
		}
		o.UsePathStyle = o.BaseEndpoint != nil
		o.DisableLogOutputChecksumValidationSkipped = true
	})
	return nil
}

// open begins to read an object.
func (b *buckets) open(ctx context.Context, name, bucket, key string) (io.ReadCloser, error) {
	if b.client == nil {
		if err := b.connect(ctx); err != nil {
			return nil, err
		}
	}
	o := &stored{ctx: ctx, buckets: b, name: name, bucket: bucket, key: key}
	return o, o.request()
}

// stored is an object on its way. A connection that breaks is followed by another, for the rest of the same version.
type stored struct {
	ctx               context.Context // of all its requests
	buckets           *buckets
	name, bucket, key string
	tag               *string
	offset            int64
	body              io.ReadCloser
	broken            int // connections since the last byte
}

// maxBroken is how many connections may break one after the other without a byte.
const maxBroken = 5

func (o *stored) Read(p []byte) (int, error) {
	for {
		n, err := o.body.Read(p)
		o.offset += int64(n)
		if n > 0 {
			o.broken = 0
			return n, nil
		}
		if err == nil || errors.Is(err, io.EOF) {
			return 0, err
		}
		if o.broken++; o.broken > maxBroken || o.ctx.Err() != nil {
			return 0, o.fault(err)
		}
		o.buckets.log.Warn("the connection broke, going on where it did", "file", o.name, "offset", o.offset, "error", err)
		o.body.Close()
		if err := o.request(); err != nil {
			return 0, err
		}
	}
}

func (o *stored) Close() error { return o.body.Close() }

// request asks for the bytes from the offset on. The SDK repeats requests that may succeed later.
func (o *stored) request() error {
	input := &s3.GetObjectInput{Bucket: &o.bucket, Key: &o.key, IfMatch: o.tag}
	if o.offset > 0 {
		input.Range = aws.String(fmt.Sprintf("bytes=%d-", o.offset))
	}
	reply, err := o.buckets.client.GetObject(o.ctx, input)
	if region := regionOf(err); region != "" && region != o.buckets.client.Options().Region {
		o.buckets.client = s3.New(o.buckets.client.Options(), func(options *s3.Options) { options.Region = region })
		reply, err = o.buckets.client.GetObject(o.ctx, input)
	}
	if err != nil {
		o.body = http.NoBody
		return o.fault(err)
	}
	o.body, o.tag = reply.Body, reply.ETag
	return nil
}

// regionOf is where an answer says that the bucket is.
func regionOf(err error) string {
	var reply *awshttp.ResponseError
	if !errors.As(err, &reply) || reply.Response == nil {
		return ""
	}
	return reply.Response.Header.Get("x-amz-bucket-region")
}

// fault says what an error of the SDK means.
func (o *stored) fault(err error) error {
	var answer smithy.APIError
	var reply *awshttp.ResponseError
	status := 0
	if errors.As(err, &reply) {
		status = reply.HTTPStatusCode()
	}
	text := err.Error()
	if errors.As(err, &answer) {
		text = strings.TrimSuffix(answer.ErrorCode()+": "+answer.ErrorMessage(), ": ")
	}
	kind, hint := protocol.Transient, "try again later"
	switch {
	case status == http.StatusNotFound && answer != nil && answer.ErrorCode() == "NoSuchBucket":
		kind, hint = protocol.Config, "check AWS_ENDPOINT_URL and the bucket that the tap writes to"
	case status == http.StatusNotFound, status == http.StatusPreconditionFailed, status == http.StatusRequestedRangeNotSatisfiable:
		kind, hint = protocol.Data, writeAgain
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		kind, hint = protocol.Config, "allow s3:GetObject on the file to the AWS credentials of the target"
	case status >= 300 && status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout:
		kind, hint = protocol.Config, "check the AWS_ variables"
	case status == 0:
		hint = "check AWS_ENDPOINT_URL, or try again later"
	}
	return &protocol.Fault{Kind: kind, Hint: hint, Err: fmt.Errorf("%s: %w", o.name, &said{text, err})}
}

// said is an error in fewer words.
type said struct {
	text string
	err  error
}

func (s *said) Error() string { return strings.Join(strings.Fields(s.text), " ") }
func (s *said) Unwrap() error { return s.err }
