package s3test_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"github.com/signalroom/signalroom/taps/tap-s3-exports/s3test"
)

func read(t *testing.T, server *s3test.Server, endpoint, key, ranged string) (string, error) {
	t.Helper()
	input := &s3.GetObjectInput{Bucket: new("bucket"), Key: &key}
	if ranged != "" {
		input.Range = &ranged
	}
	out, err := server.Client().GetObject(t.Context(), input, func(o *s3.Options) {
		o.BaseEndpoint = &endpoint
		o.RetryMaxAttempts = 1
	})
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	return string(body), err
}

func TestServerKeepsObjects(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	server.CreateBucket("bucket")
	server.Put("bucket", "put", []byte("one"))
	server.PutPlain("bucket", "plain", []byte("two"))
	server.Put("bucket", "folder/file", []byte("three"))
	server.Place("bucket", "folder/placed", []byte("four"), time.Unix(1700000000, 0))
	part := bytes.Repeat([]byte("x"), 5<<20)
	server.PutParts("bucket", "parts", part, []byte("end"))

	for key, want := range map[string]string{
		"put": "one", "plain": "two", "folder/file": "three", "folder/placed": "four", "parts": string(part) + "end",
	} {
		got, err := read(t, server, server.Endpoint, key, "")
		require.NoError(t, err, key)
		require.Equal(t, len(want), len(got), key)
		require.True(t, got == want, key)
	}
	server.Delete("bucket", "put")
	_, err := read(t, server, server.Endpoint, "put", "")
	require.ErrorContains(t, err, "NoSuchKey")
}

func TestServerEnds(t *testing.T) {
	t.Parallel()
	server, err := s3test.Launch(context.Background(), s3test.Options{Folder: t.TempDir()})
	require.NoError(t, err)
	server.Stop()
	_, err = http.Get(server.Endpoint)
	require.Error(t, err)
}

func TestProxyFaults(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	server.CreateBucket("bucket")
	server.PutPlain("bucket", "k", []byte("0123456789"))

	tests := map[string]struct {
		fault  s3test.Fault
		ranged string
		want   string
		fails  string
	}{
		"none":         {want: "0123456789"},
		"range":        {ranged: "bytes=4-", want: "456789"},
		"ignore range": {fault: s3test.Fault{IgnoreRange: true}, ranged: "bytes=4-", want: "0123456789"},
		"cut":          {fault: s3test.Fault{CutAfter: 3}, want: "012", fails: "unexpected EOF"},
		"flip":         {fault: s3test.Fault{FlipAt: 1}, want: "\x10123456789"},
		"drop":         {fault: s3test.Fault{Drop: true}, fails: "EOF"},
		"status":       {fault: s3test.Fault{Status: 503, Body: "<Error><Code>SlowDown</Code></Error>"}, fails: "SlowDown"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := s3test.NewProxy(t, server, func(int, *http.Request) s3test.Fault { return test.fault })
			got, err := read(t, server, proxy.Endpoint, "k", test.ranged)
			require.Equal(t, test.want, got)
			if test.fails == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.fails)
			}
			line := "GET /bucket/k?x-id=GetObject"
			if test.ranged != "" {
				line += " " + test.ranged
			}
			require.Equal(t, []string{line}, proxy.Requests())
		})
	}
}

func TestProxyStalls(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	server.CreateBucket("bucket")
	server.PutPlain("bucket", "k", []byte("0123456789"))
	proxy := s3test.NewProxy(t, server, func(int, *http.Request) s3test.Fault { return s3test.Fault{StallAfter: 4} })

	ctx, cancel := context.WithCancel(t.Context())
	out, err := server.Client().GetObject(ctx, &s3.GetObjectInput{Bucket: new("bucket"), Key: new("k")}, func(o *s3.Options) {
		o.BaseEndpoint = &proxy.Endpoint
	})
	require.NoError(t, err)
	defer out.Body.Close()
	head := make([]byte, 4)
	_, err = io.ReadFull(out.Body, head)
	require.NoError(t, err)
	require.Equal(t, "0123", string(head))
	cancel()
	_, err = out.Body.Read(head)
	require.True(t, errors.Is(err, context.Canceled), fmt.Sprint(err))
}
