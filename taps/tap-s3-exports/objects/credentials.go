package objects

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/signalroom/signalroom/protocol"
)

// configure resolves region, endpoints, transport and credentials as the SDK does, with the settings in front.
func (b *Bucket) configure(ctx context.Context) error {
	s := b.settings
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(newHTTPClient()),
		config.WithLogger(sdkLogger(b.log)),
		config.WithEC2RoleCredentialOptions(func(o *ec2rolecreds.Options) { o.Client = instanceMetadata() }),
	}
	if s.Region != "" {
		options = append(options, config.WithRegion(s.Region))
	}
	if s.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(s.Profile))
	}
	switch {
	case s.Anonymous:
		options = append(options, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	case s.AccessKeyID != "":
		options = append(options, config.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(s.AccessKeyID, s.SecretAccessKey, s.SessionToken)))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return profileFault(err)
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1" // a bucket elsewhere says so, and is followed
	}
	cfg.APIOptions = append(cfg.APIOptions, userAgent(s.UserAgent)...)
	if client, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok { // with the CA bundle of the environment
		b.transport = client.GetTransport()
		cfg.HTTPClient = patient(b.transport, s.RequestTimeout)
	}
	if !s.Anonymous {
		cfg.Credentials = b.credentials(cfg)
	}
	b.config = cfg
	return nil
}

// credentials are the chain's, or those of the role that they may assume.
func (b *Bucket) credentials(cfg aws.Config) aws.CredentialsProvider {
	found := &explained{CredentialsProvider: cfg.Credentials, hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role of the " +
		"machine; for a public bucket set anonymous", what: "no AWS credentials"}
	if b.settings.RoleARN == "" {
		return found
	}
	cfg.Credentials = found
	role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), b.settings.RoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = "tap-s3-exports"
		if b.settings.ExternalID != "" {
			o.ExternalID = &b.settings.ExternalID
		}
	})
	return &explained{
		CredentialsProvider: aws.NewCredentialsCache(role, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = 5 * time.Minute }),
		hint:                "check role_arn and external_id, and that the role's trust policy allows these credentials sts:AssumeRole",
		what:                "the role cannot be assumed",
	}
}

// instanceMetadata asks an EC2 instance for its role, and gives up within two seconds elsewhere.
func instanceMetadata() *imds.Client {
	transport := &http.Transport{
		DialContext:       (&net.Dialer{Timeout: 800 * time.Millisecond}).DialContext,
		DisableKeepAlives: true,
	}
	return imds.New(imds.Options{HTTPClient: &http.Client{Transport: transport, Timeout: time.Second}, Retryer: aws.NopRetryer{}})
}

// explained turns the failure of a provider into a fault that says what to do.
type explained struct {
	aws.CredentialsProvider
	what, hint string
}

// Retrieve gives the credentials, or a *credentialsError.
func (e *explained) Retrieve(ctx context.Context) (aws.Credentials, error) {
	found, err := e.CredentialsProvider.Retrieve(ctx)
	if err == nil || ctx.Err() != nil {
		return found, err
	}
	var already *credentialsError
	if errors.As(err, &already) {
		return found, already
	}
	return found, &credentialsError{e.fault(err)}
}

func (e *explained) fault(err error) *protocol.Fault {
	var expired *ssocreds.InvalidTokenError
	if errors.As(err, &expired) {
		return protocol.ConfigFault("run aws sso login for the profile", "the SSO session of the AWS profile has ended")
	}
	var answer smithy.APIError
	if errors.As(err, &answer) && answer.ErrorFault() == smithy.FaultServer {
		return &protocol.Fault{Kind: protocol.Transient, Hint: laterHint, Err: shortened(e.what, err)}
	}
	return &protocol.Fault{Kind: protocol.Config, Hint: e.hint, Err: shortened(e.what, err)}
}

// A credentialsError ends a request at once: the provider has already tried as often as makes sense.
type credentialsError struct{ fault *protocol.Fault }

func (e *credentialsError) Error() string        { return e.fault.Error() }
func (e *credentialsError) Unwrap() error        { return e.fault }
func (e *credentialsError) RetryableError() bool { return false }

func profileFault(err error) error {
	return &protocol.Fault{
		Kind: protocol.Config,
		Hint: "check the profile's name, ~/.aws/config, ~/.aws/credentials and the AWS_ environment variables",
		Err:  shortened("AWS configuration", err),
	}
}
