package s3test

import (
	"bytes"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// CreateBucket makes an empty bucket.
func (s *Server) CreateBucket(bucket string) {
	s.t.Helper()
	_, err := s.Client().CreateBucket(s.t.Context(), &s3.CreateBucketInput{Bucket: &bucket})
	s.check(err)
}

// Put stores body under key, with the checksum that the SDK sends by default (CRC32).
func (s *Server) Put(bucket, key string, body []byte) {
	s.t.Helper()
	s.PutChecked(bucket, key, body, types.ChecksumAlgorithmCrc32)
}

// PutChecked is Put with another whole-object checksum.
func (s *Server) PutChecked(bucket, key string, body []byte, algorithm types.ChecksumAlgorithm) {
	s.t.Helper()
	s.put(bucket, key, body, algorithm)
}

// PutPlain is Put without a checksum: the object has its MD5 as ETag and nothing else.
func (s *Server) PutPlain(bucket, key string, body []byte) {
	s.t.Helper()
	s.put(bucket, key, body, "")
}

func (s *Server) put(bucket, key string, body []byte, algorithm types.ChecksumAlgorithm) {
	s.t.Helper()
	_, err := s.Client().PutObject(s.t.Context(), &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: bytes.NewReader(body), ChecksumAlgorithm: algorithm,
	}, func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired })
	s.check(err)
}

// PutParts stores an object by multipart upload; all parts but the last must have 5 MiB or more.
func (s *Server) PutParts(bucket, key string, parts ...[]byte) {
	s.t.Helper()
	ctx, client := s.t.Context(), s.Client()
	upload, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &bucket, Key: &key, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32, ChecksumType: types.ChecksumTypeComposite,
	})
	s.check(err)
	done := &types.CompletedMultipartUpload{}
	for i, part := range parts {
		number := aws.Int32(int32(i + 1))
		out, err := client.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &bucket, Key: &key, UploadId: upload.UploadId, PartNumber: number, Body: bytes.NewReader(part),
			ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
		})
		s.check(err)
		done.Parts = append(done.Parts, types.CompletedPart{PartNumber: number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32})
	}
	_, err = client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &bucket, Key: &key, UploadId: upload.UploadId, MultipartUpload: done,
	})
	s.check(err)
}

// Place writes the object's file into the server's folder behind its back, as a user with a shell does: it has no ETag.
func (s *Server) Place(bucket, key string, body []byte, modified time.Time) {
	s.t.Helper()
	path := filepath.Join(s.Folder, bucket, filepath.FromSlash(key))
	s.check(os.MkdirAll(filepath.Dir(path), 0o755))
	s.check(os.WriteFile(path, body, 0o644))
	s.check(os.Chtimes(path, modified, modified))
}

// Delete removes key.
func (s *Server) Delete(bucket, key string) {
	s.t.Helper()
	_, err := s.Client().DeleteObject(s.t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
	s.check(err)
}

func (s *Server) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}
