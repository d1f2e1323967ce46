package operations

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"productgenerator/bus"
	"productgenerator/catalog"
	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/postgres"
	"productgenerator/provider"
)

// victimURL names the environment variable that makes the test binary a process that works jobs off until it is
// killed.
const victimURL = "OPERATIONS_VICTIM_URL"

// dawdling is a studio that takes a few milliseconds for each part, and writes texts bit by bit.
func dawdling() *studio {
	whole := &studio{}
	dawdle := func(ctx context.Context) error {
		timer := time.NewTimer(time.Duration(5+rand.IntN(40)) * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return &provider.Error{Provider: "studio", Kind: provider.TimedOut, Err: ctx.Err()}
		}
	}
	return &studio{
		write: func(ctx context.Context, r provider.TextRequest, emit func(string)) (provider.Text, error) {
			emit("so far")
			if err := dawdle(ctx); err != nil {
				return provider.Text{}, err
			}
			return whole.WriteText(ctx, r, emit)
		},
		images: func(ctx context.Context, q provider.ImageQuery) ([]provider.Image, error) {
			if err := dawdle(ctx); err != nil {
				return nil, err
			}
			return whole.FindImages(ctx, q)
		},
		prices: func(ctx context.Context, q provider.PriceQuery) ([]provider.Offer, error) {
			if err := dawdle(ctx); err != nil {
				return nil, err
			}
			return whole.FindPrices(ctx, q)
		},
	}
}

// runVictim works jobs off until it is killed, or until its standard input ends because whoever started it is gone.
func runVictim(url string) int {
	ctx := context.Background()
	db, err := postgres.Open(ctx, url, postgres.Options{AllowUnsafe: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	log, signals := slog.New(slog.DiscardHandler), bus.NewMemory()
	books := ledger.New(db.Gorm, db.Pool, signals, ledger.Options{Cheapest: CheapestCost, Log: log})
	ops, err := New(Options{
		DB: db.Gorm, Pool: db.Pool, Ledger: books, Catalog: catalog.New(db.Gorm, time.Now),
		Providers: dawdling().providers(quickLimits()), Signals: signals, Log: log, Workers: 6, Now: time.Now,
	})
	if err == nil {
		err = ops.Start(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	return 0
}

// victim starts a process that can be killed.
func (p *platform) victim() *exec.Cmd {
	p.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimURL+"="+p.url)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		p.t.Fatalf("the victim said %q: %v", line, err)
	}
	return cmd
}

func TestProcessesKilledInTheMiddleOfPartsLoseAndDoubleNothing(t *testing.T) {
	p := newPlatform(t)
	const generations, kills = 120, 2
	tm, desk := p.team(generations*65), p.process(&studio{}, 0)
	var ids []models.GenerationID
	for _, product := range tm.products(generations) {
		ids = append(ids, tm.run(desk, product, models.OperationGenerateAll).ID)
	}
	for kill := 1; kill <= kills; kill++ {
		victim := p.victim()
		p.awaitSQL(`SELECT count(*) >= $1 FROM generation_parts WHERE status = 'SUCCEEDED'`, kill*generations)
		if err := victim.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = victim.Wait()
		p.forgetTheDead()
		tm.check()
		desk.sweep()
	}
	t.Logf("killed in the middle of %d generations", one[int](p, `SELECT count(*) FROM generations WHERE finished_at IS NULL AND attempts > 0`))
	works := p.process(&studio{}, 4)
	interrupted := 0
	for _, id := range ids {
		done := works.finished(id)
		want(t, "status", done.Status, models.GenerationSucceeded)
		if done.Attempts > 1 {
			interrupted++
		}
		for _, part := range done.Parts {
			want(t, "stored", stored(p, id, part.Part), rowsOf(part.Part))
		}
	}
	if interrupted == 0 {
		t.Error("no generation was interrupted: the test has shown nothing")
	}
	tm.holds(0, 0)
	want(t, "lines", one[int](p, `SELECT count(*) FROM ledger_entries WHERE kind = 'CAPTURE'`), generations*4)
}

// rowsOf is how many rows the studio's answer for a part makes.
func rowsOf(part models.Part) int {
	if part == models.PartImages {
		return 2
	}
	return 1
}

// forgetTheDead lets as much time pass as it takes until everybody sees that a process is gone.
func (p *platform) forgetTheDead() {
	p.t.Helper()
	p.exec(`UPDATE generations SET lease_until = clock_timestamp() - interval '1 second' WHERE lease_until IS NOT NULL`)
	p.exec(`UPDATE generations SET created_at = created_at - interval '1 minute'`)
	p.exec(`UPDATE river_job SET attempted_at = attempted_at - interval '2 minutes' WHERE state = 'running'`)
}
