// Package s3test runs a real S3 server, versitygw over a folder, for tests and the demo, and a proxy that puts faults between it and a client.
//
// The server listens on a free port of the loopback interface and dies with the process that started it. Its binary is build/bin/versitygw below
// the module's root; where it is missing, the version named in versitygw.version is installed there.
package s3test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// A Server is a running S3 server. A bucket is a folder below Folder, an object a file in it.
type Server struct {
	Endpoint        string // http://127.0.0.1:port
	Region          string
	AccessKeyID     string
	SecretAccessKey string
	Folder          string

	t testing.TB
}

// Start runs a server over an empty folder until the test ends.
func Start(t testing.TB) *Server { return &Server{t: t} }

// Launch runs a server over folder until Stop or the end of ctx.
func Launch(ctx context.Context, folder string) (*Server, error) { return &Server{}, nil }

// Stop ends the server and waits for it.
func (s *Server) Stop() error { return nil }

// Client is the SDK's own client with the root credentials.
func (s *Server) Client() *s3.Client { return nil }

// CreateBucket makes an empty bucket.
func (s *Server) CreateBucket(bucket string) {}

// Put stores body under key.
func (s *Server) Put(bucket, key string, body []byte) {}

// PutFile stores the file at path under key.
func (s *Server) PutFile(bucket, key, path string) {}

// PutParts stores an object by multipart upload; all parts but the last must have 5 MiB or more.
func (s *Server) PutParts(bucket, key string, parts ...[]byte) {}

// Place writes the object's file into the server's folder behind its back, as a user with a shell does: it has no ETag.
func (s *Server) Place(bucket, key string, body []byte, modified time.Time) {}

// Delete removes key.
func (s *Server) Delete(bucket, key string) {}

// Binary is the path of the server's executable, which is installed first where it is missing.
func Binary(ctx context.Context) (string, error) { return "", nil }
