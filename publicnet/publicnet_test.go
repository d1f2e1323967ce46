package publicnet

import (
	"net/netip"
	"strings"
	"testing"
)

func TestWhichAddressesArePublic(t *testing.T) {
	const private = "0.0.0.0 0.1.2.3 10.1.2.3 100.64.0.1 100.127.255.255 127.0.0.1 169.254.169.254 172.16.0.1 172.31.255.255 " +
		"168.63.129.16 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 " +
		"203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 " +
		"64:ff9b::a00:1 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:a00:1:: 3fff::1 5f00::1 fc00::1 fd12::1 " +
		"fe80::1 fe80::1%eth0 fec0::1 ff02::1 0.0.0.1 10.0.0.1 127.255.255.255 192.168.0.1 100.100.100.200 " +
		"::10.0.0.1 fd00:ec2::254 64:ff9b::127.0.0.1 2002:a00:1::1"
	const public = "1.1.1.1 9.255.255.255 11.0.0.1 93.184.216.34 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 " +
		"198.17.0.1 198.20.0.1 223.255.255.255 ::ffff:1.1.1.1 64:ff9b::101:101 2002:101:101:: 2001:4860:4860::8888 " +
		"2a00:1450::1 8.8.8.8 2606:4700::1111 64:ff9b::8.8.8.8 ::ffff:8.8.8.8 2002:808:808::1"
	for text := range strings.FieldsSeq(private) {
		if HasAddress(netip.MustParseAddr(text)) {
			t.Errorf("%s is taken for public", text)
		}
	}
	for text := range strings.FieldsSeq(public) {
		if !HasAddress(netip.MustParseAddr(text)) {
			t.Errorf("%s is taken for private", text)
		}
	}
}

func TestNoAddressIsNotPublic(t *testing.T) {
	if HasAddress(netip.Addr{}) {
		t.Error("no address is taken for public")
	}
}

func TestWhichNamesArePublic(t *testing.T) {
	for name, public := range map[string]bool{
		"example.com": true, "hooks.example.co.uk": true, "localhost.example.com": true, "internal.example.com": true,
		"localhost": false, "printer": false, "app.localhost": false, "metadata.google.internal": false, "nas.local": false,
		"router.home.arpa": false, "files.corp": false, "": false,
	} {
		if HasName(name) != public {
			t.Errorf("%q: %t", name, !public)
		}
	}
}
