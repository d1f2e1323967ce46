package web

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The stand-in's account and team, see app/e2e/fake-api.mjs.
const (
	email    = "ada@example.com"
	password = "correct horse battery"
	team     = "team_01"
)

func TestChromiumShowsTheHomePageWithNothingButThisServer(t *testing.T) {
	runInChromium(t, "e2e/home.mjs", serve(t))
}

func TestChromiumRunsQueriesMutationsAndSubscriptionsInGraphiQL(t *testing.T) {
	type object = map[string]any
	grant := object{
		"query":     `mutation($input: GrantTokensInput!) { grantTokens(input: $input) { balance { available } } }`,
		"variables": object{"input": object{"teamId": team, "tokens": 1000}},
	}
	change := func(event string) object {
		return object{"query": grant["query"], "variables": grant["variables"], "event": event}
	}
	steps := object{
		"steps": []object{
			{"name": "costs", "query": "{ operationCosts { operation tokens } }", "expect": "GENERATE_ALL"},
			{"name": "viewer", "query": "{ viewer { name email } }", "expect": email},
			{"name": "grant", "query": grant["query"], "variables": grant["variables"], "expect": `"available": 1195`},
		},
		"subscription": object{
			"name":      "balance",
			"query":     "subscription Balance($teamId: ID!) {\n  balanceChanged(teamId: $teamId) {\n    version\n    available\n    status\n  }\n}",
			"variables": object{"teamId": team},
			"expect":    `"available"`,
			"changes":   []object{change(`"available": 2195`), change(`"available": 3195`)},
		},
	}
	content, err := json.Marshal(steps)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "steps.json")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	runInChromium(t, "e2e/graphiql.mjs", serve(t), email, password, file)
}

// serve mounts the pages as the program does, beside a stand-in for the API, and returns their address.
func serve(t *testing.T) string {
	t.Helper()
	api := httputil.NewSingleHostReverseProxy(startFakeAPI(t))
	mux := http.NewServeMux()
	mux.Handle("/", Home())
	mux.Handle("/graphiql", GraphiQL())
	mux.Handle("/graphiql/", GraphiQL())
	mux.Handle("/graphql", api)
	mux.Handle("/readyz", api)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// startFakeAPI runs app/e2e/fake-api.mjs until the test ends, and returns the address that it prints.
func startFakeAPI(t *testing.T) *url.URL {
	t.Helper()
	command := node(t, context.Background(), "e2e/fake-api.mjs")
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close() // which ends it
		_ = command.Wait()
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatalf("the stand-in for the API did not start: %v", err)
	}
	address, err := url.Parse(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// runInChromium runs one of the browser scripts of app/e2e with the server's address, further arguments, and a folder
// for its screenshots, which "go test -artifacts" keeps.
func runInChromium(t *testing.T, script, address string, more ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	arguments := append([]string{script, address}, more...)
	output, err := node(t, ctx, append(arguments, t.ArtifactDir())...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, output)
	}
	t.Logf("%s", output)
}

// node prepares a run of Node in web/app. It skips the test where its packages are not installed.
func node(t *testing.T, ctx context.Context, arguments ...string) *exec.Cmd {
	t.Helper()
	if _, err := os.Stat("app/node_modules/playwright-core"); err != nil {
		t.Skip(`the browser's packages are missing: run "npm ci" in web/app`)
	}
	command := exec.CommandContext(ctx, "node", arguments...)
	command.Dir = "app"
	return command
}
