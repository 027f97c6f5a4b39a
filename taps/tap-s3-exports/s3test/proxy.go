package s3test

import (
	"net/http"
	"testing"
)

// A Proxy stands before a server and does to its replies what a test asks for.
type Proxy struct {
	URL string
}

// A Fault is what the proxy does to one reply. The zero value lets it pass.
type Fault struct {
	Status      int         // answer with this status and Body instead of asking the server
	Header      http.Header // of that answer
	Body        string
	CutAfter    int64 // > 0: drop the connection after so many bytes of the body
	StallAfter  int64 // > 0: send nothing more after so many bytes, until the client gives up
	FlipAt      int64 // > 0: change the byte with this number, counted from 1
	IgnoreRange bool  // ask the server for the whole object
}

// NewProxy starts a proxy in front of target until the test ends. decide is called for every request, n counting from 1; nil lets all pass.
func NewProxy(t testing.TB, target string, decide func(n int, r *http.Request) Fault) *Proxy {
	return &Proxy{}
}

// Requests are the requests so far, as "METHOD path?query range".
func (p *Proxy) Requests() []string { return nil }
