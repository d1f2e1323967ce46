package auth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// errMalformedHash says that what is stored as a password hash is none of ours. It does not quote it.
var errMalformedHash = errors.New("malformed password hash")

// What a stored hash may ask for at most, so that a wrong row cannot take the machine's memory.
const (
	maxMemory      = 256 * 1024 // KiB
	maxPasses      = 16
	maxParallelism = 16
)

// parameters are what a hash is computed with.
type parameters struct {
	memory      uint32 // KiB
	passes      uint32
	parallelism uint8
	keyLength   uint32 // bytes
}

func currentParameters() parameters {
	return parameters{memory: argonMemory, passes: argonPasses, parallelism: argonParallelism, keyLength: keyLength}
}

// phc is a hash in the PHC string format:
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<key>
//
// Salt and key are base 64 without padding. https://github.com/P-H-C/phc-string-format
type phc struct {
	parameters
	salt []byte
	key  []byte
}

func (h phc) encode() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.parallelism,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.key))
}

// parsePHC reads exactly what encode writes.
func parsePHC(hash string) (phc, error) {
	fields := strings.Split(hash, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" {
		return phc{}, errMalformedHash
	}
	var h phc
	if _, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.parallelism); err != nil {
		return phc{}, errMalformedHash
	}
	var saltErr, keyErr error
	h.salt, saltErr = base64.RawStdEncoding.DecodeString(fields[4])
	h.key, keyErr = base64.RawStdEncoding.DecodeString(fields[5])
	h.keyLength = uint32(len(h.key))
	if saltErr != nil || keyErr != nil || !h.sound() || h.encode() != hash {
		return phc{}, errMalformedHash
	}
	return h, nil
}

func (h phc) sound() bool {
	return h.memory > 0 && h.memory <= maxMemory && h.passes > 0 && h.passes <= maxPasses &&
		h.parallelism > 0 && h.parallelism <= maxParallelism &&
		len(h.salt) >= 8 && len(h.salt) <= 64 && len(h.key) >= 16 && len(h.key) <= 64
}
