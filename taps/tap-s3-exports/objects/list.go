package objects

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/signalroom/signalroom/protocol"
)

// An Object is what the listing said of one key. Together the fields pin a version of the object.
type Object struct {
	Key      string
	ETag     string // without quotes; empty where the server gives none or a weak one
	Size     int64
	Modified time.Time
	Archived bool // in GLACIER or DEEP_ARCHIVE and not restored: AWS answers Read with ErrArchived
}

// Check lists one key below prefix, so that a wrong bucket, region, endpoint, credential or permission shows itself. It gives up
// sooner than a run does.
func (b *Bucket) Check(ctx context.Context, prefix string) error {
	_, err := b.page(ctx, b.pageInput(prefix, aws.Int32(1)), func(o *s3.Options) {
		o.Retryer = b.retryer(min(b.settings.MaxRetries, 2))
	})
	return err
}

// List gives every object whose key begins with prefix, folder markers included. It ends after the first error.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		input := b.pageInput(prefix, nil)
		for {
			out, err := b.page(ctx, input)
			if err != nil {
				yield(Object{}, err)
				return
			}
			for i := range out.Contents {
				if !yield(newObject(&out.Contents[i]), nil) {
					return
				}
			}
			if !aws.ToBool(out.IsTruncated) {
				return
			}
			next := aws.ToString(out.NextContinuationToken)
			if next == "" || next == aws.ToString(input.ContinuationToken) {
				yield(Object{}, protocol.DataFault("report it to the makers of the server, and list a narrower prefix meanwhile",
					"listing bucket %q: the server says that there is more, but not how to go on", b.settings.Bucket))
				return
			}
			input.ContinuationToken = &next
		}
	}
}

// pageInput leaves EncodingType out: the SDK does not decode what it would encode.
func (b *Bucket) pageInput(prefix string, limit *int32) *s3.ListObjectsV2Input {
	input := &s3.ListObjectsV2Input{
		Bucket: &b.settings.Bucket, MaxKeys: limit, RequestPayer: b.payer(),
		OptionalObjectAttributes: []types.OptionalObjectAttributes{types.OptionalObjectAttributesRestoreStatus},
	}
	if prefix != "" {
		input.Prefix = &prefix
	}
	return input
}

func (b *Bucket) page(ctx context.Context, input *s3.ListObjectsV2Input, options ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	out, err := elsewhere(b, func(client *s3.Client) (*s3.ListObjectsV2Output, error) {
		return client.ListObjectsV2(ctx, input, options...)
	})
	if err != nil {
		return nil, b.fault(ctx, err, nil)
	}
	return out, nil
}

func newObject(listed *types.Object) Object {
	return Object{
		Key:      aws.ToString(listed.Key),
		ETag:     strongETag(listed.ETag),
		Size:     aws.ToInt64(listed.Size),
		Modified: aws.ToTime(listed.LastModified),
		Archived: archived(listed),
	}
}

func archived(listed *types.Object) bool {
	if listed.StorageClass != types.ObjectStorageClassGlacier && listed.StorageClass != types.ObjectStorageClassDeepArchive {
		return false
	}
	restored := listed.RestoreStatus
	return restored == nil || aws.ToBool(restored.IsRestoreInProgress) || restored.RestoreExpiryDate == nil
}

// strongETag is the tag without quotes, and nothing for a tag that does not promise equal bytes.
func strongETag(tag *string) string {
	if tag == nil || strings.HasPrefix(*tag, "W/") {
		return ""
	}
	return strings.Trim(*tag, `"`)
}
