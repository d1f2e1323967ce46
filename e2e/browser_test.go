package e2e_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The pages' sources, with the scripts that handle them in a browser.
const pages = "../web/app"

func TestChromiumShowsTheHomePageOfTheRunningProgram(t *testing.T) {
	t.Parallel()
	p := start(t, embedded(t)...)
	runInChromium(t, "e2e/home.mjs", p.url())
	p.terminate()
}

func TestChromiumSeesInGraphiQLWhatAnAdministratorGivesToTheTeam(t *testing.T) {
	t.Parallel()
	p := start(t, append(embedded(t), administration()...)...)
	demo := p.signIn(demoEmail, password)
	product := demo.products(demo.team)[0]
	grant := func(key, event string) vars {
		return vars{
			"query": "mutation($input: GrantTokensInput!) { grantTokens(input: $input) { balance { available } userErrors { message } } }",
			"variables": input(vars{
				"teamId": demo.team, "tokens": 1_000, "source": "GIFT", "note": "seen live", "idempotencyKey": key,
			}),
			"event": event,
			"as":    vars{"email": adminEmail, "password": adminPassword},
		}
	}
	script := vars{
		"steps": []vars{
			{"name": "costs", "query": "{ operationCosts { operation tokens } }", "expect": "GENERATE_ALL"},
			{"name": "viewer", "query": "{\n  viewer {\n    name\n    memberships {\n      role\n      team {\n        name\n        balance {\n          available\n        }\n      }\n    }\n  }\n}", "expect": `"available": 1000`},
			{
				"name":      "generate-all",
				"query":     "mutation GenerateAll($input: GenerateInput!) {\n  generateAll(input: $input) {\n    generation {\n      id\n      status\n      reserved\n    }\n    balance {\n      available\n    }\n    userErrors {\n      message\n    }\n  }\n}",
				"variables": input(vars{"productId": product, "idempotencyKey": "from the playground"}),
				"expect":    `"available": 935`,
			},
		},
		"subscription": vars{
			"name":      "balance",
			"query":     "subscription Balance($teamId: ID!) {\n  balanceChanged(teamId: $teamId) {\n    version\n    available\n    status\n    statusReason\n  }\n}",
			"variables": vars{"teamId": demo.team},
			"expect":    `"available"`,
			"changes":   []vars{grant("one", `"available": 1935`), grant("two", `"available": 2935`)},
		},
	}
	content, err := json.Marshal(script)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "steps.json")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	runInChromium(t, "e2e/graphiql.mjs", p.url(), demoEmail, password, file)
	p.terminate()
}

// runInChromium runs one of the pages' browser scripts against the program's address, with further arguments and a
// folder for its screenshots, which "go test -artifacts" keeps.
func runInChromium(t *testing.T, script, address string, more ...string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(pages, "node_modules/playwright-core")); err != nil {
		t.Skip(`the browser's packages are missing: run "npm ci" in web/app`)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "node", append(append([]string{script, address}, more...), t.ArtifactDir())...)
	c.Dir = pages
	output, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, output)
	}
	t.Logf("%s", output)
}
