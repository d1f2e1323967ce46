package funding

import (
	"testing"
	"time"

	"productgenerator/models"
	"productgenerator/payment"
)

// monthBegan is when the month of a plan begins, which is set two weeks later, a week ago.
func monthBegan() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }

func setAt() time.Time { return monthBegan().AddDate(0, 0, 14) }

// automaticPurchase is one for 900 cents that auto top-up made after it was set.
func automaticPurchase(alter func(*recentPurchase)) recentPurchase {
	p := recentPurchase{
		Automatic: true, Status: models.PurchasePaid, PriceMinor: 900, Currency: "EUR",
		CreatedAt: setAt().Add(time.Hour), UpdatedAt: setAt().Add(2 * time.Hour),
	}
	alter(&p)
	return p
}

func ofStatus(status models.PurchaseStatus) func(*recentPurchase) {
	return func(p *recentPurchase) { p.Status = status }
}

// planned is the plan of a team that has bought that: it buys for 900 cents, and for 1,800 a month.
func planned(bought ...recentPurchase) topUpPlan {
	return topUpPlan{
		setting: models.AutoTopUp{Enabled: true, MonthlyCapMinor: 1_800, UpdatedAt: setAt()},
		chosen:  &models.TokenPackage{PriceMinor: 900, Currency: "EUR"}, method: &models.SavedMethod{}, bought: bought,
	}
}

func TestTheCapCountsWhatWasBoughtAutomaticallyThisMonth(t *testing.T) {
	at := func(at time.Time) func(*recentPurchase) { return func(p *recentPurchase) { p.CreatedAt = at } }
	for name, test := range map[string]struct {
		alter func(*recentPurchase)
		spent int64
	}{
		"paid":                  {ofStatus(models.PurchasePaid), 900},
		"pending":               {ofStatus(models.PurchasePending), 900},
		"paid back":             {ofStatus(models.PurchaseRefunded), 900},
		"failed":                {ofStatus(models.PurchaseFailed), 0},
		"called off":            {ofStatus(models.PurchaseCancelled), 0},
		"expired":               {ofStatus(models.PurchaseExpired), 0},
		"when the month began":  {at(monthBegan()), 900},
		"before the month":      {at(monthBegan().Add(-time.Microsecond)), 0},
		"by somebody":           {func(p *recentPurchase) { p.Automatic = false }, 0},
		"in another's currency": {func(p *recentPurchase) { p.Currency = "USD" }, 0},
	} {
		plan := planned(automaticPurchase(test.alter), automaticPurchase(ofStatus(models.PurchasePaid)))
		if spent := plan.spentSince(monthBegan()); spent != test.spent+900 {
			t.Errorf("%s: %d of it are spent", name, spent-900)
		}
		if plan.capReached(monthBegan()) != (test.spent > 0) {
			t.Errorf("%s: the cap is reached: %t", name, test.spent == 0)
		}
	}
}

func TestAPauseIsShownWithItsFirstReason(t *testing.T) {
	capped := []recentPurchase{automaticPurchase(ofStatus(models.PurchasePaid)), automaticPurchase(ofStatus(models.PurchasePaid))}
	for _, test := range []struct {
		name  string
		alter func(*topUpPlan)
		want  models.TopUpPause
	}{
		{"none", func(*topUpPlan) {}, ""},
		{"switched off", func(p *topUpPlan) { p.setting.Enabled, p.method, p.bought = false, nil, capped }, ""},
		{"paused", func(p *topUpPlan) {
			p.setting.PausedReason, p.method = new(models.PausedDeclined), nil
		}, models.PausedDeclined},
		{"nothing to charge", func(p *topUpPlan) { p.method, p.bought = nil, capped }, models.PausedNoSavedMethod},
		{"the cap is reached", func(p *topUpPlan) { p.bought = capped }, models.PausedMonthlyCap},
		{"no package", func(p *topUpPlan) { p.chosen, p.bought = nil, capped }, ""},
	} {
		plan := planned()
		test.alter(&plan)
		if got := deref(plan.pause(monthBegan())); got != test.want {
			t.Errorf("%s: %q", test.name, got)
		}
	}
}

func TestMishapsSinceItWasSetPause(t *testing.T) {
	failed := func(code string) func(*recentPurchase) {
		return func(p *recentPurchase) { p.Status, p.Failure = models.PurchaseFailed, &code }
	}
	both := func(alter ...func(*recentPurchase)) func(*recentPurchase) {
		return func(p *recentPurchase) {
			for _, change := range alter {
				change(p)
			}
		}
	}
	bySomebody := func(p *recentPurchase) { p.Automatic = false }
	before := func(p *recentPurchase) {
		p.CreatedAt, p.UpdatedAt = setAt().Add(-time.Hour), setAt()
	}
	for name, test := range map[string]struct {
		alter func(*recentPurchase)
		want  models.TopUpPause
	}{
		"paid":                               {ofStatus(models.PurchasePaid), ""},
		"pending":                            {ofStatus(models.PurchasePending), ""},
		"disputed":                           {ofStatus(models.PurchaseDisputed), models.PausedMoneyBack},
		"paid back":                          {ofStatus(models.PurchaseRefunded), models.PausedMoneyBack},
		"paid back in part":                  {ofStatus(models.PurchasePartiallyRefunded), models.PausedMoneyBack},
		"somebody's, paid back":              {both(ofStatus(models.PurchaseRefunded), bySomebody), models.PausedMoneyBack},
		"paid back before":                   {both(ofStatus(models.PurchaseRefunded), before), ""},
		"declined":                           {failed("expired_card"), models.PausedDeclined},
		"failed without a reason":            {ofStatus(models.PurchaseFailed), models.PausedDeclined},
		"expired":                            {ofStatus(models.PurchaseExpired), models.PausedDeclined},
		"called off":                         {ofStatus(models.PurchaseCancelled), models.PausedDeclined},
		"refused by the provider":            {failed(failureRefused), models.PausedRefused},
		"not answered by the provider":       {failed(failureUnreachable), models.PausedRefused},
		"declined before":                    {both(failed("expired_card"), before), ""},
		"declined when it was set":           {both(failed("expired_card"), func(p *recentPurchase) { p.CreatedAt = setAt() }), models.PausedDeclined},
		"somebody's, declined":               {both(failed("expired_card"), bySomebody), ""},
		"somebody's, refused by a provider":  {both(failed(failureRefused), bySomebody), ""},
		"somebody's, expired":                {both(ofStatus(models.PurchaseExpired), bySomebody), ""},
		"begun before and paid back after":   {both(ofStatus(models.PurchaseRefunded), func(p *recentPurchase) { p.CreatedAt = monthBegan() }), models.PausedMoneyBack},
		"paid back in the moment of setting": {both(ofStatus(models.PurchaseRefunded), func(p *recentPurchase) { p.UpdatedAt = setAt() }), ""},
	} {
		plan := planned(automaticPurchase(ofStatus(models.PurchasePaid)), automaticPurchase(test.alter))
		if got, happened := plan.mishap(); got != test.want || happened != (test.want != "") {
			t.Errorf("%s: %q, %t", name, got, happened)
		}
	}
}

func TestTheNextPurchaseWaitsForTheOneBeforeForAMinuteAndForTheEndOfARest(t *testing.T) {
	now := setAt().AddDate(0, 0, 7)
	begun := func(ago time.Duration, status models.PurchaseStatus) func(*recentPurchase) {
		return func(p *recentPurchase) { p.CreatedAt, p.Status = now.Add(-ago), status }
	}
	bySomebody := func(p *recentPurchase) { begun(0, models.PurchasePending)(p); p.Automatic = false }
	for _, test := range []struct {
		name  string
		alter func(*recentPurchase)
		rests time.Duration // 0: not at all
		want  bool
	}{
		{"long ago", begun(time.Hour, models.PurchasePaid), 0, false},
		{"a minute ago", begun(topUpPace, models.PurchasePaid), 0, false},
		{"less than a minute ago", begun(topUpPace-time.Microsecond, models.PurchasePaid), 0, true},
		{"under way", begun(time.Hour, models.PurchasePending), 0, true},
		{"by somebody", bySomebody, 0, false},
		{"it rests", begun(time.Hour, models.PurchasePaid), time.Microsecond, true},
		{"it has rested", begun(time.Hour, models.PurchasePaid), -time.Microsecond, false},
	} {
		plan := planned(automaticPurchase(test.alter))
		if test.rests != 0 {
			plan.setting.RestsUntil = new(now.Add(test.rests))
		}
		if got := plan.mustWait(now); got != test.want {
			t.Errorf("%s: waits: %t", test.name, got)
		}
	}
}

func TestOnlyAMethodOfTheCurrentProviderIsCharged(t *testing.T) {
	saved := []models.SavedMethod{{Provider: "another", Method: "pm_1"}, {Provider: payment.StripeName, Method: "pm_2"}}
	stripe := &Funding{provider: &payment.Stripe{}}
	if method := stripe.methodOf(saved); method == nil || method.Method != "pm_2" {
		t.Errorf("%+v", method)
	}
	if method := stripe.methodOf(saved[:1]); method != nil {
		t.Errorf("%+v", method)
	}
	if method := (&Funding{provider: payment.NewInvoice(false)}).methodOf(saved); method != nil {
		t.Errorf("an invoice is charged: %+v", method)
	}
	if method := (&Funding{provider: payment.NewInvoice(true)}).methodOf(nil); method == nil || method.Provider != payment.InvoiceName {
		t.Errorf("the demonstration needs no method, and has %+v", method)
	}
}
