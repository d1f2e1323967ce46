package ledger

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"productgenerator/models"
)

var refunded = Cause{Reason: models.ReasonRefund}

// bought is a grant of so many tokens that were paid for.
func bought(tokens models.Tokens) models.Grant {
	grant := gift(tokens, nil)
	grant.Source = models.SourcePurchase
	return grant
}

// issue gives the team grants.
func (tm *team) issue(grants ...models.Grant) {
	tm.t.Helper()
	tm.must(Change{Decide: func(tx *Tx) error {
		for _, grant := range grants {
			tx.Issue(grant, nil)
		}
		return nil
	}})
}

func (tm *team) reclaim(id models.GrantID, tokens models.Tokens) error {
	_, err := tm.update(Change{Grants: []models.GrantID{id}, Decide: func(tx *Tx) error {
		return tx.Reclaim(id, tokens, refunded)
	}})
	return err
}

func (tm *team) mustReclaim(id models.GrantID, tokens models.Tokens) {
	tm.t.Helper()
	if err := tm.reclaim(id, tokens); err != nil {
		tm.t.Fatalf("reclaim: %v", err)
	}
}

func TestWhatIsTakenBackIsStoredWithItsLineAndComesBackInAnotherTransaction(t *testing.T) {
	tm := newPlatform(t).funded(0)
	spent, other := bought(45), gift(30, nil)
	tm.issue(spent)
	if _, err := tm.capture(tm.mustReserve(models.OperationGenerateTexts), models.PartShortDescription); err != nil {
		t.Fatal(err)
	}
	tm.issue(other)
	note := "paid back"
	cause := Cause{Actor: &tm.owner, Reason: models.ReasonDispute, Note: &note}
	tm.must(Change{Grants: []models.GrantID{spent.ID}, Decide: func(tx *Tx) error { return tx.Reclaim(spent.ID, 45, cause) }})
	lines := tm.entries()
	line := lines[len(lines)-1]
	want(t, "kind", line.Kind, models.EntryRevoke)
	want(t, "amount", line.Amount, 45)
	want(t, "tokens", line.Tokens, -15)
	want(t, "actor", *line.ActorID, tm.owner)
	want(t, "reason", *line.Reason, models.ReasonDispute)
	want(t, "note", *line.Note, note)
	want(t, "grant", *line.GrantID, spent.ID)
	want(t, "taken from the other", one[models.Tokens](tm.platform, `SELECT tokens FROM reclaims WHERE grant_id = $1 AND from_grant_id = $2`, spent.ID, other.ID), 15)
	want(t, "waiting", one[models.Tokens](tm.platform, `SELECT reclaim_held FROM grants WHERE id = $1`, spent.ID), 30)
	tm.checkClean(tm.ledger, tokenInvariants())

	tm.mustReclaim(spent.ID, 0)
	want(t, "available again", tokens(t, tm.balance().Available), 30)
	want(t, "rows", one[models.Tokens](tm.platform, `SELECT sum(tokens) FROM reclaims`), 0)
	tm.checkClean(tm.ledger, tokenInvariants())
}

func TestOnlyAGrantOfTheTeamThatTheChangeNamesIsTakenBack(t *testing.T) {
	p := newPlatform(t)
	tm, other := p.funded(0), p.funded(0)
	own, foreign := bought(10), bought(10)
	tm.issue(own)
	other.issue(foreign)
	for _, attempt := range []struct {
		what  string
		grant models.GrantID
		named []models.GrantID
	}{
		{"not named", own.ID, nil},
		{"another team's", foreign.ID, []models.GrantID{foreign.ID}},
		{"unknown", "grant_none", []models.GrantID{"grant_none"}},
	} {
		for verb, take := range map[string]func(tx *Tx) error{
			"reclaim": func(tx *Tx) error { return tx.Reclaim(attempt.grant, 10, refunded) },
			"revoke": func(tx *Tx) error {
				_, err := tx.Revoke(attempt.grant, refunded)
				return err
			},
		} {
			if _, err := tm.update(Change{Grants: attempt.named, Decide: take}); !errors.Is(err, ErrNotGranted) {
				t.Errorf("%s one that is %s: %v", verb, attempt.what, err)
			}
		}
	}
	want(t, "left", tokens(t, tm.balance().Available), 10)
	want(t, "left to the other", tokens(t, other.balance().Available), 10)
	p.checkClean(p.ledger, tokenInvariants())
}

func TestAGrantIsIssuedAndTakenBackInOneChangeAndAgainByTheNext(t *testing.T) {
	tm := newPlatform(t).funded(0)
	grant := bought(100)
	outcome := tm.must(Change{Decide: func(tx *Tx) error {
		tx.Issue(grant, nil)
		return tx.Reclaim(grant.ID, 40, refunded)
	}})
	want(t, "available", tokens(t, outcome.Balance.Available), 60)
	tm.mustReclaim(grant.ID, 10)
	want(t, "available", tokens(t, tm.balance().Available), 90)
	tm.checkClean(tm.ledger, tokenInvariants())
}

func TestAPartThatSettlesNeedsNotKnowWhatIsTakenBackOfItsGrants(t *testing.T) {
	tm := newPlatform(t).funded(0)
	grant, other := bought(65), gift(20, nil)
	tm.issue(grant)
	id := tm.mustReserve(models.OperationGenerateAll)
	tm.issue(other)
	tm.mustReclaim(grant.ID, 65)
	for _, part := range []models.Part{models.PartShortDescription, models.PartImages} {
		if _, err := tm.capture(id, part); err != nil {
			t.Fatal(err)
		}
	}
	for _, part := range []models.Part{models.PartLongDescription, models.PartPrices} {
		if _, err := tm.release(id, part); err != nil {
			t.Fatal(err)
		}
	}
	want(t, "debt", tm.balance().Debt, 5)
	page, err := tm.ledger.Entries(t.Context(), tm.id, Filter{Generation: id, Kinds: []models.LedgerEntryKind{models.EntryRevoke}}, models.Page{Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "lines that the generation was waited for with", len(page.Nodes()), 4)
	tm.checkClean(tm.ledger, tokenInvariants())

	tm.mustReclaim(grant.ID, 0)
	want(t, "debt", tm.balance().Debt, 0)
	want(t, "available", tokens(t, tm.balance().Available), 60)
	tm.checkClean(tm.ledger, tokenInvariants())
}

func TestDebtThatWasPaidComesBackToAGrantThatIsUsedUp(t *testing.T) {
	tm := newPlatform(t).funded(0)
	spent, payer := bought(10), gift(10, nil)
	tm.issue(spent)
	id := tm.mustReserve(models.OperationSearchImages)
	if _, err := tm.capture(id, models.PartImages); err != nil {
		t.Fatal(err)
	}
	tm.mustReclaim(spent.ID, 10)
	tm.issue(payer) // all of it pays the debt: it is live no more
	want(t, "debt", tm.balance().Debt, 0)
	tm.mustReclaim(spent.ID, 0)
	want(t, "available", tokens(t, tm.balance().Available), 10)
	tm.checkClean(tm.ledger, tokenInvariants())
}

func TestTargetsSetAtOnceByTwoProcessesEndInTheLastOnes(t *testing.T) {
	p := newPlatform(t)
	tm, second := p.funded(0), p.newLedger(p.db)
	grants := []models.Grant{bought(100), bought(80), gift(60, nil), gift(40, nil)}
	tm.issue(grants...)
	for range 4 {
		id := tm.mustReserve(models.OperationGenerateTexts)
		if _, err := tm.capture(id, models.PartLongDescription); err != nil {
			t.Fatal(err)
		}
	}
	atOnce(16, func(i int) {
		random := rand.New(rand.NewPCG(3, uint64(i)))
		sharing := &team{platform: &platform{t: t, db: p.db, ledger: []*Ledger{p.ledger, second}[i%2]}, id: tm.id, owner: tm.owner}
		for range 20 {
			grant := grants[random.IntN(len(grants))]
			if err := sharing.reclaim(grant.ID, models.Tokens(random.IntN(int(grant.Tokens)+1))); err != nil {
				t.Error(err)
			}
		}
	})
	p.checkClean(p.ledger, tokenInvariants())
	for _, grant := range grants[:2] {
		tm.mustReclaim(grant.ID, grant.Tokens)
	}
	for _, grant := range grants[2:] {
		tm.mustReclaim(grant.ID, 0)
	}
	// Of 280 tokens 120 are captured and 60 held. 180 are taken back: 100 remained, and 20 are held of the first grant.
	balance := tm.balance()
	want(t, "available", tokens(t, balance.Available), 0)
	want(t, "debt", balance.Debt, 60)
	p.checkClean(p.ledger, tokenInvariants())
}

func TestAWarningOfAnotherCauseIsStoredWithTheChangeThatRaisesIt(t *testing.T) {
	tm := newPlatform(t).funded(200)
	before := one[int64](tm.platform, `SELECT warnings FROM balances WHERE team_id = $1`, tm.id)
	outcome := tm.must(Change{Decide: func(tx *Tx) error {
		tx.Raise(models.LimitWarning{Kind: models.WarningTopUpPaused, Threshold: 50, Value: 20})
		return nil
	}})
	var warning models.LimitWarning
	if err := tm.db.Gorm.Order("sequence DESC").First(&warning, "team_id = ?", tm.id).Error; err != nil {
		t.Fatal(err)
	}
	want(t, "kind", warning.Kind, models.WarningTopUpPaused)
	want(t, "sequence", warning.Sequence, before+1)
	want(t, "version", warning.BalanceVersion, outcome.Balance.Version)
	want(t, "line", warning.Threshold, 50)
	want(t, "figure", warning.Value, 20)
	if age := time.Since(warning.RaisedAt); age < -time.Minute || age > time.Minute {
		t.Errorf("raised %s ago", age)
	}
	tm.checkClean(tm.ledger, tokenInvariants())
}
