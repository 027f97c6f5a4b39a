package rest

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/signalroom/signalroom/protocol"
)

// A Failure is what came in the place of the answer that was asked for. It is the cause of every fault of this package that
// the API has to do with, so a tap that goes on after some of them finds it with errors.As.
type Failure struct {
	Method   string
	Endpoint string // path pattern, without values
	Status   int    // 0: no answer came
	Header   http.Header
	Body     []byte // the first 64 KiB
	HTML     bool   // the answer is a web page
	Err      error  // what went wrong beside the status: the network, or a body that breaks off; may be nil
}

// Error names request, status and what the API says of it; never a query, a header or the rest of the body.
func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: ", f.Method, f.Endpoint)
	switch {
	case f.Err != nil:
		b.WriteString(shortened(f.Err.Error())) // net/http quotes what is no HTTP
	case f.HTML && f.Status < 300:
		b.WriteString("the answer is a web page")
	default:
		fmt.Fprintf(&b, "%d %s", f.Status, http.StatusText(f.Status))
	}
	if said := f.Message(); said != "" {
		fmt.Fprintf(&b, ": %s", said)
	}
	return b.String()
}

// Unwrap gives the network's error.
func (f *Failure) Unwrap() error { return f.Err }

// Status is the HTTP status that an error tells of, 0 for none.
func Status(err error) int {
	var f *Failure
	if errors.As(err, &f) {
		return f.Status
	}
	return 0
}

// messageMost is how much of an API's own words stands in an error.
const messageMost = 300

// Message is what a JSON body says went wrong, in the members that APIs commonly use: empty where there are none.
func (f *Failure) Message() string {
	var said string
	if body := bytes.TrimSpace(f.Body); (f.Status >= 300 || errors.Is(f.Err, errNoRows)) && len(body) > 0 && body[0] == '{' {
		said = message(body, 0)
	}
	return shortened(strings.Join(strings.Fields(said), " "))
}

func shortened(text string) string {
	if len(text) > messageMost {
		text = strings.ToValidUTF8(text[:messageMost], "") + "…"
	}
	return text
}

func message(value json.RawMessage, depth int) string {
	var text string
	if depth > 3 || json.Unmarshal(value, &text) == nil {
		return text
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil && len(list) > 0 {
		return message(list[0], depth+1)
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(value, &members) != nil {
		return ""
	}
	for _, name := range []string{"detail", "message", "error_description", "error", "errors", "list", "Error", "Message"} {
		if said := message(members[name], depth+1); said != "" {
			return said
		}
	}
	return ""
}

// A Verdict is what becomes of a failed request.
type Verdict struct {
	Retry bool
	// Wait is how long the API asks to wait first; 0 is a wait that grows from try to try.
	Wait time.Duration
	// Most is how often the request is sent again at the most, where the setting max_retries allows more; 0 is no such bound.
	Most int
	// Fault is how the request ends when it is not sent again. Its cause may be the Failure; the Failure is always found in it.
	Fault *protocol.Fault
}

// judge is the one table from failures to what becomes of them.
func (c *Client) judge(f *Failure, now time.Time) Verdict {
	name := c.api.Name
	fault := func(kind protocol.Kind, hint string) *protocol.Fault {
		return &protocol.Fault{Kind: kind, Hint: hint, Err: f}
	}
	if f.Status == 0 {
		return c.judgeNetwork(f, fault)
	}
	var v Verdict
	switch {
	case errors.Is(f.Err, errNoRows):
		v.Fault = fault(protocol.Data, "report this if the setting base_url is right")
	case errors.Is(f.Err, errTooLarge):
		v.Fault = fault(protocol.Data, "leave the stream out, by the setting select")
	case errors.Is(f.Err, errChanged):
		v.Fault = fault(protocol.Transient, "run again: the next run goes on from the last state")
	case f.Status < 300 && f.HTML:
		v.Fault = fault(protocol.Config, "is base_url the address of "+name+"'s API?")
	case f.Status < 300:
		v.Retry = true
		v.Fault = fault(protocol.Transient, "try again later")
	case f.Status < 400:
		v.Fault = fault(protocol.Config, c.redirectHint(f))
	case f.Status == http.StatusUnauthorized:
		hint := "check the credentials of " + name + ": wrong, revoked, expired, or of another host than " + c.root.Host
		v.Fault = fault(protocol.Config, hint+skew(f.Header, now))
	case f.Status == http.StatusProxyAuthRequired:
		v.Fault = fault(protocol.Config, "give the proxy's user and password in HTTPS_PROXY")
	case f.Status == http.StatusForbidden:
		v.Fault = fault(protocol.Config, "the credentials lack a permission for this")
	case f.Status == http.StatusNotFound, f.Status == http.StatusGone:
		v.Fault = fault(protocol.Config, "check the ids in the settings, and base_url; an older server may not have it")
	case f.Status == http.StatusTooManyRequests:
		v.Retry = true
		v.Wait = retryAfter(f.Header, now)
		v.Fault = fault(protocol.Transient, "run again later, or set requests_per_minute lower: others may use the same limit")
	case f.Status == http.StatusRequestTimeout, f.Status == http.StatusTooEarly, f.Status == http.StatusInternalServerError,
		f.Status == http.StatusBadGateway, f.Status == http.StatusServiceUnavailable, f.Status == http.StatusGatewayTimeout,
		f.Status >= 520 && f.Status <= 530: // Cloudflare's
		v.Retry = true
		v.Wait = retryAfter(f.Header, now)
		v.Fault = fault(protocol.Transient, "run again later: "+name+" has a fault of its own")
	case f.Status >= 500:
		v.Fault = fault(protocol.Transient, "run again later: "+name+" has a fault of its own")
	case f.Status == http.StatusBadRequest && c.root.Scheme == "http" && bytes.Contains(f.Body, []byte("HTTPS")):
		v.Fault = fault(protocol.Config, "the host wants https: base_url should begin with https:// perhaps")
	default:
		v.Fault = fault(protocol.Config, name+" does not accept the request; see what it says of the settings")
	}
	return v
}

// judgeNetwork tells apart what passes and what somebody must mend.
func (c *Client) judgeNetwork(f *Failure, fault func(protocol.Kind, string) *protocol.Fault) Verdict {
	var unknown *net.DNSError
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(f.Err, &unknown) && unknown.IsNotFound:
		return Verdict{Retry: true, Fault: fault(protocol.Config, "check base_url, and this machine's name service")}
	case errors.As(f.Err, &authority), errors.As(f.Err, &hostname), errors.As(f.Err, &certificate):
		return Verdict{Fault: fault(protocol.Config, "the host's certificate is not valid for "+c.root.Host+" here: check base_url, and the clock and certificates of this machine")}
	case errors.Is(f.Err, http.ErrSchemeMismatch):
		return Verdict{Fault: fault(protocol.Config, "the host speaks no TLS there: base_url should begin with http:// perhaps")}
	}
	return Verdict{Retry: true, Fault: fault(protocol.Transient, "run again later; if it stays so, check base_url and the network")}
}

// redirectHint tells where a redirect wanted to go, by its host alone.
func (c *Client) redirectHint(f *Failure) string {
	to, err := c.root.Parse(f.Header.Get("Location"))
	switch {
	case err != nil || f.Header.Get("Location") == "":
		return "check base_url"
	case to.Host == c.root.Host && c.root.Scheme == "http" && to.Scheme == "https":
		return "the host wants https: set base_url to https://" + c.root.Host + c.root.Path
	case to.Host != c.root.Host:
		return "it is redirected to " + to.Scheme + "://" + to.Host + ", where the credentials are not sent: if that is right, set base_url to it"
	}
	return "it is redirected to another page of the host, a login perhaps: is base_url the address of " + c.api.Name + "'s API?"
}

// skewMost is how far a clock may be off before it is worth a word.
const skewMost = 5 * time.Minute

// skew is a word on the clock, if it is far from the API's.
func skew(header http.Header, now time.Time) string {
	theirs, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return ""
	}
	switch off := now.Sub(theirs).Round(time.Minute); {
	case off > skewMost:
		return fmt.Sprintf("; this machine's clock is %s ahead of theirs", off)
	case off < -skewMost:
		return fmt.Sprintf("; this machine's clock is %s behind theirs", -off)
	}
	return ""
}

// retryAfter reads the header Retry-After, in seconds or as a date; 0 is none. A date is compared with the answer's own Date where
// there is one, so that this machine's clock does not matter.
func retryAfter(header http.Header, now time.Time) time.Duration {
	said := header.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(said, 64); err == nil && seconds >= 0 && seconds < 1e9 {
		return time.Duration(seconds * float64(time.Second))
	}
	until, err := http.ParseTime(said)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return max(0, until.Sub(now))
}

// withoutURL is a network error without the address, whose query may hold a key.
func withoutURL(err error) error {
	var address *url.Error
	if errors.As(err, &address) {
		return address.Err
	}
	return err
}
