package objects

import (
	"context"
	"iter"
	"log/slog"
	"time"
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
	SkipChecksum  bool // verify lengths only, for a server whose checksums are wrong

	MaxRetries     int           // after the first attempt; 0 is 9, negative is none
	MaxBackoff     time.Duration // between two attempts; 0 is 20 s
	RequestTimeout time.Duration // without a byte, while waiting for a reply and between the bytes of a body; 0 is 60 s
	UserAgent      string        // appended to the SDK's own
}

// A Bucket is open for listing and reading. It is safe for concurrent use.
type Bucket struct{}

// An Object is what the listing said of one key. Together the fields pin a version of the object.
type Object struct {
	Key      string
	ETag     string // without quotes; empty where the server gives none or a weak one
	Size     int64
	Modified time.Time
	Archived bool // in GLACIER or DEEP_ARCHIVE and not restored: Read would end with ErrArchived
}

// Open prepares the client. It sends nothing; credentials are looked for with the first request.
func Open(ctx context.Context, settings Settings, log *slog.Logger) (*Bucket, error) {
	return &Bucket{}, nil
}

// Close lets go of idle connections.
func (b *Bucket) Close() {}

// Check lists one page below prefix, so that a wrong bucket, region, endpoint, credential or permission shows itself.
func (b *Bucket) Check(ctx context.Context, prefix string) error { return nil }

// List gives every object whose key begins with prefix and sorts after startAfter, folder markers included. It ends after the
// first error.
func (b *Bucket) List(ctx context.Context, prefix, startAfter string) iter.Seq2[Object, error] {
	return func(func(Object, error) bool) {}
}
