package objects

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
)

// Settings say which bucket to read, where, and as whom.
//
// What is empty comes from the AWS SDK's own chain: environment (AWS_REGION, AWS_ENDPOINT_URL_S3, AWS_PROFILE, keys), shared
// configuration files, web identity, container and instance roles.
type Settings struct {
	Bucket      string
	Region      string
	EndpointURL string // of an S3-compatible server, with scheme
	PathStyle   *bool  // nil: path style whenever an endpoint is given
	RoleARN     string // assumed with the credentials found otherwise
	ExternalID  string
	Profile     string

	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string

	Anonymous     bool // unsigned requests, for public buckets
	RequesterPays bool

	MaxRetries     int           // after the first attempt; 0 is 9, negative is none
	MaxBackoff     time.Duration // between two attempts; 0 is 20 s
	RequestTimeout time.Duration // without a byte, while waiting for a reply and between the bytes of a body; 0 is 60 s
	UserAgent      string        // appended to the SDK's own, as name or name/version
}

func (s Settings) withDefaults() Settings {
	s.MaxRetries = cmp.Or(s.MaxRetries, 9)
	s.MaxRetries = max(s.MaxRetries, 0)
	s.MaxBackoff = cmp.Or(s.MaxBackoff, 20*time.Second)
	s.RequestTimeout = cmp.Or(s.RequestTimeout, time.Minute)
	return s
}

// validate finds what is wrong without asking anybody.
func (s Settings) validate() error {
	switch {
	case s.Bucket == "":
		return protocol.ConfigFault("set bucket to the name of the bucket", "no bucket")
	case strings.Contains(s.Bucket, "/") && !strings.HasPrefix(s.Bucket, "arn:"):
		return protocol.ConfigFault("give the bucket's name alone, and the folder as prefix", "bucket %q is not a name", s.Bucket)
	case (s.AccessKeyID == "") != (s.SecretAccessKey == ""):
		return protocol.ConfigFault("set both, or neither to use the AWS default chain", "only one of access key id and secret access key is set")
	case s.Anonymous && (s.RoleARN != "" || s.AccessKeyID != ""):
		return protocol.ConfigFault("drop one of the two", "anonymous access together with credentials")
	case s.ExternalID != "" && s.RoleARN == "":
		return protocol.ConfigFault("set role_arn to the role that asks for it", "an external id without a role")
	case s.EndpointURL == "":
		return nil
	}
	endpoint, err := url.Parse(s.EndpointURL)
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" {
		return protocol.ConfigFault("write it as https://host or http://host:port", "endpoint_url is not a URL")
	}
	return nil
}
