package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

const (
	// tokenPrefix makes a session's token recognisable: to us beside other kinds of Bearer tokens, and to scanners that
	// look for secrets in what people publish.
	tokenPrefix = "pgs_"

	// tokenEntropy is the randomness of a token, in bytes.
	tokenEntropy = 32

	// bearerScheme is how a token comes in an Authorization header, or in a connection_init.
	bearerScheme = "Bearer"
)

// digest is the SHA-256 of a session's token, all that is kept of it. A token has 256 random bits, so a fast hash
// without a salt is enough.
type digest [sha256.Size]byte

// newToken makes a session's token: the prefix and 43 characters of base 64 for URLs.
func newToken() (string, error) {
	random := make([]byte, tokenEntropy)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(random), nil
}

// digestOf is the token's digest, and whether it has the form of a token at all.
func digestOf(token string) (digest, bool) {
	random, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok || len(random) != base64.RawURLEncoding.EncodedLen(tokenEntropy) {
		return digest{}, false
	}
	return sha256.Sum256([]byte(token)), true
}

// bearerToken takes the token out of "Bearer <token>". What is of no or another scheme bears no token.
func bearerToken(authorization string) string {
	scheme, token, _ := strings.Cut(strings.TrimSpace(authorization), " ")
	if !strings.EqualFold(scheme, bearerScheme) {
		return ""
	}
	return strings.TrimSpace(token)
}
