package resolvers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"productgenerator/auth"
	"productgenerator/bus"
	"productgenerator/catalog"
	"productgenerator/funding"
	"productgenerator/graph"
	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/operations"
	"productgenerator/payment"
	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
	"productgenerator/provider"
	"productgenerator/reports"
	"productgenerator/teams"
	"productgenerator/transport"
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

// patience is how long a test waits for what has to happen.
const patience = 30 * time.Second

const (
	adminEmail = "admin@example.com"
	password   = "correct horse battery staple"
)

// world is the API over HTTP on a database of its own.
type world struct {
	t        *testing.T
	db       *postgres.DB
	resolver *Resolver
	url      string
	log      *logged
	asked    *statements
}

// logged is what was written to the log.
type logged struct {
	mu   sync.Mutex // protects text
	text bytes.Buffer
}

func (l *logged) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, log: &logged{}, asked: &statements{}}
	w.db = pgtest.NewWith(t, postgres.Options{Tracer: w.asked})
	log := slog.New(slog.NewTextHandler(w.log, nil))
	signals := bus.NewMemory()
	books := ledger.New(w.db.Gorm, w.db.Pool, signals, ledger.Options{Cheapest: operations.CheapestCost, Log: log})
	t.Cleanup(books.Close)
	products := catalog.New(w.db.Gorm, time.Now)
	runs, err := operations.New(operations.Options{
		DB: w.db.Gorm, Pool: w.db.Pool, Ledger: books, Catalog: products, Signals: signals, Log: log, Now: time.Now,
		Providers: idleProviders(log),
	})
	if err != nil {
		t.Fatal(err)
	}
	balances := bus.NewFeed(signals, bus.FeedOptions[models.TeamID, models.Balance]{
		Read:  books.Balance,
		Newer: func(old, new models.Balance) bool { return new.Version > old.Version },
	})
	t.Cleanup(balances.Close)
	entries := bus.NewEvents(signals, bus.EventsOptions[models.TeamID, models.LedgerEntry]{
		Newest: books.NewestEntry, After: books.EntriesAfter, MaxBehind: MaxEntriesBehind,
		Sequence: func(e models.LedgerEntry) int64 { return e.Sequence },
	})
	t.Cleanup(entries.Close)
	warnings := bus.NewEvents(signals, bus.EventsOptions[models.TeamID, models.LimitWarning]{
		Newest: books.NewestWarning, After: books.WarningsAfter, MaxBehind: MaxWarningsBehind,
		Sequence: func(w models.LimitWarning) int64 { return w.Sequence },
	})
	t.Cleanup(warnings.Close)
	money := funding.New(funding.Options{
		DB: w.db.Gorm, Pool: w.db.Pool, Ledger: books, Provider: payment.NewInvoice(true), PublicURL: "http://shop.example/",
		Now: time.Now,
	})
	money.Start()
	t.Cleanup(money.Stop)
	purchases := bus.NewFeed(signals, bus.FeedOptions[models.PurchaseID, models.Purchase]{
		Read: money.PurchaseByID, Newer: funding.PurchaseChanged,
	})
	t.Cleanup(purchases.Close)
	passwords := auth.NewPasswords(2)
	sessions := auth.NewSessions(w.db.Gorm, time.Now)
	accounts := auth.NewAccounts(w.db.Gorm, passwords, sessions, time.Now)
	if err := accounts.EnsureAdministrator(t.Context(), adminEmail, password); err != nil {
		t.Fatal(err)
	}
	w.resolver = New(Deps{
		Accounts: accounts, Sessions: sessions, Passwords: passwords,
		Teams:  teams.New(w.db.Gorm, books, teams.Options{WelcomeTokens: 195, Now: time.Now}),
		Ledger: books, Catalog: products, Operations: runs, Funding: money, Balances: balances,
		Reports:   reports.New(w.db.Pool),
		Purchases: purchases, Entries: entries, Warnings: warnings,
		PublicURL: "http://shop.example/", FeedCurrency: "EUR", Log: log,
	})
	w.resolver.streams.every = 20 * time.Millisecond
	w.serve(sessions, log)
	return w
}

// idleProviders would serve everything; there are no workers to ask them.
func idleProviders(log *slog.Logger) operations.Providers {
	return operations.Providers{
		Texts:  provider.NewTexts(provider.TextLimits(), log, provider.Noop{}),
		Images: provider.NewImages(provider.SearchLimits(), log, provider.Noop{}),
		Prices: provider.NewPrices(provider.SearchLimits(), log, provider.Noop{}),
		Facts:  provider.NewFacts(provider.FactLimits(), log, provider.Noop{}),
	}
}

func (w *world) serve(sessions *auth.Sessions, log *slog.Logger) {
	server := httptest.NewUnstartedServer(nil)
	w.url = "http://" + server.Listener.Addr().String()
	origins, err := auth.NewOrigins(w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	gate := auth.NewGate(sessions, origins, log)
	api := transport.New(transport.Config{
		Schema: graph.NewExecutableSchema(graph.Config{Resolvers: w.resolver}), Logger: log,
		Present: w.resolver.Present, PerResponse: w.resolver.WithLoaders, Origins: origins.Ours,
		Init: gate.Init, Recheck: sessions.Recheck,
	})
	server.Config.Handler = gate.Handler(Language(api))
	server.Start()
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := api.Shutdown(ctx); err != nil {
			w.t.Error(err)
		}
		server.Close()
	})
}

// client is somebody who uses the API.
type client struct {
	*world
	token    string
	language string
	user     string // id
	team     string // id of the own team, if one signed up
}

func (w *world) anonymous() *client { return &client{world: w} }

// object is a JSON object.
type object = map[string]any

// answer is what the API said.
type answer struct {
	Data   object
	Errors []struct {
		Message    string
		Path       []any
		Extensions object
	}
	body string
}

func (c *client) post(accept, query string, variables object) *http.Response {
	c.t.Helper()
	body, err := json.Marshal(object{"query": query, "variables": variables})
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	c.t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", accept)
	request.Header.Set("Accept-Language", c.language)
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { response.Body.Close() })
	return response
}

// ask sends an operation and gives its answer, errors and all.
func (c *client) ask(query string, variables object) answer {
	c.t.Helper()
	body, err := io.ReadAll(c.post("application/json", query, variables).Body)
	if err != nil {
		c.t.Fatal(err)
	}
	a := answer{body: string(body)}
	if err := json.Unmarshal(body, &a); err != nil {
		c.t.Fatalf("%v: %s", err, body)
	}
	return a
}

// must is ask for what has to go through.
func (c *client) must(query string, variables object) object {
	c.t.Helper()
	a := c.ask(query, variables)
	if len(a.Errors) > 0 {
		c.t.Fatalf("%s\n%s", query, a.body)
	}
	return a.Data
}

// refused checks that the operation answers one error with that code.
func (c *client) refused(code, query string, variables object) answer {
	c.t.Helper()
	a := c.ask(query, variables)
	if len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != code {
		c.t.Errorf("%s\nwant %s, got %s", query, code, a.body)
	}
	return a
}

// at is the value at a path of names and places in a JSON value.
func at(value any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			fields, _ := value.(object)
			value = fields[step]
		case int:
			items, _ := value.([]any)
			if step >= len(items) {
				return nil
			}
			value = items[step]
		}
	}
	return value
}

func text(value any, path ...any) string {
	s, _ := at(value, path...).(string)
	return s
}

const signUp = `mutation($input: SignUpInput!) { signUp(input: $input) {
	token viewer { id memberships { team { id } } } userErrors { code message path }
} }`

// signUp is a new user with a team.
func (w *world) signUp(name string) *client {
	w.t.Helper()
	return w.signUpWith(object{"name": name, "email": name + "@example.com", "teamName": name + "'s team"})
}

func (w *world) signUpWith(input object) *client {
	w.t.Helper()
	input["password"] = password
	data := w.anonymous().must(signUp, object{"input": input})
	c := &client{
		world: w, token: text(data, "signUp", "token"), user: text(data, "signUp", "viewer", "id"),
		team: text(data, "signUp", "viewer", "memberships", 0, "team", "id"),
	}
	if c.token == "" {
		w.t.Fatalf("nobody signed up: %v", data)
	}
	return c
}

// administrator is the platform's.
func (w *world) administrator() *client {
	w.t.Helper()
	data := w.anonymous().must(`mutation($i: SignInInput!) { signIn(input: $i) { token viewer { id } } }`,
		object{"i": object{"email": adminEmail, "password": password}})
	return &client{world: w, token: text(data, "signIn", "token"), user: text(data, "signIn", "viewer", "id")}
}

// member is a new user in the client's team.
func (c *client) member(name, role string) *client {
	c.t.Helper()
	data := c.must(`mutation($i: InviteMemberInput!) { inviteMember(input: $i) { token } }`,
		object{"i": object{"teamId": c.team, "email": name + "@example.com", "role": role}})
	return c.signUpWith(object{
		"name": name, "email": name + "@example.com", "invitationToken": text(data, "inviteMember", "token"),
	})
}

// grant gives tokens to a team as the platform's administrator.
func (w *world) grant(team string, tokens int) string {
	w.t.Helper()
	data := w.administrator().must(`mutation($i: GrantTokensInput!) { grantTokens(input: $i) { grant { id } } }`,
		object{"i": object{
			"teamId": team, "tokens": tokens, "source": "EVENT", "note": "a prize", "idempotencyKey": team + fmt.Sprint(tokens),
		}})
	return text(data, "grantTokens", "grant", "id")
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Pool.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

func wantJSON(t *testing.T, got any, want string) {
	t.Helper()
	var expected any
	if err := json.Unmarshal([]byte(want), &expected); err != nil {
		t.Fatalf("%v: %s", err, want)
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func mustContain(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in: %s", part, text)
		}
	}
}
