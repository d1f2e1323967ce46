package reports

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"productgenerator/postgres/pgtest"
)

func TestMain(m *testing.M) {
	code := pgtest.Run(m)
	// The servers have stopped and every test has closed what it opened: whatever runs now has no owner.
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}
