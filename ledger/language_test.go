package ledger

import (
	"bufio"
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
// A goal begins a new account without alert rules, or with open the one of a new team. Times are the clock's on the day
// last set, in the zone of the goal, or in UTC with a Z. The answer is ok, settled, unknown, absent (a grant), fixed (a time
// zone), or what blocks: insufficient, limited, indebted; and figures behind it.
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
	warned  int // how many warnings there were before the line
	posted  int // how many ledger lines there were when it was carried out
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
		day := models.DayAt(at, r.zone)
		r.account = newAccount(models.BalanceRow{
			TeamID: "team", TimeZone: r.zone.String(), Day: day, LastEntryAt: at, LowBalanceThreshold: 130, BalanceEmptyOn: &day,
		}, Platform{DailyLimit: r.limit, Cheapest: cheapest}, models.Calendar{Zone: r.zone})
		r.account.AddMember(ann, Member{Role: models.RoleOwner})
		r.auditor = newAuditor()
	}
	r.warned = len(r.account.posted.warnings)
	if r.account.posted.changes > 0 { // what time alone has done is warned of by itself
		r.account.advanceTo(at)
		r.account.Warn()
	}
	args, answer := splitAnswer(words)
	r.account.advanceTo(at)
	r.posted = len(r.account.posted.entries)
	err := r.carryOut(verb, args)
	if err == nil {
		r.account.Warn()
	}
	r.compare(answer, err)
	if fault := r.auditor.breach(r.account); fault != "" {
		r.failf("%s", fault)
	}
}

// splitAnswer parts a line's arguments from its answer.
func splitAnswer(words []string) (args, answer []string) {
	for i, word := range words {
		switch word {
		case "ok", "settled", "unknown", "absent", "fixed", "insufficient", "limited", "indebted":
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
		a.SetOwnLimit(r.limitOf(args[0]))
	case "threshold":
		a.SetLowBalanceThreshold(r.number(args[0]))
	case "member": // who has joined, with a share
		a.AddMember(models.UserID(args[0]), Member{Role: models.RoleMember, Limit: r.limitOf(args[1])})
	case "share": // what a member may use of a day from now on
		a.SetMemberLimit(models.UserID(args[0]), r.limitOf(args[1]))
	case "open":
		a.open()
		for i, name := range []models.AlertRuleID{"near", "low", "expiring"} {
			a.rules[i].ID = name
		}
	case "rule":
		a.setRule(r.rule(args))
	case "unrule":
		a.deleteRule(models.AlertRuleID(args[0]))
	case "move":
		zone, err := time.LoadLocation(args[0])
		r.must(err)
		return a.ChangeTimeZone(args[0], zone)
	case "reclaim": // so many tokens of a grant in all
		return a.Reclaim(models.GrantID(args[0]), r.number(args[1]), r.cause(args[2:]))
	case "revoke": // what remains of a grant
		_, err := a.Revoke(models.GrantID(args[0]), r.cause(args[1:]))
		return err
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

// cause reads: [refund|dispute|correction|referral], a refund where nothing is said.
func (r *reader) cause(args []string) Cause {
	reason := models.ReasonRefund
	if len(args) > 0 {
		reason = models.EntryReason(strings.ToUpper(args[0]))
	}
	return Cause{Reason: reason}
}

// rule reads: NAME percent|tokens|days THRESHOLD [off].
func (r *reader) rule(args []string) models.AlertRule {
	metrics := map[string]models.AlertMetric{
		"percent": models.MetricDailyLimitPercentUsed, "tokens": models.MetricAvailableTokensBelow,
		"days": models.MetricGrantExpiresWithinDays,
	}
	metric := metrics[args[1]]
	if metric == "" {
		r.t.Fatalf("%s: no such metric: %s", r.place, args[1])
	}
	return models.AlertRule{
		ID: models.AlertRuleID(args[0]), Metric: metric, Threshold: int(r.number(args[2])), Enabled: len(args) < 4 || args[3] != "off",
	}
}

// reserve reads: NAME PART… [by=WHO] [for=PRODUCT] [then NAME PART…], the reservations of one change.
func (r *reader) reserve(args []string) error {
	actor := ann
	var requests []ReserveRequest
	named := false
	for _, arg := range args {
		if who, ok := strings.CutPrefix(arg, "by="); ok {
			actor = models.UserID(who)
			continue
		}
		if what, ok := strings.CutPrefix(arg, "for="); ok {
			for i := range requests {
				requests[i].Product = models.ProductID(what)
			}
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
		last.Operation = operationOf(arg)
		for _, part := range r.parts(arg) {
			last.Parts = append(last.Parts, PartCost{part, costs(part)})
		}
	}
	return r.account.Reserve(actor, requests...)
}

// operationOf is the operation that has those parts.
func operationOf(word string) models.Operation {
	switch word {
	case "texts":
		return models.OperationGenerateTexts
	case "images":
		return models.OperationSearchImages
	case "prices":
		return models.OperationSearchPrices
	case "all":
		return models.OperationGenerateAll
	default:
		return "-"
	}
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
