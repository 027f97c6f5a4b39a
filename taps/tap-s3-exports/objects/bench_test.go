package objects

import (
	"bytes"
	"io"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"
)

// cpu is the processor time of this process, in seconds; the server is another one.
func cpu(b *testing.B) float64 {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

// perCPU reports how many MB one second of the client's processor time reads.
func perCPU(b *testing.B, size int, read func()) {
	b.Helper()
	b.SetBytes(int64(size))
	start := cpu(b)
	for b.Loop() {
		read()
	}
	b.ReportMetric(float64(size)*float64(b.N)/1e6/(cpu(b)-start), "MB/cpu-s")
}

func BenchmarkRead(b *testing.B) {
	server := startServer(b)
	content := text(256 << 20)
	server.PutChecked(bucketName, "crc64nvme", content, types.ChecksumAlgorithmCrc64nvme)
	server.PutChecked(bucketName, "crc32c", content, types.ChecksumAlgorithmCrc32c)
	server.PutChecked(bucketName, "sha256", content, types.ChecksumAlgorithmSha256)
	server.Place(bucketName, "none", content, placedAt)
	bucket := open(b, settingsOf(server, server.Endpoint))
	for _, key := range []string{"none", "crc64nvme", "crc32c", "sha256", "md5"} {
		for _, size := range []int{64 << 10, 256 << 10, 1 << 20} {
			b.Run(key+"/"+map[int]string{64 << 10: "64KiB", 256 << 10: "256KiB", 1 << 20: "1MiB"}[size], func(b *testing.B) {
				force := key == "md5" // the server has a cheaper one for every object
				stored := key
				if force {
					stored = "crc64nvme"
				}
				object := one(b, server, stored)
				buffer := make([]byte, size)
				perCPU(b, len(content), func() {
					body, err := bucket.Read(b.Context(), object, Resume{})
					require.NoError(b, err)
					if force {
						body.sum = &checksum{algorithmMD5, md5Of(&s3.GetObjectOutput{}, object.ETag), newHash(algorithmMD5)}
					}
					n, err := io.CopyBuffer(onlyWriter{}, body, buffer)
					require.NoError(b, err)
					require.EqualValues(b, len(content), n)
					require.NoError(b, body.Close())
				})
			})
		}
	}
}

// onlyWriter keeps io.CopyBuffer from finding a buffer of its own.
type onlyWriter struct{}

func (onlyWriter) Write(p []byte) (int, error) { return len(p), nil }

func BenchmarkDecompress(b *testing.B) {
	content := text(64 << 20)
	for name, packed := range map[string][]byte{
		"gzip": packGzip(b, content),
		"zstd": packZstd(b, content, zstd.WithEncoderCRC(true)),
		"xz":   packXZ(b, content, xz.WriterConfig{}),
		"zip":  packZip(b, deflated("a.csv", content)),
	} {
		b.Run(name, func(b *testing.B) {
			archive := func() (io.ReaderAt, int64, error) { return bytes.NewReader(packed), int64(len(packed)), nil }
			buffer := make([]byte, 256<<10)
			b.ReportAllocs()
			perCPU(b, len(content), func() {
				for member, err := range decompress(bytes.NewReader(packed), "key", archive, defaultWindow) {
					require.NoError(b, err)
					_, err = io.CopyBuffer(onlyWriter{}, member, buffer)
					require.NoError(b, err)
				}
			})
		})
	}
}
