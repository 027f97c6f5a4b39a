package objects

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/signalroom/signalroom/protocol"
)

// A remedy is what an error code of S3 means for the user. With a sentinel it concerns one object.
type remedy struct {
	kind     protocol.Kind
	sentinel error
	hint     string
}

const (
	changedHint  = "the next run reads the new version from its beginning"
	laterHint    = "try again later"
	endpointHint = "check endpoint_url: it has to be the S3 API, not a web console"
)

// remedies has the codes whose status alone does not say enough.
var remedies = map[string]remedy{
	"NoSuchBucket":                       {protocol.Config, nil, "check bucket, and endpoint_url if the bucket is not on AWS"},
	"InvalidBucketName":                  {protocol.Config, nil, "check bucket: lower-case letters, digits, dots and hyphens"},
	"InvalidAccessKeyId":                 {protocol.Config, nil, "check the access key id; temporary keys also need their session token"},
	"XAdminUserNotFound":                 {protocol.Config, nil, "check the access key id"},
	"SignatureDoesNotMatch":              {protocol.Config, nil, "check the secret access key; it does not belong to the access key id"},
	"InvalidToken":                       {protocol.Config, nil, "check the session token; permanent keys take none"},
	"ExpiredToken":                       {protocol.Config, nil, "renew the temporary credentials"},
	"ExpiredTokenException":              {protocol.Config, nil, "renew the temporary credentials"},
	"TokenRefreshRequired":               {protocol.Config, nil, "renew the temporary credentials"},
	"RequestTimeTooSkewed":               {protocol.Config, nil, "set this machine's clock: it differs from the server's by more than 15 minutes"},
	"RequestExpired":                     {protocol.Config, nil, "set this machine's clock"},
	"NotSignedUp":                        {protocol.Config, nil, "the AWS account is not active for S3"},
	"AllAccessDisabled":                  {protocol.Config, nil, "the bucket's owner has to allow access"},
	"PermanentRedirect":                  {protocol.Config, nil, "set region to the bucket's region"},
	"AuthorizationHeaderMalformed":       {protocol.Config, nil, "set region to the bucket's region"},
	"IllegalLocationConstraintException": {protocol.Config, nil, "set region to the bucket's region"},
	"KMS.DisabledException":              {protocol.Config, nil, "enable the KMS key that the object is encrypted with"},
	"KMS.NotFoundException":              {protocol.Config, nil, "the KMS key that the object is encrypted with is gone"},
	"KMS.KMSInvalidStateException":       {protocol.Config, nil, "the KMS key that the object is encrypted with cannot be used in its state"},
	"NoSuchKey":                          {protocol.Transient, ErrVanished, "nothing is left to read"},
	"InvalidObjectState":                 {protocol.Data, ErrArchived, "restore it, or move it to another storage class"},
	"PreconditionFailed":                 {protocol.Transient, ErrChanged, changedHint},
	"InvalidRange":                       {protocol.Transient, ErrChanged, changedHint},
	"SlowDown":                           {protocol.Transient, nil, laterHint},
	"RequestTimeout":                     {protocol.Transient, nil, laterHint},
}

// fault says what an error of the SDK means to the user. object is nil for a listing.
func (b *Bucket) fault(ctx context.Context, err error, object *Object) error {
	what := fmt.Sprintf("listing bucket %q", b.settings.Bucket)
	if object != nil {
		what = fmt.Sprintf("reading %q", object.Key)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, ctx.Err())
	}
	var known *protocol.Fault
	if errors.As(err, &known) {
		return &protocol.Fault{Kind: known.Kind, Hint: known.Hint, Err: fmt.Errorf("%s: %w", what, known.Err)}
	}
	r := b.remedy(err, object)
	cause := shortened(what, err)
	if r.sentinel != nil {
		cause = fmt.Errorf("%s: %w", what, r.sentinel)
	}
	return &protocol.Fault{Kind: r.kind, Hint: r.hint, Err: cause}
}

func (b *Bucket) remedy(err error, object *Object) remedy {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		if r, ok := remedies[answer.ErrorCode()]; ok {
			return r
		}
		if answer.ErrorCode() == "AccessDenied" {
			return b.denied(answer.ErrorMessage(), object)
		}
	}
	switch status := statusOf(err); {
	case status == 0 && answer == nil, answer == nil && status < http.StatusMultipleChoices:
		return unreached(err)
	case status == http.StatusForbidden || status == http.StatusUnauthorized:
		return b.denied("", object)
	case status == http.StatusNotFound && object != nil:
		return remedies["NoSuchKey"]
	case status == http.StatusNotFound:
		return remedies["NoSuchBucket"]
	case status == http.StatusPreconditionFailed, status == http.StatusRequestedRangeNotSatisfiable:
		return remedies["PreconditionFailed"]
	case status == http.StatusMovedPermanently:
		return remedies["PermanentRedirect"]
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= http.StatusInternalServerError:
		return remedy{protocol.Transient, nil, laterHint}
	case answer != nil:
		return remedy{protocol.Config, nil, "see the server's message"}
	default:
		return remedy{protocol.Config, nil, endpointHint}
	}
}

// denied names the permission that is missing. That the key service is the one who refuses is only said in the message.
func (b *Bucket) denied(message string, object *Object) remedy {
	hint := fmt.Sprintf("allow s3:ListBucket on arn:aws:s3:::%s", b.settings.Bucket)
	if object != nil {
		hint = fmt.Sprintf("allow s3:GetObject on arn:aws:s3:::%s/*", b.settings.Bucket)
	}
	switch {
	case strings.Contains(strings.ToLower(message), "kms"):
		hint = "allow kms:Decrypt on the key that the object is encrypted with"
	case b.settings.Anonymous:
		hint = "the bucket is not public: unset anonymous and give credentials"
	}
	return remedy{protocol.Config, nil, hint}
}

// unreached is for requests that got no usable answer.
func unreached(err error) remedy {
	var name *net.DNSError
	var parse *smithy.DeserializationError
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return remedy{protocol.Config, nil, "check endpoint_url and region: no such host"}
	case neverRetryable(err) == aws.FalseTernary:
		return remedy{protocol.Config, nil, "check the scheme of endpoint_url, and the server's certificate; AWS_CA_BUNDLE names a private authority"}
	case errors.As(err, &parse):
		return remedy{protocol.Config, nil, endpointHint}
	default:
		return remedy{protocol.Transient, nil, "check that the server can be reached from here, and try again later"}
	}
}

// neverRetryable knows connections that fail in the same way every time.
func neverRetryable(err error) aws.Ternary {
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var plain tls.RecordHeaderError
	if errors.As(err, &certificate) || errors.As(err, &authority) || errors.As(err, &plain) || errors.Is(err, http.ErrSchemeMismatch) {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

// regionOf is the region that an error sends us to.
func regionOf(err error) string {
	var reply *awshttp.ResponseError
	if !errors.As(err, &reply) {
		return ""
	}
	switch reply.HTTPStatusCode() {
	case http.StatusMovedPermanently, http.StatusBadRequest, http.StatusForbidden:
	default:
		return ""
	}
	if reply.Response != nil {
		if region := reply.Response.Header.Get("x-amz-bucket-region"); region != "" {
			return region
		}
	}
	var answer smithy.APIError
	if errors.As(err, &answer) && answer.ErrorCode() == "AuthorizationHeaderMalformed" {
		_, expecting, _ := strings.Cut(answer.ErrorMessage(), "expecting ")
		return strings.Trim(expecting, `"' .`)
	}
	return ""
}

func statusOf(err error) int {
	var reply *awshttp.ResponseError
	if errors.As(err, &reply) {
		return reply.HTTPStatusCode()
	}
	return 0
}

// shortened says in one line what the SDK says in three, and keeps err in the chain.
func shortened(what string, err error) error {
	text := ""
	var answer smithy.APIError
	var sent *url.Error
	var parse *smithy.DeserializationError
	switch {
	case errors.As(err, &answer):
		text = answer.ErrorCode()
		if message := answer.ErrorMessage(); message != "" {
			text += ": " + message
		}
		var reply *awshttp.ResponseError
		if errors.As(err, &reply) {
			text += fmt.Sprintf(" (status %d", reply.HTTPStatusCode())
			if reply.ServiceRequestID() != "" {
				text += ", request " + reply.ServiceRequestID()
			}
			text += ")"
		}
	case errors.As(err, &sent):
		text = sent.Err.Error()
	case errors.As(err, &parse):
		text = "the answer is not that of an S3 server"
	default:
		text = err.Error()
	}
	return &short{oneLine("%s: %s", what, text), err}
}

type short struct {
	text string
	err  error
}

func (s *short) Error() string { return s.text }
func (s *short) Unwrap() error { return s.err }

func oneLine(format string, args ...any) string {
	return strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
}
