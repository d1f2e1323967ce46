package funding

import (
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"gorm.io/gorm"

	"productgenerator/ledger"
	"productgenerator/payment"
)

// Options are what funding needs.
type Options struct {
	DB     *gorm.DB
	Pool   *pgxpool.Pool // the same database
	Ledger *ledger.Ledger
	// Provider takes the money of new purchases.
	Provider payment.Provider
	// Others took the money of earlier purchases, which are still followed.
	Others []payment.Provider
	// PublicURL is what links begin with: to a purchase's page, of a referral.
	PublicURL string
	// ObserveNotice hears what becomes of each notice that is delivered, and ObserveRepair what comparisons with the
	// providers' lists mend; nil: nobody does.
	ObserveNotice func(NoticeOutcome)
	ObserveRepair func(Repaired)
	Log           *slog.Logger // nil is silent
	// Now is the clock of waits; money goes by the database's.
	Now func() time.Time
}

// Funding brings tokens in. It is safe for concurrent use.
type Funding struct {
	db        *gorm.DB
	pool      *pgxpool.Pool
	ledger    *ledger.Ledger
	provider  payment.Provider
	providers map[string]payment.Provider // by name, the current one among them
	publicURL string
	log       *slog.Logger
	now       func() time.Time
	work      work
	rows      rows

	observeNotice func(NoticeOutcome)
	observeRepair func(Repaired)
}

// New is funding on that ledger. Nothing is due yet: Start does what is.
func New(o Options) *Funding {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	f := &Funding{
		db: o.DB, pool: o.Pool, ledger: o.Ledger, provider: o.Provider, providers: map[string]payment.Provider{},
		publicURL: strings.TrimRight(o.PublicURL, "/"), log: o.Log, now: o.Now, work: work{log: o.Log}, rows: newRows(),
		observeNotice: o.ObserveNotice, observeRepair: o.ObserveRepair,
	}
	if f.observeNotice == nil {
		f.observeNotice = func(NoticeOutcome) {}
	}
	if f.observeRepair == nil {
		f.observeRepair = func(Repaired) {}
	}
	for _, provider := range append(o.Others, o.Provider) {
		f.providers[provider.Name()] = provider
	}
	return f
}

// chores is all work that waits in tables.
func (f *Funding) chores() []chore {
	return []chore{
		{name: "auto top-up", do: f.topUpTeams},
		{name: "purchases", do: f.followPurchases},
		{name: "reward teams", do: f.rewardTeams},
		{name: "notices", do: f.processNotices},
		f.reconciliation(),
		f.retention(),
	}
}
