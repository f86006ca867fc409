package gate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// bodyLimit is how much of an answer's body is read, in bytes.
const bodyLimit = 64 << 10

// HTTP asks a URL. Assertions see status_code, body, headers (names in lower
// case) and duration_ms. Redirects are not followed: a login page answers 200.
type HTTP struct {
	URL     string
	Method  string
	Headers map[string]string
	Body    string
	client  *http.Client
}

// newHTTP checks what can be checked before the first request.
func newHTTP(h HTTP) (*HTTP, error) {
	u, err := url.Parse(h.URL)
	if err != nil {
		return nil, errors.New("url: not a valid URL (value hidden)")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("url: scheme %q, expected http or https", u.Scheme)
	case u.Host == "":
		return nil, errors.New("url: it names no host")
	case u.User != nil:
		return nil, errors.New("url: it holds a user or password; use headers from a sensitive variable")
	}
	if h.Method == "" {
		h.Method = http.MethodGet
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: refuseMetadata}
	h.client = &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, DisableKeepAlives: true, MaxResponseHeaderBytes: bodyLimit,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &h, nil
}

// errMetadata is for addresses from which machines hand out credentials.
var errMetadata = errors.New("address is link-local or multicast; checks do not go there")

// ec2MetadataV6 answers like 169.254.169.254, but is not link-local.
var ec2MetadataV6 = netip.MustParseAddr("fd00:ec2::254")

// refuseMetadata looks at the resolved address of every connection, so that
// neither a name nor another spelling of an address gets around it.
func refuseMetadata(_, address string, _ syscall.RawConn) error {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := parsed.Addr().Unmap()
	if ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || ip == ec2MetadataV6 {
		return errMetadata
	}
	return nil
}

// Sample implements Sampler.
func (h *HTTP) Sample(ctx context.Context) (map[string]any, error) {
	req, err := http.NewRequestWithContext(ctx, h.Method, h.URL, strings.NewReader(h.Body))
	if err != nil {
		return nil, errors.New("the request cannot be made from method and url")
	}
	for name, value := range h.Headers {
		req.Header.Set(name, value)
	}
	started := time.Now()
	res, err := h.client.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, bodyLimit))
	if err != nil {
		return nil, withoutURL(err)
	}
	headers := map[string]any{}
	for name, values := range res.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return map[string]any{
		"status_code": res.StatusCode,
		"body":        string(body),
		"headers":     headers,
		"duration_ms": time.Since(started).Milliseconds(),
	}, nil
}

// withoutURL drops the URL from an error, because its query may be secret.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
