package s3test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Options of a server. All have a default.
type Options struct {
	Folder          string // an existing folder, kept after Stop; a new temporary one otherwise
	Region          string // us-east-1
	AccessKeyID     string // random, as is the secret
	SecretAccessKey string
	Port            int // a free one
}

// A Server is a running S3 server. A bucket is a folder below Folder, an object a file in it.
type Server struct {
	Endpoint        string // http://127.0.0.1:port
	Region          string
	AccessKeyID     string
	SecretAccessKey string
	Folder          string

	t      testing.TB
	cancel context.CancelFunc
	exited chan struct{} // closed when the process is gone; then err is its end
	err    error
	output output
}

// Start runs a server over an empty folder until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	return StartWith(t, Options{})
}

// StartWith is Start with options.
func StartWith(t testing.TB, options Options) *Server {
	t.Helper()
	if options.Folder == "" {
		options.Folder = t.TempDir()
	}
	s, err := Launch(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	s.t = t
	return s
}

// Launch runs a server until Stop or the end of ctx. The methods of Server that take part in a test must not be called on it.
func Launch(ctx context.Context, options Options) (*Server, error) {
	binary, err := executable(ctx)
	if err != nil {
		return nil, err
	}
	if options.Folder == "" {
		if options.Folder, err = os.MkdirTemp("", "s3test-"); err != nil {
			return nil, err
		}
	}
	var attempts []error
	for i := range 6 {
		// A port found free may be taken before the server has it. A folder whose file system has no extended attributes needs the metadata
		// beside it. Both show as a server that does not answer to its own credentials.
		s, err := launch(ctx, binary, options, i%2 == 1)
		if err == nil {
			return s, nil
		}
		attempts = append(attempts, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("the S3 server does not start: %w", errors.Join(attempts...))
}

func launch(ctx context.Context, binary string, options Options, sidecar bool) (*Server, error) {
	port := options.Port
	if port == 0 {
		var err error
		if port, err = freePort(); err != nil {
			return nil, err
		}
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	ctx, cancel := context.WithCancel(ctx)
	s := &Server{
		Endpoint:        "http://" + address,
		Region:          cmp.Or(options.Region, "us-east-1"),
		AccessKeyID:     cmp.Or(options.AccessKeyID, rand.Text()),
		SecretAccessKey: cmp.Or(options.SecretAccessKey, rand.Text()),
		Folder:          options.Folder,
		cancel:          cancel,
		exited:          make(chan struct{}),
	}
	args := []string{"--port", address, "--region", s.Region, "--keep-alive", "--quiet", "posix"}
	if sidecar {
		metadata := options.Folder + ".metadata"
		if err := os.MkdirAll(metadata, 0o755); err != nil {
			cancel()
			return nil, err
		}
		args = append(args, "--sidecar", metadata)
	}
	cmd := exec.CommandContext(ctx, binary, append(args, options.Folder)...)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+s.AccessKeyID, "ROOT_SECRET_ACCESS_KEY="+s.SecretAccessKey)
	cmd.Stdout, cmd.Stderr = &s.output, &s.output
	cmd.SysProcAttr = dieWithParent()
	go s.run(cmd)
	if err := s.answers(ctx); err != nil {
		s.Stop()
		return nil, fmt.Errorf("%w: %s", err, s.output.String())
	}
	return s, nil
}

// run keeps its thread, because the death signal is bound to the thread that starts the process and not to our process.
func (s *Server) run(cmd *exec.Cmd) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.exited)
	s.err = cmd.Run()
}

// answers waits until the server takes the credentials that only it knows, so that a stranger on the same port is not taken for it.
func (s *Server) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	client := s.Client()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := client.ListBuckets(ctx, &s3.ListBucketsInput{}, func(o *s3.Options) { o.Retryer = aws.NopRetryer{} })
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("the server ended: %w", s.err)
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w", err)
		case <-tick.C:
		}
	}
}

// Stop ends the server and waits for it.
func (s *Server) Stop() {
	s.cancel()
	<-s.exited
}

// Client is the SDK's own client with the root credentials.
func (s *Server) Client() *s3.Client {
	return s3.New(s3.Options{
		Region:       s.Region,
		BaseEndpoint: &s.Endpoint,
		UsePathStyle: true,
		Credentials:  credentials.NewStaticCredentialsProvider(s.AccessKeyID, s.SecretAccessKey, ""),
	})
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// output is what the server said, for the message of a failed start.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.buf.Len() < 1<<16 {
		o.buf.Write(p)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
