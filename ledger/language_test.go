package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"productgenerator/models"
)

// The files in testdata are pages of the rule book, each line a command with its answer:
//
//	# goal: a part that fails gives its tokens back
//	zone Europe/Berlin                     a setting: zone, day, default
//	10:00  grant    g1 100 expires=+30d    ok available=100 g1=100
//	10:01  reserve  r1 all                 ok reserved=65
//	10:02  reserve  r2 all                 insufficient required=65 available=35
//
// A goal begins a new account. Times are the clock's on the day last set, in the account's zone, or in UTC with a Z. The
// answer is ok, settled, unknown, or what blocks: insufficient, limited, indebted; and figures behind it.
func TestTheRuleBookHolds(t *testing.T) {
	pages, err := filepath.Glob("testdata/*.ledger")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, page := range pages {
		t.Run(strings.TrimSuffix(filepath.Base(page), ".ledger"), func(t *testing.T) { readPage(t, page) })
	}
}

// readPage runs the scenarios of a page, each a subtest named by its goal.
func readPage(t *testing.T, path string) {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var scenarios []*scenario
	lines := bufio.NewScanner(file)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if goal, begins := strings.CutPrefix(line, "# goal: "); begins {
			scenarios = append(scenarios, &scenario{goal: goal})
		} else if line != "" && !strings.HasPrefix(line, "#") {
			if len(scenarios) == 0 {
				t.Fatalf("%s:%d: a line before the first goal", path, number)
			}
			last := scenarios[len(scenarios)-1]
			last.lines = append(last.lines, numbered{fmt.Sprintf("%s:%d", path, number), line})
		}
	}
	for _, s := range scenarios {
		t.Run(s.goal, s.run)
	}
}

type scenario struct {
	goal  string
	lines []numbered
}

type numbered struct{ place, text string }

func (s *scenario) run(t *testing.T) {
	r := &reader{t: t, zone: time.UTC, day: models.Date{Year: 2026, Month: time.March, Day: 10}, limit: models.LimitOf(650)}
	for _, line := range s.lines {
		r.place = line.place
		r.read(strings.Fields(line.text))
		if t.Failed() {
			return
		}
	}
}

// reader carries out the lines of one scenario.
type reader struct {
	t       *testing.T
	place   string
	zone    *time.Location
	day     models.Date
	limit   models.Limit
	account *Account
	auditor *auditor
}

const ann = models.UserID("ann") // who acts where a line names nobody

func (r *reader) failf(format string, args ...any) {
	r.t.Helper()
	r.t.Errorf("%s: %s", r.place, fmt.Sprintf(format, args...))
}

func (r *reader) read(words []string) {
	switch words[0] {
	case "zone":
		zone, err := time.LoadLocation(words[1])
		r.must(err)
		r.zone = zone
	case "day":
		day, err := models.ParseDate(words[1])
		r.must(err)
		r.day = day
	case "default":
		r.limit = r.limitOf(words[1])
	default:
		r.command(r.clock(words[0]), words[1], words[2:])
	}
}

// clock reads 15:04 or 15:04:05, with Z for UTC.
func (r *reader) clock(word string) time.Time {
	zone := r.zone
	word, utc := strings.CutSuffix(word, "Z")
	if utc {
		zone = time.UTC
	}
	at, err := time.Parse("15:04", word)
	if err != nil {
		at, err = time.Parse("15:04:05", word)
	}
	r.must(err)
	return time.Date(r.day.Year, r.day.Month, r.day.Day, at.Hour(), at.Minute(), at.Second(), 0, zone)
}

func (r *reader) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("%s: %v", r.place, err)
	}
}

// command carries out one line and compares its answer.
func (r *reader) command(at time.Time, verb string, words []string) {
	if r.account == nil {
		r.account = NewAccount(models.BalanceRow{
			TeamID: "team", TimeZone: r.zone.String(), Day: models.DayAt(at, r.zone), LastEntryAt: at, LowBalanceThreshold: 130,
		}, Platform{DailyLimit: r.limit, Cheapest: cheapest}, models.Calendar{Zone: r.zone})
		r.account.AddMember(ann, Member{Role: models.RoleOwner})
		r.auditor = newAuditor()
	}
	r.account.AdvanceTo(at)
	args, answer := splitAnswer(words)
	err := r.carryOut(verb, args)
	r.compare(answer, err)
	if fault := r.auditor.breach(r.account); fault != "" {
		r.failf("%s", fault)
	}
}

// splitAnswer parts a line's arguments from its answer.
func splitAnswer(words []string) (args, answer []string) {
	for i, word := range words {
		switch word {
		case "ok", "settled", "unknown", "insufficient", "limited", "indebted":
			return words[:i], words[i:]
		}
	}
	return words, nil
}

func (r *reader) carryOut(verb string, args []string) error {
	a := r.account
	switch verb {
	case "grant":
		a.Issue(r.grant(args), nil)
	case "reserve":
		return r.reserve(args)
	case "capture":
		return r.settle(a.Capture, args)
	case "release":
		return r.settle(a.Release, args)
	case "unlimited":
		a.SetPlatformLimits(args[0] == "on", false, models.NoLimit())
	case "custom": // what an administrator set for the team
		a.SetPlatformLimits(a.balance.Unlimited, args[0] != "default", r.limitOf(args[0]))
	case "own": // what the team set for itself
		a.balance.OwnDailyLimit = r.limitOf(args[0]).Column()
	case "threshold":
		a.balance.LowBalanceThreshold = r.number(args[0])
	case "member":
		a.AddMember(models.UserID(args[0]), Member{Role: models.RoleMember, Limit: r.limitOf(args[1])})
	case "owe": // what a refund of spent tokens leaves behind
		a.post(models.LedgerEntry{Kind: "DEBT", Debt: r.number(args[0]), Day: a.Day()})
	case "look":
	default:
		r.t.Fatalf("%s: no such command: %s", r.place, verb)
	}
	return nil
}

// grant reads: NAME TOKENS [bought] [expires=+30d|+2h].
func (r *reader) grant(args []string) models.Grant {
	grant := models.Grant{ID: models.GrantID(args[0]), Source: models.SourceGift, Tokens: r.number(args[1])}
	for _, arg := range args[2:] {
		if arg == "bought" {
			grant.Source = models.SourcePurchase
		} else if in, ok := strings.CutPrefix(arg, "expires=+"); ok {
			at := r.account.Now().Add(r.duration(in))
			grant.ExpiresAt = &at
		} else {
			r.t.Fatalf("%s: no such thing about a grant: %s", r.place, arg)
		}
	}
	return grant
}

// reserve reads: NAME PART… [by=WHO] [then NAME PART…], the reservations of one change.
func (r *reader) reserve(args []string) error {
	actor := ann
	var requests []ReserveRequest
	named := false
	for _, arg := range args {
		if who, ok := strings.CutPrefix(arg, "by="); ok {
			actor = models.UserID(who)
			continue
		}
		if !named {
			requests = append(requests, ReserveRequest{Generation: models.GenerationID(arg), Operation: "-"})
			named = true
			continue
		}
		if arg == "then" {
			named = false
			continue
		}
		last := &requests[len(requests)-1]
		for _, part := range r.parts(arg) {
			last.Parts = append(last.Parts, PartCost{part, costs(part)})
		}
	}
	return r.account.Reserve(actor, requests...)
}

// settle reads: NAME PART….
func (r *reader) settle(how func(models.GenerationID, models.Part) error, args []string) error {
	for _, arg := range args[1:] {
		for _, part := range r.parts(arg) {
			if err := how(models.GenerationID(args[0]), part); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reader) parts(word string) []models.Part {
	switch word {
	case "short":
		return []models.Part{models.PartShortDescription}
	case "long":
		return []models.Part{models.PartLongDescription}
	case "texts":
		return models.OperationGenerateTexts.Parts()
	case "images":
		return models.OperationSearchImages.Parts()
	case "prices":
		return models.OperationSearchPrices.Parts()
	case "all":
		return models.OperationGenerateAll.Parts()
	default:
		r.t.Fatalf("%s: no such part: %s", r.place, word)
		return nil
	}
}

func (r *reader) number(word string) models.Tokens {
	number, err := strconv.ParseInt(word, 10, 64)
	r.must(err)
	return models.Tokens(number)
}

func (r *reader) limitOf(word string) models.Limit {
	if word == "none" || word == "default" {
		return models.NoLimit()
	}
	return models.LimitOf(r.number(word))
}

func (r *reader) duration(word string) time.Duration {
	if days, ok := strings.CutSuffix(word, "d"); ok {
		return time.Duration(r.number(days)) * 24 * time.Hour
	}
	duration, err := time.ParseDuration(word)
	r.must(err)
	return duration
}

// compare holds the answer of a line against what happened.
func (r *reader) compare(answer []string, err error) {
	happened := codesOf(err)
	var expected []string
	blocker := -1
	for _, word := range answer {
		name, value, figure := strings.Cut(word, "=")
		switch {
		case !figure:
			expected = append(expected, word)
			blocker++
		case err == nil || errors.Is(err, ErrSettled) || errors.Is(err, ErrNotReserved):
			r.same(name, value, r.figure(name))
		case blocker < len(happened):
			r.same(name, value, blockerFigure(err, blocker, name))
		}
	}
	if len(answer) > 0 && strings.Join(expected, " ") != strings.Join(happened, " ") {
		r.failf("answered %v, want %v", happened, expected)
	}
	if len(answer) == 0 && err != nil {
		r.failf("answered %v, want ok", happened)
	}
}

func (r *reader) same(name, want, got string) {
	if got != want {
		r.failf("%s is %s, want %s", name, got, want)
	}
}

func codesOf(err error) []string {
	var refusal *models.Refusal
	switch {
	case err == nil:
		return []string{"ok"}
	case errors.Is(err, ErrSettled):
		return []string{"settled"}
	case errors.Is(err, ErrNotReserved):
		return []string{"unknown"}
	case !errors.As(err, &refusal):
		return []string{err.Error()}
	}
	var codes []string
	for _, blocker := range refusal.Blockers {
		switch blocker.Code {
		case models.BlockerInsufficientTokens:
			codes = append(codes, "insufficient")
		case models.BlockerDailyLimitReached:
			codes = append(codes, "limited")
		case models.BlockerInDebt:
			codes = append(codes, "indebted")
		default:
			codes = append(codes, string(blocker.Code))
		}
	}
	return codes
}

func blockerFigure(err error, at int, name string) string {
	var refusal *models.Refusal
	if !errors.As(err, &refusal) {
		return "none"
	}
	blocker := refusal.Blockers[at]
	switch name {
	case "required":
		return fmt.Sprint(blocker.Required)
	case "available":
		return fmt.Sprint(blocker.Available)
	case "remaining":
		return fmt.Sprint(blocker.RemainingToday)
	case "limit":
		return fmt.Sprint(blocker.DailyLimit)
	case "debt":
		return fmt.Sprint(blocker.Debt)
	case "member":
		return string(blocker.MemberID)
	case "by":
		return string(blocker.ClearableBy)
	case "clears":
		return blocker.ClearsAt.UTC().Format("2006-01-02T15:04Z")
	default:
		return "no such figure"
	}
}

// figure is what a name stands for: of the balance; NAME or NAME.held and the like of a grant; NAME.used and NAME.left
// of a member; on.DATE for the use of a day.
func (r *reader) figure(name string) string {
	balance := r.account.Balance()
	switch name {
	case "available":
		return fmt.Sprint(balance.Available.API())
	case "spendable":
		return fmt.Sprint(balance.Spendable().API())
	case "reserved":
		return fmt.Sprint(balance.Reserved)
	case "debt":
		return fmt.Sprint(balance.Debt)
	case "today":
		return fmt.Sprint(balance.ConsumedToday)
	case "left":
		return fmt.Sprint(balance.RemainingToday.API())
	case "limit":
		return fmt.Sprint(balance.DailyLimit.API())
	case "source":
		return string(balance.DailyLimitSource)
	case "status":
		return string(balance.Status)
	case "reason":
		return string(balance.Reason)
	case "purchased":
		return fmt.Sprint(balance.Purchased)
	case "bonus":
		return fmt.Sprint(balance.Bonus)
	case "day":
		return balance.Day.String()
	case "resets":
		return balance.ResetsAt.UTC().Format("2006-01-02T15:04Z")
	case "lapsing":
		if balance.NextExpiry() == nil {
			return "none"
		}
		return fmt.Sprint(balance.NextExpiry().Tokens)
	case "line":
		return string(r.account.posted.entries[len(r.account.posted.entries)-1].Kind)
	case "lines":
		return fmt.Sprint(len(r.account.posted.entries))
	}
	return r.namedFigure(name)
}

func (r *reader) namedFigure(name string) string {
	name, of, _ := strings.Cut(name, ".")
	if name == "on" {
		var used models.Tokens
		for _, entry := range r.account.posted.entries {
			if entry.Day.String() == of {
				used += entry.Usage
			}
		}
		return fmt.Sprint(used)
	}
	if member := r.account.members[models.UserID(name)]; member != nil {
		if of == "left" {
			return fmt.Sprint(r.account.MemberRemaining(models.UserID(name)).API())
		}
		return fmt.Sprint(member.Used)
	}
	grant := r.account.grants[models.GrantID(name)]
	if grant == nil {
		return "no such name"
	}
	switch of {
	case "":
		return fmt.Sprint(grant.Remaining)
	case "held":
		return fmt.Sprint(grant.Held)
	case "consumed":
		return fmt.Sprint(grant.Consumed)
	case "expired":
		return fmt.Sprint(grant.Expired)
	case "paid":
		return fmt.Sprint(grant.PaidDebt)
	case "status":
		return string(grant.StatusAt(r.account.Now()))
	default:
		return "no such figure"
	}
}
