package provider

import (
	"errors"
	"strings"
	"testing"
)

func TestAPublicURLIsKeptInItsSafeForm(t *testing.T) {
	for raw, want := range map[string]string{
		"https://images.example.com/a.jpg":               "https://images.example.com/a.jpg",
		"  http://Images.Example.COM:8080/A%20b.jpg?x=1": "http://images.example.com:8080/A%20b.jpg?x=1",
		"HTTPS://example.com":                            "https://example.com",
		"https://example.com./a":                         "https://example.com/a",
		"https://bücher.example/ä ö.jpg":                 "https://xn--bcher-kva.example/%C3%A4%20%C3%B6.jpg",
		`https://example.com/"><b>?q="><script>'`:        "https://example.com/%22%3E%3Cb%3E?q=%22%3E%3Cscript%3E%27",
		"https://my_shop.example.com/a#top":              "https://my_shop.example.com/a#top",
		"https://93.184.216.34/a":                        "https://93.184.216.34/a",
		"https://[2606:4700::1111]:8443/a":               "https://[2606:4700::1111]:8443/a",
		"https://example.com/?u=ä&v=a b":                 "https://example.com/?u=%C3%A4&v=a%20b",
	} {
		got, err := SafeURL(raw)
		if err != nil || got != want {
			t.Errorf("SafeURL(%q) = %q, %v; want %q", raw, got, err, want)
		}
		again, err := SafeURL(got)
		if err != nil || again != got {
			t.Errorf("the safe form %q is not safe itself: %q, %v", got, again, err)
		}
	}
}

func TestAnUnsafeURLIsRefusedWithoutBeingQuoted(t *testing.T) {
	for name, raw := range map[string]string{
		"empty":                           "",
		"no scheme":                       "//example.com/secretpart",
		"relative":                        "/secretpart.jpg",
		"javascript":                      "javascript:alert('secretpart')",
		"javascript with a host":          "javascript://example.com/%0aalert(1)//secretpart",
		"javascript in capitals":          " JaVaScRiPt:alert(1)",
		"data":                            "data:image/png;base64,secretpart",
		"file":                            "file:///etc/passwd",
		"ftp":                             "ftp://example.com/secretpart",
		"no host":                         "https:///secretpart",
		"opaque":                          "https:example.com/secretpart",
		"user":                            "https://secretpart@example.com/",
		"user and password":               "https://u:secretpart@example.com/",
		"new line":                        "https://example.com/secretpart\n/b",
		"tab in the scheme":               "java\tscript:secretpart",
		"NUL":                             "https://example.com/secretpart\x00",
		"C1 control":                      "https://example.com/secretpart\u0085",
		"broken UTF-8":                    "https://example.com/secretpart\xff",
		"decoded broken UTF-8":            "https://example.com/secretpart\ufffd",
		"too long":                        "https://example.com/" + strings.Repeat("a", MaxURLBytes),
		"too long once escaped":           "https://example.com/" + strings.Repeat("ä", MaxURLBytes/3),
		"backslash in the host":           `https://example.com\@127.0.0.1/secretpart`,
		"port beyond 65535":               "https://example.com:70000/secretpart",
		"port zero":                       "https://example.com:0/secretpart",
		"localhost":                       "http://localhost/secretpart",
		"localhost with a dot":            "http://LOCALHOST.:80/secretpart",
		"under localhost":                 "http://a.localhost/secretpart",
		"single label":                    "http://intranet/secretpart",
		"mDNS":                            "http://printer.local/secretpart",
		"Google's metadata":               "http://metadata.google.internal/secretpart",
		"home network":                    "http://router.home.arpa/secretpart",
		"empty label":                     "http://a..example/secretpart",
		"space in the host":               "http://exa mple.com/secretpart",
		"loopback":                        "http://127.0.0.1/secretpart",
		"other loopback":                  "http://127.9.9.9/secretpart",
		"unspecified":                     "http://0.0.0.0/secretpart",
		"this network":                    "http://0.1.2.3/secretpart",
		"ten":                             "http://10.1.2.3/secretpart",
		"172.16":                          "http://172.31.0.1/secretpart",
		"192.168":                         "http://192.168.1.1/secretpart",
		"link-local and metadata":         "http://169.254.169.254/latest/meta-data/",
		"carrier-grade NAT":               "http://100.100.100.200/secretpart",
		"Azure":                           "http://168.63.129.16/secretpart",
		"multicast":                       "http://224.0.0.1/secretpart",
		"broadcast":                       "http://255.255.255.255/secretpart",
		"benchmarks":                      "http://198.19.0.1/secretpart",
		"short loopback":                  "http://127.1/secretpart",
		"decimal loopback":                "http://2130706433/secretpart",
		"hexadecimal loopback":            "http://0x7f000001/secretpart",
		"mixed loopback":                  "http://0x7f.0.0.1/secretpart",
		"octal loopback":                  "http://0177.0.0.1/secretpart",
		"full-width loopback":             "http://１２７。０。０。１/secretpart",
		"circled loopback":                "http://①②⑦.0.0.1/secretpart",
		"full-width localhost":            "http://ｌｏｃａｌｈｏｓｔ/secretpart",
		"loopback over IPv6":              "http://[::1]/secretpart",
		"unspecified over IPv6":           "http://[::]/secretpart",
		"mapped loopback":                 "http://[::ffff:127.0.0.1]/secretpart",
		"compatible loopback":             "http://[::127.0.0.1]/secretpart",
		"link-local over IPv6":            "http://[fe80::1]/secretpart",
		"zone":                            "http://[fe80::1%25eth0]/secretpart",
		"unique local, Amazon's metadata": "http://[fd00:ec2::254]/secretpart",
		"NAT64 of ten":                    "http://[64:ff9b::10.0.0.1]/secretpart",
		"6to4 of loopback":                "http://[2002:7f00:1::]/secretpart",
	} {
		got, err := SafeURL(raw)
		if !errors.Is(err, ErrUnsafeURL) || got != "" {
			t.Errorf("%s: SafeURL(%q) = %q, %v; want ErrUnsafeURL", name, raw, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "secretpart") {
			t.Errorf("%s: the error quotes the URL: %v", name, err)
		}
	}
}

func FuzzWhatSafeURLLetsThroughIsSafe(f *testing.F) {
	for _, seed := range []string{
		"https://example.com/a?b=c#d", "http://[::1]:80/", "javascript:alert(1)", "http://１２７。０。０。１/", "https://a@b.c/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		safe, err := SafeURL(raw)
		if err != nil {
			return
		}
		if !strings.HasPrefix(safe, "https://") && !strings.HasPrefix(safe, "http://") {
			t.Errorf("%q became %q", raw, safe)
		}
		if len(safe) > MaxURLBytes || strings.ContainsAny(safe, "\"<>` \\\r\n\x00") {
			t.Errorf("%q became %q, which is not safe in a page", raw, safe)
		}
		if again, err := SafeURL(safe); err != nil || again != safe {
			t.Errorf("%q became %q, then %q, %v", raw, safe, again, err)
		}
	})
}
