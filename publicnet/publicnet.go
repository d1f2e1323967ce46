// Package publicnet says what belongs to the public internet: the addresses and names that requests may go to when
// strangers have chosen them. It connects to nothing itself.
package publicnet

import (
	"net/netip"
	"strings"
)

// HasAddress says whether an address is one of the public internet. An address that carries another is what it carries.
func HasAddress(address netip.Addr) bool {
	address = address.Unmap()
	if address.Zone() != "" || !address.IsGlobalUnicast() || address.IsPrivate() {
		return false
	}
	if carried, ok := carriedIPv4(address); ok {
		return HasAddress(carried)
	}
	for _, reserved := range [...]string{
		"0.0.0.0/8",        // this network
		"100.64.0.0/10",    // shared by customers of a carrier, and some clouds' metadata
		"168.63.129.16/32", // a cloud's own services
		"192.0.0.0/24",     // protocol assignments, and some clouds' metadata
		"192.0.2.0/24",     // documentation
		"192.88.99.0/24",   // 6to4 relays
		"198.18.0.0/15",    // benchmarks
		"198.51.100.0/24",  // documentation
		"203.0.113.0/24",   // documentation
		"240.0.0.0/4",      // reserved
		"::/96",            // IPv4-compatible, out of use
		"64:ff9b:1::/48",   // local translation
		"100::/64",         // discard
		"2001::/23",        // protocol assignments, Teredo among them
		"2001:db8::/32",    // documentation
		"3fff::/20",        // documentation
		"5f00::/16",        // segment routing
		"fec0::/10",        // site-local
	} {
		if netip.MustParsePrefix(reserved).Contains(address) {
			return false
		}
	}
	return true
}

// carriedIPv4 is the IPv4 address inside of a NAT64 (64:ff9b::/96) or a 6to4 (2002::/16) address.
func carriedIPv4(address netip.Addr) (netip.Addr, bool) {
	if !address.Is6() {
		return netip.Addr{}, false
	}
	bytes := address.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(address):
		return netip.AddrFrom4([4]byte(bytes[12:])), true
	case netip.MustParsePrefix("2002::/16").Contains(address):
		return netip.AddrFrom4([4]byte(bytes[2:6])), true
	default:
		return netip.Addr{}, false
	}
}

// HasName says whether a name, in lower case and without a final dot, can be a public one: not a single label, nor under
// a suffix that is kept for local use (RFC 6761, RFC 6762, RFC 8375, ICANN's .internal, among them the clouds' metadata
// servers) or commonly taken for it.
func HasName(host string) bool {
	if !strings.Contains(host, ".") {
		return false
	}
	for _, suffix := range [...]string{
		".localhost", ".local", ".internal", ".home.arpa", ".localdomain", ".intranet", ".lan", ".home", ".corp",
	} {
		if strings.HasSuffix(host, suffix) {
			return false
		}
	}
	return true
}
