package models

import (
	"strings"
	"time"
)

// BlockerCode says what stands in the way of an operation. The values are the API's UserErrorCode.
type BlockerCode string

// The codes of blockers.
const (
	BlockerInsufficientTokens BlockerCode = "INSUFFICIENT_TOKENS"
	BlockerDailyLimitReached  BlockerCode = "DAILY_LIMIT_REACHED"
	BlockerInDebt             BlockerCode = "IN_DEBT"
	BlockerAlreadyRunning     BlockerCode = "ALREADY_RUNNING"
	BlockerFinished           BlockerCode = "FINISHED"
	BlockerProviderDown       BlockerCode = "PROVIDER_DOWN"
)

// Blocker is one reason why an operation cannot run, with the figures that a person needs to clear it. It is stored
// with a refused idempotency key, so that the same answer can be given again.
type Blocker struct {
	Code           BlockerCode      `json:"code"`
	Path           []string         `json:"path,omitempty"`           // into the input
	Required       Tokens           `json:"required,omitempty"`       // by the whole operation
	Available      Tokens           `json:"available,omitempty"`      // INSUFFICIENT_TOKENS
	RemainingToday Tokens           `json:"remainingToday,omitempty"` // DAILY_LIMIT_REACHED
	DailyLimit     Tokens           `json:"dailyLimit,omitempty"`     // DAILY_LIMIT_REACHED
	LimitSource    DailyLimitSource `json:"limitSource,omitempty"`    // DAILY_LIMIT_REACHED: whose limit it is; empty: the member's own
	MemberID       UserID           `json:"memberId,omitempty"`       // DAILY_LIMIT_REACHED: the limit is this member's own
	Debt           Tokens           `json:"debt,omitempty"`           // IN_DEBT
	ClearsAt       *time.Time       `json:"clearsAt,omitempty"`       // when it clears by itself
	ClearableBy    TeamRole         `json:"clearableBy,omitempty"`    // who can clear it; empty: nobody in the team
	GenerationID   GenerationID     `json:"generationId,omitempty"`   // ALREADY_RUNNING, FINISHED: which one
	Parts          []Part           `json:"parts,omitempty"`          // ALREADY_RUNNING, PROVIDER_DOWN: those in question
}

// Refusal is the answer to an operation that cannot run: every blocker at once, and nothing has changed.
type Refusal struct {
	Blockers []Blocker `json:"blockers"`
}

// Error lists the codes; the sentence for people is made where errors are presented.
func (r *Refusal) Error() string {
	codes := make([]string, len(r.Blockers))
	for i, blocker := range r.Blockers {
		codes[i] = string(blocker.Code)
	}
	return "refused: " + strings.Join(codes, ", ")
}
