package auth

import (
	"strings"
	"testing"

	"productgenerator/models"
)

func TestAnEMailIsOnePlainAddress(t *testing.T) {
	for _, c := range []struct {
		name, email string
		want        models.FieldCode
	}{
		{"plain", "Ann@Example.com", ""},
		{"spaces around", "  ann@example.com\n", ""},
		{"a tag", "ann+shop@example.co.uk", ""},
		{"letters beyond ASCII", "ánn@exämple.com", ""},
		{"a machine of one's own", "admin@localhost", ""},
		{"the longest", strings.Repeat("a", 64) + "@" + strings.Repeat("b", 185) + ".com", ""},
		{"longer", strings.Repeat("a", 64) + "@" + strings.Repeat("b", 186) + ".com", models.FieldTooLong},
		{"a megabyte", strings.Repeat(" ", 1<<20), models.FieldTooLong},
		{"a long part before the @", strings.Repeat("a", 65) + "@example.com", models.FieldInvalid},
		{"empty", "", models.FieldInvalid},
		{"no @", "ann", models.FieldInvalid},
		{"no domain", "ann@", models.FieldInvalid},
		{"two @", "ann@b@example.com", models.FieldInvalid},
		{"a name", "Ann <ann@example.com>", models.FieldInvalid},
		{"angle brackets", "<ann@example.com>", models.FieldInvalid},
		{"a comment", "ann@example.com (Ann)", models.FieldInvalid},
		{"quoted", `"a b"@example.com`, models.FieldInvalid},
		{"two addresses", "ann@example.com,bob@example.com", models.FieldInvalid},
		{"a space within", "an n@example.com", models.FieldInvalid},
		{"a header", "ann@example.com\r\nBcc: bob@example.com", models.FieldInvalid},
		{"NUL", "ann\x00@example.com", models.FieldInvalid},
		{"an invisible character", "an\u200bn@example.com", models.FieldInvalid},
		{"text direction", "ann\u202e@example.com", models.FieldInvalid},
		{"not UTF-8", "ann\xff@example.com", models.FieldInvalid},
		{"a number for a machine", "ann@[127.0.0.1]", models.FieldInvalid},
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
