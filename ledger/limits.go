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

// SetPlatformLimits sets what an administrator decides for the team: whether it spends without owning tokens, and the
// daily limit that the platform allows it: custom says that limit holds instead of the platform's default. Open
// reservations stay as they were made.
func (a *Account) SetPlatformLimits(unlimited, custom bool, limit models.Limit) {
	a.touchBalance()
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
		return a.defaultLimit, models.LimitPlatformDefault
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

// Balance is what the team sees of the account at its instant. cheapest is the cost of the cheapest operation, which
// tells LOW from EMPTY.
func (a *Account) Balance(cheapest models.Tokens) models.Balance {
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
		TimeZone:            a.balance.TimeZone,
		Day:                 a.balance.Day,
		ResetsAt:            a.dayEnds,
		NextExpiry:          a.nextExpiry(),
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
	balance.Status, balance.Reason = statusOf(&balance, cheapest)
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

// nextExpiry is when the next tokens lapse, and how many do then.
func (a *Account) nextExpiry() *models.GrantExpiry {
	if len(a.live) == 0 || a.live[0].ExpiresAt == nil {
		return nil
	}
	next := models.GrantExpiry{At: *a.live[0].ExpiresAt}
	for _, grant := range a.live {
		if grant.ExpiresAt == nil || !grant.ExpiresAt.Equal(next.At) {
			break
		}
		next.Tokens += grant.Remaining
	}
	return &next
}

// MemberRemaining is what a member may still use today, the team's limit counted in.
func (a *Account) MemberRemaining(user models.UserID) models.Limit {
	limit, _ := a.dailyLimit()
	member := a.Member(user)
	return limit.Minus(a.balance.Used).Tighter(member.Limit.Minus(member.Used))
}

// ResetsAt is the team's next midnight: the first instant of its next day.
func (a *Account) ResetsAt() time.Time { return a.dayEnds }
