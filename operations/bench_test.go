package operations

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"productgenerator/models"
	"productgenerator/postgres/pgtest"
	"productgenerator/provider"
)

func noops(p *platform) Providers {
	return Providers{
		Texts:  provider.NewTexts(provider.TextLimits(), p.log, provider.Noop{}),
		Images: provider.NewImages(provider.SearchLimits(), p.log, provider.Noop{}),
		Prices: provider.NewPrices(provider.SearchLimits(), p.log, provider.Noop{}),
		Facts:  provider.NewFacts(provider.FactLimits(), p.log),
	}
}

// BenchmarkSettle is how many generations of four parts one process requests, runs and settles a second, its providers
// answering at once, on a database that waits for its disk.
func BenchmarkSettle(b *testing.B) {
	for _, workers := range []int{16, 64} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			p := platformOn(b, pgtest.NewDurableURL(b))
			works := p.processWith(noops(p), workers)
			var teams []*team
			for range 8 {
				teams = append(teams, p.team(1_000_000_000))
			}
			products := make([][]models.ProductID, len(teams))
			for i, tm := range teams {
				products[i] = tm.products(b.N/len(teams) + 1)
			}
			b.ResetTimer()
			var goes sync.WaitGroup
			for i, tm := range teams {
				goes.Go(func() {
					for _, product := range products[i][:b.N/len(teams)+1] {
						if _, _, err := works.Run(within(b), tm.request(product, models.OperationGenerateAll)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			goes.Wait()
			p.awaitSQL(`SELECT NOT EXISTS (SELECT FROM generations WHERE finished_at IS NULL)`)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "generations/s")
			stats := works.books.Stats()
			b.ReportMetric(float64(stats.Changes)/float64(b.N), "changes/generation")
			b.ReportMetric(float64(stats.Changes)/float64(stats.Transactions), "changes/transaction")
		})
	}
}

// BenchmarkWake is the time from a request on an idle process to the first call of a provider, and its answer's.
func BenchmarkWake(b *testing.B) {
	p := platformOn(b, pgtest.NewDurableURL(b))
	g := newGate()
	works, tm := p.process(behind(g), 4), p.team(1_000_000_000)
	products := tm.products(b.N)
	var accepted, reached time.Duration
	b.ResetTimer()
	for _, product := range products {
		begin := time.Now()
		tm.run(works, product, models.OperationSearchImages)
		accepted += time.Since(begin)
		<-g.arrived
		reached += time.Since(begin)
		g.open <- struct{}{}
	}
	b.ReportMetric(accepted.Seconds()*1000/float64(b.N), "ms-to-answer")
	b.ReportMetric(reached.Seconds()*1000/float64(b.N), "ms-to-provider")
}
