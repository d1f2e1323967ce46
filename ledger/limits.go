package ledger

import (
	"time"

	"productgenerator/models"
)

// NearLimitPercent is the share of a day's limit from which a balance is LOW, in percent.
const NearLimitPercent = 80

// Blockers lists everything that keeps the actor from spending that many tokens now; nil: nothing does.
func (a *Account) Blockers(actor models.UserID, tokens models.Tokens) []models.Blocker {
	var blockers []models.Blocker
	if a.balance.Debt > 0 && !a.balance.Unlimited {
		blockers = append(blockers, models.Blocker{
			Code: models.BlockerInDebt, Required: tokens, Debt: a.balance.Debt, ClearableBy: models.RoleAdmin,
		})
	}
	if !a.balance.Unlimited && a.balance.Available < tokens {
		blockers = append(blockers, models.Blocker{
			Code: models.BlockerInsufficientTokens, Required: tokens, Available: a.balance.Available,
			ClearableBy: models.RoleAdmin,
		})
	}
	limit, source := a.dailyLimit()
	if remaining := limit.Minus(a.balance.Used); !remaining.Allows(tokens) {
		blocker := a.limitBlocker(tokens, limit, remaining)
		blocker.LimitSource = source
		if source == models.LimitTeamOwn {
			blocker.ClearableBy = models.RoleAdmin
		}
		blockers = append(blockers, blocker)
	}
	member := a.Member(actor)
	if remaining := member.Limit.Minus(member.Used); !remaining.Allows(tokens) {
		blocker := a.limitBlocker(tokens, member.Limit, remaining)
		blocker.MemberID = actor
		blocker.ClearableBy = models.RoleAdmin
		blockers = append(blockers, blocker)
	}
	return blockers
}

func (a *Account) limitBlocker(tokens models.Tokens, limit, remaining models.Limit) models.Blocker {
	blocker := models.Blocker{Code: models.BlockerDailyLimitReached, Required: tokens}
	blocker.DailyLimit, _ = limit.Tokens()
	blocker.RemainingToday, _ = remaining.Tokens()
	resetsAt := a.dayEnds
	blocker.ClearsAt = &resetsAt
	return blocker
}

// SetOwnLimit sets the team's own daily limit, which holds where it is tighter than what the platform allows; no limit
// clears it.
func (a *Account) SetOwnLimit(limit models.Limit) {
	a.touchSettings()
	a.balance.OwnDailyLimit = limit.Column()
}

// SetLowBalanceThreshold sets at how many available tokens the balance is LOW. Alert rules that stood at the old
// threshold move with it.
func (a *Account) SetLowBalanceThreshold(tokens models.Tokens) {
	a.touchSettings()
	a.moveRules(a.balance.LowBalanceThreshold, tokens)
	a.balance.LowBalanceThreshold = tokens
}

// SetMemberLimit takes over a member's new share of a day, which the caller stores, and warns where the member is near
// it or has reached it by that. The member must have been loaded.
func (a *Account) SetMemberLimit(user models.UserID, limit models.Limit) {
	member := a.members[user]
	before := *member
	member.Limit = limit
	a.touchBalance()
	a.warnMember(user, before, *member)
}

// SetPlatformLimits sets what an administrator decides for the team: whether it spends without owning tokens, and the
// daily limit that the platform allows it: custom says that limit holds instead of the platform's default. Open
// reservations stay as they were made.
func (a *Account) SetPlatformLimits(unlimited, custom bool, limit models.Limit) {
	a.touchSettings()
	a.balance.Unlimited = unlimited
	a.balance.CustomDailyLimit, a.balance.CustomDailyUnlimited = nil, false
	if custom {
		a.balance.CustomDailyLimit = limit.Column()
		a.balance.CustomDailyUnlimited = limit == models.NoLimit()
	}
}

// allowedLimit is what the platform allows the team a day.
func (a *Account) allowedLimit() (models.Limit, models.DailyLimitSource) {
	switch {
	case a.balance.CustomDailyUnlimited:
		return models.NoLimit(), models.LimitPlatformCustom
	case a.balance.CustomDailyLimit != nil:
		return models.LimitOf(*a.balance.CustomDailyLimit), models.LimitPlatformCustom
	default:
		return a.platform.DailyLimit, models.LimitPlatformDefault
	}
}

// dailyLimit is the limit in force: the tighter of what the platform allows and the team's own.
func (a *Account) dailyLimit() (models.Limit, models.DailyLimitSource) {
	allowed, source := a.allowedLimit()
	own := models.LimitFrom(a.balance.OwnDailyLimit)
	if own != models.NoLimit() && allowed.Tighter(own) != allowed {
		return own, models.LimitTeamOwn
	}
	return allowed, source
}

// Balance is what the team sees of the account at its instant.
func (a *Account) Balance() models.Balance {
	limit, source := a.dailyLimit()
	allowed, _ := a.allowedLimit()
	balance := models.Balance{
		TeamID:              a.balance.TeamID,
		Version:             a.balance.Version,
		Available:           models.LimitOf(a.balance.Available),
		Reserved:            a.balance.Reserved,
		Unlimited:           a.balance.Unlimited,
		Debt:                a.balance.Debt,
		ConsumedToday:       a.balance.Used,
		DailyLimit:          limit,
		DailyLimitSource:    source,
		AllowedDailyLimit:   allowed,
		RemainingToday:      limit.Minus(a.balance.Used),
		LowBalanceThreshold: a.balance.LowBalanceThreshold,
		OwnDailyLimit:       a.balance.OwnDailyLimit,
		TimeZone:            a.balance.TimeZone,
		PendingTimeZone:     a.balance.PendingTimeZone,
		PendingTimeZoneAt:   a.balance.PendingTimeZoneAt,
		Day:                 a.balance.Day,
		ResetsAt:            a.dayEnds,
		Expiries:            a.expiries(),
		UpdatedAt:           a.balance.UpdatedAt,
	}
	if a.balance.Unlimited {
		balance.Available = models.NoLimit()
	}
	for _, grant := range a.live {
		if grant.Source.Bought() {
			balance.Purchased += grant.Remaining
		} else {
			balance.Bonus += grant.Remaining
		}
	}
	balance.Status, balance.Reason = statusOf(&balance, a.platform.Cheapest)
	return balance
}

// statusOf is the traffic light: EMPTY where the cheapest operation cannot be paid, LOW at or under the team's
// threshold or from 80 % of the day's limit, SUFFICIENT otherwise.
func statusOf(b *models.Balance, cheapest models.Tokens) (models.BalanceStatus, models.StatusReason) {
	available, owns := b.Available.Tokens()
	switch {
	case b.Debt > 0 && !b.Unlimited:
		return models.StatusEmpty, models.ReasonDebt
	case !b.Available.Allows(cheapest):
		return models.StatusEmpty, models.ReasonTokensEmpty
	case !b.RemainingToday.Allows(cheapest):
		return models.StatusEmpty, models.ReasonLimitReached
	case owns && available <= b.LowBalanceThreshold:
		return models.StatusLow, models.ReasonTokensLow
	case limitNear(b):
		return models.StatusLow, models.ReasonLimitNear
	case b.Unlimited:
		return models.StatusSufficient, models.ReasonUnlimitedTeam
	default:
		return models.StatusSufficient, models.ReasonSufficient
	}
}

func limitNear(b *models.Balance) bool {
	limit, limited := b.DailyLimit.Tokens()
	return limited && b.ConsumedToday*100 >= limit*NearLimitPercent
}

// expiries is what lapses when, the soonest first: the burn-down order begins with it.
func (a *Account) expiries() (expiries []models.GrantExpiry) {
	for _, grant := range a.live {
		if grant.ExpiresAt == nil {
			break
		}
		if last := len(expiries) - 1; last >= 0 && expiries[last].At.Equal(*grant.ExpiresAt) {
			expiries[last].Tokens += grant.Remaining
			continue
		}
		expiries = append(expiries, models.GrantExpiry{Tokens: grant.Remaining, At: *grant.ExpiresAt})
	}
	return expiries
}

// MemberRemaining is what a member may still use today, the team's limit counted in.
func (a *Account) MemberRemaining(user models.UserID) models.Limit {
	limit, _ := a.dailyLimit()
	member := a.Member(user)
	return limit.Minus(a.balance.Used).Tighter(member.Limit.Minus(member.Used))
}

// ResetsAt is the team's next midnight: the first instant of its next day.
func (a *Account) ResetsAt() time.Time { return a.dayEnds }
