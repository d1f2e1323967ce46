package e2e_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"productgenerator/postgres/pgtest"
)

func TestStoppingUnderLoadLosesNothing(t *testing.T) {
	t.Parallel()
	const clients = 8
	url := pgtest.NewDurableURL(t)
	settings := append(administration(), "DATABASE_URL="+url)
	p := start(t, append(settings, "LOCAL_PACE=500ms")...)
	ada := p.signUp("Ada", "")
	root := p.administrator()
	root.allow(ada.team, -1)
	root.grant(ada.team, 1_000_000, "plenty")
	products := make([][]string, clients)
	for i := range products {
		products[i] = ada.createProducts(40)
	}
	socket := ada.watchBalance(ada.team)
	events := ada.watchEvents(balanceChanged, vars{"teamId": ada.team})
	next[balanceEvent](socket)
	next[balanceEvent](events)

	var accepted atomic.Int64
	together(t, clients+1, func(i int) {
		if i == clients {
			await(t, "there is load", func() bool { return accepted.Load() >= 3*clients })
			p.terminate()
			return
		}
		for _, product := range products[i] {
			answer, err := ada.try(generateAll, input(vars{"productId": product, "idempotencyKey": product}))
			if err != nil || answer.status == 503 {
				return // it is gone, or takes no more
			}
			if answer.status != 200 || len(answer.Errors) > 0 {
				t.Errorf("a request while stopping: %d %s", answer.status, answer.body)
			}
			accepted.Add(1)
		}
	})
	if ended := socket.end(); ended.code != 1001 {
		t.Errorf("the socket ended with %+v", ended)
	}
	if ended := events.end(); len(ended.errors) == 0 {
		t.Errorf("the events ended with %+v", ended)
	}

	if stored := count(t, url, "SELECT count(*) FROM generations"); stored < accepted.Load() {
		t.Errorf("%d generations were accepted, %d are stored", accepted.Load(), stored)
	}
	if running := count(t, url, "SELECT count(*) FROM generations WHERE status = 'RUNNING'"); running != 0 {
		t.Errorf("%d generations are left with a worker that is gone", running)
	}
	checkBooks(t, settings...)

	p = start(t, append(settings, "LOCAL_PACE=0s")...)
	ada = ada.at(p)
	until(ada.watchBalance(ada.team), func(e balanceEvent) bool { return e.BalanceChanged.Reserved == 0 })
	t.Logf("%d generations were accepted and finished", accepted.Load())
	if failed := count(t, url, "SELECT count(*) FROM generations WHERE status NOT IN ('SUCCEEDED', 'PARTIALLY_SUCCEEDED')"); failed != 0 {
		t.Errorf("%d generations did not survive the stop", failed)
	}
	checkBooks(t, settings...)
}

// count is the one number that a query on a database gives.
func count(t testing.TB, database, query string) (number int64) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), query).Scan(&number); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return number
}

func TestAKilledDatabaseComesBackWithAllThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	settings := append(append(embedded(t), delivering()...), administration()...)
	p := start(t, settings...)
	demo := p.signIn(demoEmail, password)
	root := p.administrator()
	root.allow(demo.team, -1)
	root.grant(demo.team, 100_000, "plenty")
	products := demo.products(demo.team)
	balances := demo.watchBalance(demo.team)
	next[balanceEvent](balances)

	acknowledged := map[string]bool{} // generations
	for round := range 2 {
		for i, product := range products {
			run := demo.insist(product, fmt.Sprint(round, product))
			acknowledged[run.ID] = true
			if i == len(products)/2 {
				killDatabase(t, settings[0])
			}
			await(t, "generation "+run.ID+" is finished", func() bool {
				answer, err := demo.try("query($id: ID!) { generation(id: $id) { finishedAt } }", vars{"id": run.ID})
				return err == nil && strings.Contains(string(answer.Data), `"finishedAt":"`)
			})
		}
	}
	if len(acknowledged) != 2*len(products) {
		t.Errorf("%d keys made %d generations", 2*len(products), len(acknowledged))
	}
	for id := range acknowledged {
		if read := demo.readGeneration(id); read.Captured != 10 {
			t.Errorf("an acknowledged generation became %+v", read)
		}
	}
	now := demo.readBalance(demo.team)
	if want := 101_000 - 10*int64(len(acknowledged)); now.Available != want || now.Reserved != 0 {
		t.Errorf("%d generations left %+v, want %d available", len(acknowledged), now, want)
	}
	until(balances, func(e balanceEvent) bool { return e.BalanceChanged == now }) // the socket has lived through it
	checkBooks(t, settings...)
	p.terminate()
}

// insist runs the cheapest operation on a product as a careful client does while the database comes and goes: with the
// same key again until there is an answer.
func (u *user) insist(product, key string) (run generation) {
	u.t.Helper()
	await(u.t, "there is an answer", func() bool {
		answer, err := u.try(searchImages, input(vars{"productId": product, "idempotencyKey": key}))
		if err != nil || answer.status != 200 || len(answer.Errors) > 0 {
			return false
		}
		answered := dataOf[struct{ Run generated }](u.client, searchImages, answer).Run
		if answered.Generation == nil {
			u.t.Fatalf("refused: %+v", answered.UserErrors)
		}
		run = *answered.Generation
		return true
	})
	return run
}

// killDatabase ends the embedded server of a process as kill -9 does, and waits until another runs.
func killDatabase(t *testing.T, dataDir string) {
	t.Helper()
	dir := strings.TrimPrefix(dataDir, "DATA_DIR=")
	killed := databasePID(t, dir)
	if killed == 0 {
		t.Fatal("the database's process is not known")
	}
	began := time.Now()
	if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, "another database runs", func() bool {
		pid := databasePID(t, dir)
		return pid != 0 && pid != killed
	})
	t.Logf("another database was started %s after the first was killed", since(began))
}

func TestTheProgramTellsHowItIs(t *testing.T) {
	t.Parallel()
	p := start(t, append(delivering(), "DATABASE_URL="+pgtest.NewDurableURL(t))...)
	ada := p.signUp("Ada", "")
	ada.awaitFinished(ada.generate(ada.createProduct("Tent"), "counted").Generation.ID)
	for path, want := range map[string]string{
		"/healthz":  "alive",
		"/readyz":   "ready",
		"/metrics":  "productgenerator_ledger_transactions_total",
		"/":         "Product Generator",
		"/graphiql": "graphiql",
		"/no/such":  "",
		"/graphql":  "",
		"/.env":     "",
		"/debug/":   "",
	} {
		status, body := p.get(path)
		if want != "" && (status != 200 || !strings.Contains(body, want)) || want == "" && (status < 400 || status > 499) {
			t.Errorf("%s: %d %.200s", path, status, body)
		}
	}
	if _, metrics := p.get("/metrics"); strings.Contains(metrics, ada.email) || strings.Contains(metrics, ada.team) {
		t.Error("the metrics name people or teams")
	}
	if log := p.output.String(); strings.Contains(log, password) || strings.Contains(log, ada.token) {
		t.Errorf("the log holds a secret:\n%s", log)
	}
}

func TestCheckFindsPlantedCorruption(t *testing.T) {
	t.Parallel()
	url := pgtest.NewDurableURL(t)
	settings := append(delivering(), "DATABASE_URL="+url)
	p := start(t, settings...)
	ada := p.signUp("Ada", "")
	ada.awaitFinished(ada.generate(ada.createProduct("Tent"), "corrupted").Generation.ID)
	p.terminate()
	checkBooks(t, settings...)

	if err := tryExec(t, url, "UPDATE ledger_entries SET tokens = 0 WHERE sequence = 1"); err == nil || !strings.Contains(err.Error(), "never updated") {
		t.Errorf("the database let a ledger line be changed: %v", err)
	}
	for _, plant := range []struct{ corrupt, mend string }{
		{"UPDATE balances SET available = available + 1", "UPDATE balances SET available = available - 1"},
		{"UPDATE balances SET reserved = reserved + 1", "UPDATE balances SET reserved = reserved - 1"},
		{"UPDATE grants SET remaining = remaining + 1, consumed = consumed - 1", "UPDATE grants SET remaining = remaining - 1, consumed = consumed + 1"},
		{"UPDATE balances SET version = 1", "UPDATE balances SET version = (SELECT max(balance_version) FROM ledger_entries)"},
		{"UPDATE member_usage SET used = used - 1", "UPDATE member_usage SET used = used + 1"},
	} {
		execSQL(t, url, plant.corrupt)
		found := execute(t, "check", settings...)
		if found.exit != 1 || !strings.Contains(found.stdout, "BROKEN  "+ada.team+": ") {
			t.Errorf("%s: exit %d\n%s%s", plant.corrupt, found.exit, found.stdout, found.stderr)
		}
		execSQL(t, url, plant.mend)
	}
	checkBooks(t, settings...)
}
