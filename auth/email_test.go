package auth

import (
	"strings"
	"testing"
)

func TestAnEMailIsOnePlainAddress(t *testing.T) {
	for _, c := range []struct {
		name, email string
		want        FieldCode
	}{
		{"plain", "Ann@Example.com", ""},
		{"spaces around", "  ann@example.com\n", ""},
		{"a tag", "ann+shop@example.co.uk", ""},
		{"letters beyond ASCII", "ánn@exämple.com", ""},
		{"a machine of one's own", "admin@localhost", ""},
		{"the longest", strings.Repeat("a", 64) + "@" + strings.Repeat("b", 185) + ".com", ""},
		{"longer", strings.Repeat("a", 64) + "@" + strings.Repeat("b", 186) + ".com", TooLong},
		{"a megabyte", strings.Repeat(" ", 1<<20), TooLong},
		{"a long part before the @", strings.Repeat("a", 65) + "@example.com", Invalid},
		{"empty", "", Invalid},
		{"no @", "ann", Invalid},
		{"no domain", "ann@", Invalid},
		{"two @", "ann@b@example.com", Invalid},
		{"a name", "Ann <ann@example.com>", Invalid},
		{"angle brackets", "<ann@example.com>", Invalid},
		{"a comment", "ann@example.com (Ann)", Invalid},
		{"quoted", `"a b"@example.com`, Invalid},
		{"two addresses", "ann@example.com,bob@example.com", Invalid},
		{"a space within", "an n@example.com", Invalid},
		{"a header", "ann@example.com\r\nBcc: bob@example.com", Invalid},
		{"NUL", "ann\x00@example.com", Invalid},
		{"an invisible character", "an\u200bn@example.com", Invalid},
		{"text direction", "ann\u202e@example.com", Invalid},
		{"not UTF-8", "ann\xff@example.com", Invalid},
		{"a number for a machine", "ann@[127.0.0.1]", Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := NormalizeEmail(c.email)
			refusedAs(t, err, "email", c.want)
			if err == nil && got != strings.TrimSpace(c.email) {
				t.Errorf("became %q", got)
			}
			if err != nil && len(c.email) > 3 && strings.Contains(err.Error(), c.email) {
				t.Errorf("the error quotes it: %v", err)
			}
		})
	}
}
