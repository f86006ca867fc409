package gate

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// refuseMetadata refuses connections to link-local and multicast addresses and
// to the metadata services that clouds keep elsewhere. It is asked for each
// dial with the resolved address, so neither a name, an odd spelling nor an
// answer that changes can hide one.
func refuseMetadata(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %q cannot be read", address)
	}
	for _, ip := range meanings(ap.Addr()) {
		if ip.IsLinkLocalUnicast() || ip.IsMulticast() || slices.Contains(metadata(), ip) {
			return fmt.Errorf("%s is link-local or a metadata service, which checks never ask", ap.Addr())
		}
	}
	return nil
}

// metadata returns the metadata services outside of link-local: AWS (IPv6),
// Alibaba Cloud, Azure's wire server, Oracle Cloud's older one.
func metadata() []netip.Addr {
	return []netip.Addr{
		netip.MustParseAddr("fd00:ec2::254"),
		netip.MustParseAddr("100.100.100.200"),
		netip.MustParseAddr("168.63.129.16"),
		netip.MustParseAddr("192.0.0.192"),
	}
}

// meanings returns the address and the IPv4 address that it may stand for:
// mapped, IPv4-compatible, NAT64 (RFC 6052) and 6to4 (RFC 3056).
func meanings(ip netip.Addr) []netip.Addr {
	ip = ip.Unmap().WithZone("")
	all := []netip.Addr{ip}
	if !ip.Is6() {
		return all
	}
	b := ip.As16()
	embedded := func(at int) netip.Addr { return netip.AddrFrom4([4]byte(b[at : at+4])) }
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(ip), netip.MustParsePrefix("::/96").Contains(ip):
		all = append(all, embedded(12))
	case netip.MustParsePrefix("2002::/16").Contains(ip):
		all = append(all, embedded(2))
	}
	return all
}
