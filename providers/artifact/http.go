package artifact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/lockstep-dev/lockstep/plans"
)

const (
	httpTimeout  = 30 * time.Minute // a whole artifact
	maxRedirects = 3
)

// NewHTTP returns the provider of artifact "http" blocks. Settings: url,
// headers, digest (optional: without it the content seen while planning is
// what apply must find).
func NewHTTP(o Options) *Provider { return newProvider(httpSource{}, o) }

type httpSource struct{}

func (httpSource) name() string { return "http" }

func (httpSource) read(raw json.RawMessage) (wanted, error) {
	var block struct {
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers"`
		Digest  plans.Digest      `json:"digest"`
	}
	if err := json.Unmarshal(raw, &block); err != nil {
		return wanted{}, errors.New("settings: expected url and digest as strings and headers as a map of strings")
	}
	u, err := url.Parse(block.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return wanted{}, errors.New("url cannot be used, expected http://HOST/PATH or https://HOST/PATH")
	}
	w := wanted{location: block.URL, shown: shownURL(u), headers: block.Headers, digest: block.Digest}
	return w, w.checkDigest()
}

// shownURL leaves out what may be a credential: user, query and fragment.
func shownURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

func (httpSource) open(ctx context.Context, w wanted) (content, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.location, http.NoBody)
	if err != nil {
		return content{}, fmt.Errorf("%s: the request cannot be made", w.shown)
	}
	for name, value := range w.headers {
		req.Header.Set(name, value)
	}
	client := newClient(w)
	resp, err := client.Do(req)
	if err != nil {
		client.CloseIdleConnections()
		return content{}, fmt.Errorf("%s: %w", w.shown, withoutURL(err))
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return content{}, fmt.Errorf("%s: found HTTP %d, expected 200", w.shown, resp.StatusCode)
	}
	return content{ReadCloser: body{resp, client}}, nil
}

// body closes its connection with itself: an artifact is fetched once.
type body struct {
	resp   *http.Response
	client *http.Client
}

func (b body) Read(p []byte) (int, error) {
	n, err := b.resp.Body.Read(p)
	return n, err
}

func (b body) Close() error {
	err := b.resp.Body.Close()
	b.client.CloseIdleConnections()
	return err
}

// withoutURL drops the URL that net/http puts in its errors: a query may be a
// credential.
func withoutURL(err error) error {
	if e := new(url.Error); errors.As(err, &e) {
		return e.Err
	}
	return err
}

func newClient(w wanted) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: refuseMetadata}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		DisableCompression:    true, // the digest is of the bytes as they are served
	}
	return &http.Client{Transport: transport, Timeout: httpTimeout, CheckRedirect: w.follow}
}

// follow sends the block's headers to the host they were written for alone.
func (w wanted) follow(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("more than %d redirects", maxRedirects)
	case next.URL.Scheme != "https" && first.Scheme == "https":
		return errors.New("redirect from https to another scheme")
	case next.URL.Scheme != "http" && next.URL.Scheme != "https":
		return errors.New("redirect to another scheme than http and https")
	}
	next.Header.Del("Referer")
	if next.URL.Scheme == first.Scheme && strings.EqualFold(next.URL.Host, first.Host) {
		return nil
	}
	next.URL.User = nil
	next.Header.Del("Authorization")
	next.Header.Del("Cookie")
	for name := range w.headers {
		next.Header.Del(name)
	}
	return nil
}

// refuseMetadata refuses the addresses under which clouds hand out machine
// credentials; it sees the resolved address, so no name can hide one.
func refuseMetadata(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %q cannot be read", address)
	}
	ip := ap.Addr().Unmap()
	if ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.WithZone("") == netip.MustParseAddr("fd00:ec2::254") {
		return fmt.Errorf("address %s is link-local or a metadata service and is never asked for artifacts", ip)
	}
	return nil
}
