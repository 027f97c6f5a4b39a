package s3test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// A Proxy stands before a server and does to its replies what a test asks for.
type Proxy struct {
	Endpoint string

	mu       sync.Mutex
	requests []string
}

// A Fault is what the proxy does to one request. The zero value lets it pass.
type Fault struct {
	Status int // answer with this status, Header and Body instead of asking the server
	Header http.Header
	Body   string

	Drop        bool              // close the connection without an answer
	Silent      bool              // answer nothing until the client gives up
	CutAfter    int64             // > 0: close the connection after so many bytes of the body
	StallAfter  int64             // > 0: send nothing more after so many bytes of the body, until the client gives up
	FlipAt      int64             // > 0: change the byte with this number, counted from 1
	PerSecond   int               // > 0: send so many bytes of the body a second
	IgnoreRange bool              // ask the server for the whole object
	Reply       map[string]string // headers of the server's reply to replace; an empty value removes one
}

// NewProxy starts a proxy in front of server until the test ends. decide is called for every request, n counting from 1.
func NewProxy(t testing.TB, server *Server, decide func(n int, r *http.Request) Fault) *Proxy {
	t.Helper()
	target, err := url.Parse(server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{}
	transport := &http.Transport{DisableCompression: true}
	reverse := &httputil.ReverseProxy{
		Transport:      transport,
		FlushInterval:  -1, // what comes before a cut has to arrive
		ErrorLog:       log.New(io.Discard, "", 0),
		Rewrite:        func(r *httputil.ProxyRequest) { rewrite(r, server, target) },
		ModifyResponse: modify,
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault := decide(p.note(r), r)
		switch {
		case fault.Drop:
			panic(http.ErrAbortHandler)
		case fault.Silent:
			<-r.Context().Done()
		case fault.Status != 0:
			for name, values := range fault.Header {
				w.Header()[name] = values
			}
			w.WriteHeader(fault.Status)
			_, _ = io.WriteString(w, fault.Body)
		default:
			reverse.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), faultKey{}, fault)))
		}
	}))
	t.Cleanup(func() {
		front.CloseClientConnections()
		front.Close()
		transport.CloseIdleConnections()
	})
	p.Endpoint = front.URL
	return p
}

// Requests are the requests so far, each as "METHOD /path?query" and its Range header.
func (p *Proxy) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.requests...)
}

func (p *Proxy) note(r *http.Request) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := r.Method + " " + r.URL.RequestURI()
	if ranged := r.Header.Get("Range"); ranged != "" {
		line += " " + ranged
	}
	p.requests = append(p.requests, line)
	return len(p.requests)
}

type faultKey struct{}

// rewrite keeps the Host header, which the client signed. A request that is changed is signed anew.
func rewrite(r *httputil.ProxyRequest, server *Server, target *url.URL) {
	r.SetURL(target)
	r.Out.Host = r.In.Host
	fault := r.In.Context().Value(faultKey{}).(Fault)
	if !fault.IgnoreRange || r.Out.Header.Get("Range") == "" {
		return
	}
	r.Out.Header.Del("Range")
	r.Out.Header.Del("Authorization")
	keys := aws.Credentials{AccessKeyID: server.AccessKeyID, SecretAccessKey: server.SecretAccessKey}
	payload := r.Out.Header.Get("X-Amz-Content-Sha256")
	err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).
		SignHTTP(r.In.Context(), keys, r.Out, payload, "s3", server.Region, time.Now())
	if err != nil {
		r.Out.URL.Host = "" // an invalid target: the proxy answers 502
	}
}

func modify(reply *http.Response) error {
	fault, ok := reply.Request.Context().Value(faultKey{}).(Fault)
	if !ok {
		return fmt.Errorf("a request without a fault")
	}
	for name, value := range fault.Reply {
		reply.Header.Del(name)
		if value != "" {
			reply.Header.Set(name, value)
		}
	}
	reply.Body = &faultyBody{ReadCloser: reply.Body, fault: fault, gone: reply.Request.Context().Done()}
	return nil
}

// faultyBody is a reply's body on its way to the client.
type faultyBody struct {
	io.ReadCloser
	fault  Fault
	gone   <-chan struct{}
	offset int64
}

func (b *faultyBody) Read(p []byte) (int, error) {
	for _, limit := range []int64{b.fault.CutAfter, b.fault.StallAfter} {
		if limit == 0 {
			continue
		}
		if b.offset == limit {
			if limit == b.fault.StallAfter {
				<-b.gone
			}
			return 0, io.ErrUnexpectedEOF // the proxy aborts the connection
		}
		p = p[:min(int64(len(p)), limit-b.offset)]
	}
	if b.fault.PerSecond > 0 { // ten times a second
		p = p[:min(len(p), b.fault.PerSecond/10+1)]
		select {
		case <-time.After(time.Second / 10):
		case <-b.gone:
		}
	}
	n, err := b.ReadCloser.Read(p)
	if at := b.fault.FlipAt - 1 - b.offset; at >= 0 && at < int64(n) {
		p[at] ^= 0x20
	}
	b.offset += int64(n)
	return n, err
}
