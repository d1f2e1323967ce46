package auth

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"productgenerator/models"
)

// The longest e-mail address, in bytes, and its longest part before the @. RFC 5321, 4.5.3.1
const (
	maxEmailLength     = 254
	maxLocalPartLength = 64
)

// NormalizeEmail is the address as it is stored: without the spaces around it, otherwise as given, since addresses are
// compared without regard to case. It returns a *FieldError for what is not one plain address: names, comments, quoted
// or invisible characters, addresses of machines by number.
func NormalizeEmail(email string) (string, error) {
	if len(email) > 4*maxEmailLength {
		return "", &FieldError{Field: "email", Code: models.FieldTooLong, Limit: maxEmailLength}
	}
	email = strings.TrimSpace(email)
	if len(email) > maxEmailLength {
		return "", &FieldError{Field: "email", Code: models.FieldTooLong, Limit: maxEmailLength}
	}
	if !plainAddress(email) {
		return "", &FieldError{Field: "email", Code: models.FieldInvalid}
	}
	return email, nil
}

func plainAddress(email string) bool {
	invisible := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) || r == utf8.RuneError }
	if !utf8.ValidString(email) || strings.ContainsFunc(email, invisible) {
		return false
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Name != "" || parsed.Address != email {
		return false
	}
	local, domain, _ := strings.Cut(email, "@")
	return len(local) <= maxLocalPartLength && !strings.HasPrefix(domain, "[") && !strings.Contains(domain, "@")
}
