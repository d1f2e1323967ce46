package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"productgenerator/models"
)

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
	var fixed *ZoneRefusal
	switch {
	case err == nil:
		return []string{"ok"}
	case errors.As(err, &fixed):
		return []string{"fixed"}
	case errors.Is(err, ErrSettled):
		return []string{"settled"}
	case errors.Is(err, ErrNotReserved):
		return []string{"unknown"}
	case errors.Is(err, ErrNotGranted):
		return []string{"absent"}
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
	var fixed *ZoneRefusal
	if errors.As(err, &fixed) && name == "until" {
		return instant(fixed.Until)
	}
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
		return instant(*blocker.ClearsAt)
	default:
		return "no such figure"
	}
}

func instant(at time.Time) string { return at.UTC().Format("2006-01-02T15:04Z") }

// figure is what a name stands for: of the balance; NAME or NAME.held and the like of a grant; line, amount,
// change, owed (the debt), drew and because of the last ledger line, posts for the kinds of all the command's; NAME.used and NAME.left
// of a member; on.DATE for the use of a day; warns, rules, crossed, values, until, about of the line's warnings, one after
// the other; NAME.at for a rule's threshold; consumed, parts, generations, each with .WHAT where it is narrowed down to a
// day, a member, an operation, a part or a product.
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
	case "allowed":
		return fmt.Sprint(balance.AllowedDailyLimit.API())
	case "version":
		return fmt.Sprint(balance.Version)
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
		return instant(balance.ResetsAt)
	case "zone":
		return balance.TimeZone
	case "pending":
		if balance.PendingTimeZone == nil {
			return "none"
		}
		return *balance.PendingTimeZone
	case "effective":
		if balance.PendingTimeZoneAt == nil {
			return "none"
		}
		return instant(*balance.PendingTimeZoneAt)
	case "lapsing":
		if balance.NextExpiry() == nil {
			return "none"
		}
		return fmt.Sprint(balance.NextExpiry().Tokens)
	case "line", "amount", "change", "owed", "drew", "because":
		return lineFigure(r.account.posted.entries[len(r.account.posted.entries)-1], name)
	case "posts":
		return r.posts()
	case "lines":
		return fmt.Sprint(len(r.account.posted.entries))
	case "warns", "rules", "crossed", "values", "until", "about":
		return r.warnings(name)
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
	if name == "consumed" || name == "parts" || name == "generations" {
		return r.consumption(name, strings.Split(of, "."))
	}
	if rule := r.account.Rule(models.AlertRuleID(name)); rule != nil && of == "at" {
		return fmt.Sprint(rule.Threshold)
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
	case "revoked":
		return fmt.Sprint(grant.Revoked)
	case "reclaimed":
		return fmt.Sprint(grant.Reclaimed)
	case "waits":
		return fmt.Sprint(grant.ReclaimHeld)
	case "void":
		return fmt.Sprint(grant.ReclaimVoid)
	case "status":
		return string(grant.StatusAt(r.account.Now()))
	default:
		return "no such figure"
	}
}

// lineFigure is one thing about a ledger line.
func lineFigure(line models.LedgerEntry, what string) string {
	switch {
	case what == "line":
		return string(line.Kind)
	case what == "amount":
		return fmt.Sprint(line.Amount)
	case what == "change":
		return fmt.Sprint(line.Tokens)
	case what == "owed":
		return fmt.Sprint(line.Debt)
	case what == "because" && line.Reason != nil:
		return string(*line.Reason)
	case what == "drew" && len(line.Draws) > 0:
		drew := make([]string, len(line.Draws))
		for i, draw := range line.Draws {
			drew[i] = fmt.Sprintf("%s:%d", draw.GrantID, draw.Tokens)
		}
		return strings.Join(drew, ",")
	default:
		return "-"
	}
}

// posts is the kinds of the ledger lines that the command has posted.
func (r *reader) posts() string {
	kinds := []string{}
	for _, line := range r.account.posted.entries[r.posted:] {
		kinds = append(kinds, string(line.Kind))
	}
	return strings.Join(kinds, ",")
}

// warnings is one thing about each warning of the line, or - where there is none.
func (r *reader) warnings(what string) string {
	var all []string
	for _, warning := range r.account.posted.warnings[r.warned:] {
		said := "-"
		switch {
		case what == "warns":
			said = string(warning.Kind)
		case what == "crossed":
			said = fmt.Sprint(warning.Threshold)
		case what == "values":
			said = fmt.Sprint(warning.Value)
		case what == "rules" && warning.RuleID != nil:
			said = string(*warning.RuleID)
		case what == "until" && warning.ClearsAt != nil:
			said = instant(*warning.ClearsAt)
		case what == "about" && warning.GrantID != nil:
			said = string(*warning.GrantID)
		case what == "about" && warning.MemberID != nil:
			said = string(*warning.MemberID)
		}
		all = append(all, said)
	}
	if all == nil {
		return "-"
	}
	return strings.Join(all, ",")
}

// consumption adds up what the reports show of whatever has all those names.
func (r *reader) consumption(what string, names []string) string {
	var tokens models.Tokens
	var parts, generations int64
	add := func(t models.Tokens, p, g int64, named ...string) {
		for _, name := range names {
			if name != "" && !slices.Contains(named, name) {
				return
			}
		}
		tokens, parts, generations = tokens+t, parts+p, generations+g
	}
	for _, c := range r.account.consumption() {
		add(c.Tokens, c.Parts, c.Generations, c.Day.String(), string(c.UserID), string(c.Operation), string(c.Part))
	}
	if tokens == 0 { // it is a product that is named
		for _, c := range r.account.productConsumption() {
			add(c.Tokens, 0, c.Generations, c.Day.String(), string(c.UserID), string(c.Operation), string(c.ProductID))
		}
	}
	switch what {
	case "parts":
		return fmt.Sprint(parts)
	case "generations":
		return fmt.Sprint(generations)
	default:
		return fmt.Sprint(tokens)
	}
}
