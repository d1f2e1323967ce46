package e2e_test

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"

	"productgenerator/postgres/pgtest"
)

// delivering is the settings of a process whose providers deliver at once, and always.
func delivering() []string {
	return []string{"TEXT_PROVIDERS=noop", "IMAGE_PROVIDERS=noop", "PRICE_PROVIDERS=noop", "FACT_PROVIDERS=noop"}
}

// startTwo starts two processes on a fresh database, and returns its setting with them.
func startTwo(t *testing.T, settings ...string) (a, b *process, database string) {
	t.Helper()
	database = "DATABASE_URL=" + pgtest.NewDurableURL(t)
	settings = append(settings, database)
	return start(t, settings...), start(t, settings...), database
}

func TestTwoProcessesAcceptNoMoreThanTheTokensPay(t *testing.T) {
	t.Parallel()
	const requests, paid = 64, 5
	a, b, database := startTwo(t, append(delivering(), fmt.Sprintf("WELCOME_TOKENS=%d", paid*65+20))...)
	ada := a.signUp("Ada", "")
	products := ada.createProducts(requests)
	balances := ada.at(b).watchBalance(ada.team)
	until(balances, func(balanceEvent) bool { return true })

	at := []*user{ada, ada.at(b)}
	answers := make([]generated, requests)
	together(t, requests, func(i int) { answers[i] = at[i%2].generate(products[i], fmt.Sprint("key ", i)) })

	accepted := 0
	for _, answer := range answers {
		switch {
		case answer.Generation != nil:
			accepted++
		case len(answer.UserErrors) != 1 || answer.UserErrors[0].Type != "InsufficientTokensError" ||
			answer.UserErrors[0].Required != 65 || answer.UserErrors[0].ShortBy != 65-answer.UserErrors[0].Available:
			t.Errorf("refused with %+v", answer.UserErrors)
		}
	}
	if accepted != paid {
		t.Errorf("%d of %d requests were accepted, the tokens pay %d", accepted, requests, paid)
	}
	version := int64(0)
	last, _ := until(balances, func(e balanceEvent) bool {
		if e.BalanceChanged.Version <= version {
			t.Errorf("version %d came after version %d", e.BalanceChanged.Version, version)
		}
		version = e.BalanceChanged.Version
		return e.BalanceChanged.Reserved == 0 && e.BalanceChanged.Available == 20
	})
	if now := ada.readBalance(ada.team); now != last.BalanceChanged {
		t.Errorf("the other process showed %+v in the end, it is %+v", last.BalanceChanged, now)
	}
	checkBooks(t, database)
}

func TestAProductThatIsBeingGeneratedRefusesEverySecondRequest(t *testing.T) {
	t.Parallel()
	const requests = 64
	a, b, database := startTwo(t, "WORKERS=0") // nothing is finished
	ada := a.signUp("Ada", "")
	product := ada.createProduct("Tent")
	at := []*user{ada, ada.at(b)}
	answers := make([]generated, requests)
	together(t, requests, func(i int) { answers[i] = at[i%2].generate(product, fmt.Sprint("key ", i)) })

	accepted := ""
	for _, answer := range answers {
		if answer.Generation != nil {
			if accepted != "" {
				t.Errorf("%s and %s were both accepted", accepted, answer.Generation.ID)
			}
			accepted = answer.Generation.ID
		}
	}
	for _, answer := range answers {
		if answer.Generation != nil {
			continue
		}
		refused := answer.UserErrors
		if len(refused) == 0 || refused[0].Type != "ConflictError" || refused[0].Code != "ALREADY_RUNNING" ||
			refused[0].ConflictsWith == nil || refused[0].ConflictsWith.ID != accepted {
			t.Fatalf("refused with %+v, while %s runs", refused, accepted)
		}
	}
	checkBooks(t, database)

	c := start(t, append(delivering(), database)...) // who takes over what nobody works on
	if finished := ada.at(c).awaitFinished(accepted); finished.Captured != 65 {
		t.Errorf("it ended as %+v", finished)
	}
	checkBooks(t, database)
}

func TestAnIdempotencyKeyHasOneEffectAcrossProcesses(t *testing.T) {
	t.Parallel()
	a, b, database := startTwo(t, append(append(delivering(), administration()...), "WELCOME_TOKENS=70")...)
	ada := a.signUp("Ada", "")
	at := []*user{ada, ada.at(b)}
	products := ada.createProducts(2)

	answers := make([]generated, 8)
	together(t, len(answers), func(i int) { answers[i] = at[i%2].generate(products[0], "one press") })
	for _, answer := range answers {
		if answer.Generation == nil || answer.Generation.ID != answers[0].Generation.ID {
			t.Fatalf("one press gave %+v and %+v", answers[0], answer)
		}
	}
	first := ada.awaitFinished(answers[0].Generation.ID)
	if spent := ada.readBalance(ada.team); spent.Available != 5 {
		t.Errorf("one press spent 70 down to %+v", spent)
	}
	if again := at[1].generate(products[0], "one press"); again.Generation == nil || again.Generation.ID != first.ID ||
		again.Generation.Status != first.Status || again.Balance.Available != 5 {
		t.Errorf("the same key later: %+v", again)
	}

	for name, fields := range map[string]vars{
		"another product":  {"productId": products[1], "idempotencyKey": "one press"},
		"another language": {"productId": products[0], "idempotencyKey": "one press", "language": "es"},
	} {
		refused := at[1].generateWith(fields)
		if len(refused.UserErrors) != 1 || refused.UserErrors[0].Type != "IdempotencyConflictError" || refused.Generation != nil {
			t.Errorf("%s with the same key: %+v", name, refused)
		}
	}
	if other := ada.search(products[0], "one press"); len(other.UserErrors) != 1 || other.UserErrors[0].Code != "IDEMPOTENCY_CONFLICT" {
		t.Errorf("another mutation with the same key: %+v", other)
	}

	poor := ada.generate(products[1], "too poor")
	if len(poor.UserErrors) != 1 || poor.UserErrors[0].Code != "INSUFFICIENT_TOKENS" {
		t.Fatalf("with 5 tokens: %+v", poor)
	}
	root := a.administrator()
	granted := root.grant(ada.team, 100, "a gift")
	if again := root.at(b).grant(ada.team, 100, "a gift"); granted.Available != 105 || again.Available != 105 {
		t.Errorf("the same gift twice: %+v, then %+v", granted, again)
	}
	if still := at[1].generate(products[1], "too poor"); len(still.UserErrors) != 1 || still.UserErrors[0].Code != "INSUFFICIENT_TOKENS" {
		t.Errorf("a key that was refused, after the grant: %+v", still)
	}
	rich := at[1].generate(products[1], "rich enough")
	if rich.Generation == nil {
		t.Fatalf("a new key, after the grant: %+v", rich)
	}
	ada.awaitFinished(rich.Generation.ID)
	checkBooks(t, database)
}

func TestProcessesThatStartAtOnceOnAnEmptyDatabaseAllServe(t *testing.T) {
	t.Parallel()
	settings := append(administration(), "DATABASE_URL="+newEmptyDatabase(t))
	processes := make([]*process, 3)
	for i := range processes {
		processes[i] = begin(t, settings...)
	}
	for _, p := range processes {
		p.awaitReady()
		if root := p.administrator(); root.token == "" {
			t.Errorf("%s knows no administrator", p.address)
		}
	}
	checkBooks(t, settings...)
}

// newEmptyDatabase makes a database without a schema on a server with production's settings.
func newEmptyDatabase(t *testing.T) string {
	t.Helper()
	beside, err := url.Parse(pgtest.NewDurableURL(t))
	if err != nil {
		t.Fatal(err)
	}
	execSQL(t, beside.String(), "CREATE DATABASE empty_at_first")
	t.Cleanup(func() { execSQL(t, beside.String(), "DROP DATABASE empty_at_first WITH (FORCE)") })
	empty := *beside
	empty.Path = "/empty_at_first"
	return empty.String()
}

// execSQL runs statements on a database behind the program's back.
func execSQL(t testing.TB, database string, statements ...string) {
	t.Helper()
	if err := tryExec(t, database, statements...); err != nil {
		t.Fatal(err)
	}
}

// tryExec is execSQL for what the database may refuse.
func tryExec(t testing.TB, database string, statements ...string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience) // also while the test is cleaned up
	defer cancel()
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
