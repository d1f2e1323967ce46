package notify

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"productgenerator/postgres/pgtest"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(victimURL); url != "" {
		os.Exit(runVictim(url))
	}
	code := pgtest.Run(m)
	// Every test has stopped its notifiers and servers: whatever runs now has no owner.
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}
