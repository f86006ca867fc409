package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxBody is how many bytes of an answer are read.
const maxBody = 64 << 10

type httpSampler struct {
	url     string
	method  string
	headers map[string]string
	body    string
	client  *http.Client
}

func newHTTP(settings json.RawMessage) (Sampler, error) {
	var block struct {
		rhythm

		URL     string            `json:"url"`
		Method  string            `json:"method"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
	}
	if err := decode(settings, &block); err != nil {
		return nil, err
	}
	if err := checkURL(block.URL); err != nil {
		return nil, err
	}
	if block.Method == "" {
		block.Method = http.MethodGet
	}
	if _, err := http.NewRequestWithContext(context.Background(), block.Method, "http://localhost", http.NoBody); err != nil {
		return nil, fmt.Errorf("method is %q, expected one such as GET", block.Method)
	}
	return &httpSampler{
		url: block.URL, method: block.Method, headers: block.Headers, body: block.Body, client: newClient(),
	}, nil
}

// checkURL says what is wrong without repeating the URL, which may hold a
// token.
func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("url cannot be read, expected http://HOST/PATH or https://HOST/PATH")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("url has the scheme %q, expected http or https", u.Scheme)
	case u.Hostname() == "":
		return errors.New("url has no host, expected http://HOST/PATH or https://HOST/PATH")
	case u.User != nil:
		return errors.New("url holds a user or password; use headers = { Authorization = ... } with a sensitive variable")
	}
	return nil
}

// newClient asks anew each time: a kept connection would hide that nobody
// accepts new ones.
func newClient() *http.Client {
	dialer := &net.Dialer{Control: refuseMetadata}
	return &http.Client{
		Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// Sample implements Sampler: any answer is a finding, whatever its status.
func (s *httpSampler) Sample(ctx context.Context) (map[string]any, error) {
	req, err := http.NewRequestWithContext(ctx, s.method, s.url, strings.NewReader(s.body))
	if err != nil {
		return nil, errors.New("the request cannot be made")
	}
	for name, value := range s.headers {
		req.Header.Set(name, value)
		if strings.EqualFold(name, "Host") {
			req.Host = value
		}
	}
	begun := time.Now()
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("HTTP %d, but its body broke off: %w", resp.StatusCode, withoutURL(err))
	}
	headers := map[string]any{}
	for name, values := range resp.Header {
		headers[name] = strings.Join(values, ", ")
	}
	return map[string]any{
		"status_code": resp.StatusCode,
		"body":        strings.ToValidUTF8(string(body), "\uFFFD"),
		"headers":     headers,
		"duration_ms": time.Since(begun).Milliseconds(),
	}, nil
}

// withoutURL drops the URL that net/http puts in its errors: a query may be a
// credential.
func withoutURL(err error) error {
	if e := new(url.Error); errors.As(err, &e) {
		return e.Err
	}
	return err
}
