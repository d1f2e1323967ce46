package auth

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"productgenerator/models"
)

func TestAPasswordMatchesItsOwnHashOnly(t *testing.T) {
	passwords := NewPasswords(1)
	hash := must(passwords.Hash(t.Context(), "pässword"))(t)
	for password, want := range map[string]bool{
		"pässword":       true,
		"pa\u0308ssword": true, // the same letter from a keyboard that writes it in two characters
		"passwôrd":       false,
		"":               false,
	} {
		if got := must(passwords.Verify(t.Context(), hash, password))(t); got != want {
			t.Errorf("%q matches: %t, want %t", password, got, want)
		}
	}
}

func TestAHashSaysHowItWasMadeAndHasASaltOfItsOwn(t *testing.T) {
	passwords := NewPasswords(1)
	one, other := must(passwords.Hash(t.Context(), annPassword))(t), must(passwords.Hash(t.Context(), annPassword))(t)
	if !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("not the PHC form with OWASP's parameters: %s", one)
	}
	if one == other {
		t.Error("two hashes of one password are equal")
	}
	if passwords.stale(one) {
		t.Error("a new hash is stale")
	}
}

func TestAHashMadeElsewhereIsVerifiedWithItsOwnParametersAndIsStale(t *testing.T) {
	passwords := NewPasswords(1)
	// echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32, the reference implementation's own test vector
	const foreign = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if !must(passwords.Verify(t.Context(), foreign, "password"))(t) {
		t.Error("the reference implementation's hash does not match")
	}
	if !passwords.stale(foreign) {
		t.Error("a hash with other parameters is not stale")
	}
}

func TestAMalformedHashIsRefusedWithoutComputingAnything(t *testing.T) {
	derived := &derivations{}
	passwords := derived.count(NewPasswords(1))
	for _, hash := range []string{
		"", "plain", "$2b$10$abcdefghijklmnopqrstuv",
		"$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=16$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=19456,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=19456,t=2,p=0$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=19456,t=2,p=1,x=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$",
		"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$!!!",
	} {
		matches, err := passwords.Verify(t.Context(), hash, "password")
		if matches || !errors.Is(err, errMalformedHash) {
			t.Errorf("%q: matches %t, error %v", hash, matches, err)
		}
		if !passwords.stale(hash) {
			t.Errorf("%q is not stale", hash)
		}
	}
	if total, _ := derived.figures(); total != 0 {
		t.Errorf("%d keys derived", total)
	}
}

func TestOnlySoManyHashesAreComputedAtOnceAndTheRestIsTurnedAwayWhenTheQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		derived, finish := &derivations{}, make(chan struct{})
		passwords := NewPasswords(2)
		passwords.derive = func([]byte, []byte, parameters) []byte {
			<-finish
			return make([]byte, keyLength)
		}
		derived.count(passwords)

		var inside sync.WaitGroup
		for range cap(passwords.places) {
			inside.Go(func() {
				if err := passwords.verifyNobody(t.Context(), "x"); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait() // two compute, the others wait for them
		var limited *RateLimitedError
		if err := passwords.verifyNobody(t.Context(), "x"); !errors.As(err, &limited) || limited.RetryAfter <= 0 {
			t.Errorf("with a full queue: %v", err)
		}
		close(finish)
		inside.Wait()
		if total, top := derived.figures(); total != cap(passwords.places) || top != 2 {
			t.Errorf("%d computed, %d at once; want %d, 2", total, top, cap(passwords.places))
		}
		if err := passwords.verifyNobody(t.Context(), "x"); err != nil {
			t.Errorf("places were not given back: %v", err)
		}
	})
}

func TestWhoGivesUpWaitingLeavesTheQueue(t *testing.T) {
	passwords := NewPasswords(1)
	passwords.slots <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := passwords.verifyNobody(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(passwords.places) != 0 {
		t.Error("the place was not given back")
	}
}

func TestPasswordsKeepTheRules(t *testing.T) {
	for _, c := range []struct {
		name, password string
		want           models.FieldCode
	}{
		{"seven characters", "1234567", models.FieldTooShort},
		{"seven characters of several bytes", "ñññññññ", models.FieldTooShort},
		{"eight characters", "12345678", ""},
		{"two hundred", strings.Repeat("é", 200), ""},
		{"two hundred and one", strings.Repeat("e", 201), models.FieldTooLong},
		{"the e-mail", "ann@example.com", models.FieldInvalid},
		{"the e-mail in other letters", " ANN@example.COM", models.FieldInvalid},
		{"not UTF-8", "12345678\xff", models.FieldInvalid},
		{"empty", "", models.FieldTooShort},
	} {
		t.Run(c.name, func(t *testing.T) {
			refusedAs(t, CheckPassword(c.password, annEmail), "password", c.want)
		})
	}
}

func refusedAs(t *testing.T, err error, field string, code models.FieldCode) {
	t.Helper()
	var refused *FieldError
	switch {
	case code == "" && err != nil:
		t.Errorf("refused: %v", err)
	case code != "" && (!errors.As(err, &refused) || refused.Code != code || refused.Field != field):
		t.Errorf("got %v, want %s: %s", err, field, code)
	}
}
