package objects

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"hash/crc32"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/minio/crc64nvme"
)

// A checksum runs over an object's stored bytes, and knows what it has to be in the end.
type checksum struct {
	algorithm byte
	want      []byte
	hash      hash.Hash
}

// An algorithm is one letter in a Resume.
const (
	algorithmCRC64  = 'n'
	algorithmCRC32C = 'c'
	algorithmCRC32  = 'z'
	algorithmSHA1   = '1'
	algorithmSHA256 = '2'
	algorithmMD5    = 'm'
)

func newHash(algorithm byte) hash.Hash {
	switch algorithm {
	case algorithmCRC64:
		return crc64nvme.New()
	case algorithmCRC32C:
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case algorithmCRC32:
		return crc32.NewIEEE()
	case algorithmSHA1:
		return sha1.New()
	case algorithmSHA256:
		return sha256.New()
	case algorithmMD5:
		return md5.New()
	default:
		return nil
	}
}

// newChecksum takes the cheapest checksum of the whole object that the reply promises, nil if there is none. The MD5 in an ETag comes last: it
// costs more than ten times as much as a CRC.
func newChecksum(reply *s3.GetObjectOutput, etag string) *checksum {
	if reply.ChecksumType != types.ChecksumTypeComposite {
		for _, offered := range []struct {
			algorithm byte
			value     *string
		}{
			{algorithmCRC64, reply.ChecksumCRC64NVME},
			{algorithmCRC32C, reply.ChecksumCRC32C},
			{algorithmCRC32, reply.ChecksumCRC32},
			{algorithmSHA1, reply.ChecksumSHA1},
			{algorithmSHA256, reply.ChecksumSHA256},
		} {
			if offered.value == nil || strings.Contains(*offered.value, "-") { // of parts
				continue
			}
			h := newHash(offered.algorithm)
			want, err := base64.StdEncoding.DecodeString(*offered.value)
			if err == nil && len(want) == h.Size() {
				return &checksum{offered.algorithm, want, h}
			}
		}
	}
	if want := md5Of(reply, etag); want != nil {
		return &checksum{algorithmMD5, want, md5.New()}
	}
	return nil
}

// md5Of is the MD5 that the ETag holds: not for multipart uploads, not for objects under a key of KMS or of the customer, and not in
// directory buckets.
func md5Of(reply *s3.GetObjectOutput, etag string) []byte {
	if reply.SSECustomerAlgorithm != nil || reply.StorageClass == types.StorageClassExpressOnezone {
		return nil
	}
	switch reply.ServerSideEncryption {
	case "", types.ServerSideEncryptionAes256:
	default:
		return nil
	}
	want, err := hex.DecodeString(etag)
	if err != nil || len(want) != md5.Size {
		return nil
	}
	return want
}

func (c *checksum) matches() bool { return bytes.Equal(c.hash.Sum(nil), c.want) }

// state holds all that a later process needs: the algorithm, the checksum to come, and how far the running one is.
func (c *checksum) state() []byte {
	if c == nil {
		return nil
	}
	running, err := c.hash.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return nil // documented by each of the hashes as impossible; the length is verified all the same
	}
	state := append([]byte{c.algorithm, byte(len(c.want))}, c.want...)
	return append(state, running...)
}

var errHashState = errors.New("the checksum state is damaged")

// restoreChecksum is the reverse of state. An empty state is no checksum.
func restoreChecksum(state []byte) (*checksum, error) {
	if len(state) == 0 {
		return nil, nil
	}
	h := newHash(state[0])
	if h == nil || len(state) < 2 || int(state[1]) != h.Size() || len(state) < 2+h.Size() {
		return nil, errHashState
	}
	want, running := state[2:2+h.Size()], state[2+h.Size():]
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(running); err != nil {
		return nil, errHashState
	}
	return &checksum{state[0], bytes.Clone(want), h}, nil
}
