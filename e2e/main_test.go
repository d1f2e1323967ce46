package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"productgenerator/postgres/pgtest"
)

// patience is how long a test waits for what must happen, on a machine that does much else.
const patience = 60 * time.Second

// program is the path of the program under test.
var program = flag.String("program", "", "the program to test; empty: built from the sources")

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	flag.Parse()
	if *program == "" {
		dir, err := os.MkdirTemp("", "e2e-*")
		if err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
			return 1
		}
		defer os.RemoveAll(dir)
		*program = filepath.Join(dir, "productgenerator")
		if out, err := exec.Command("go", "build", "-o", *program, "..").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "e2e: build the program: %v\n%s", err, out)
			return 1
		}
	}
	return pgtest.Run(m)
}
