package config

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Errors about values that may hold a password and so are not shown.
var (
	errSecretInURL = errors.New("a URL must not hold a user or password (the value is not shown)")
	errNoURL       = errors.New("the value is not a URL (not shown, it may hold a password)")
)

// checkHTTPURL refuses what a check or a download must not ask: other schemes,
// passwords in the URL, and the addresses where clouds hand out credentials
// (169.254.0.0/16 and its other spellings).
func checkHTTPURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return errNoURL
	}
	switch {
	case u.User != nil:
		return errSecretInURL
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("a URL with http:// or https:// is required, found scheme %q", cut(u.Scheme))
	case u.Hostname() == "":
		return fmt.Errorf("the URL %q has no host", cut(raw))
	}
	if addr, ok := hostAddress(u.Hostname()); ok && (addr.IsLinkLocalUnicast() || addr.IsUnspecified() || addr.IsMulticast()) {
		return fmt.Errorf("the host %s is a link-local, multicast or unspecified address; clouds hand out credentials at such addresses", addr)
	}
	return nil
}

// hostAddress reads a host as an address in any spelling that resolvers take,
// among them one decimal number.
func hostAddress(host string) (netip.Addr, bool) {
	if n, err := strconv.ParseUint(host, 0, 32); err == nil {
		var four [4]byte
		binary.BigEndian.PutUint32(four[:], uint32(n))
		return netip.AddrFrom4(four), true
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(host, "."))
	return addr.Unmap(), err == nil
}
