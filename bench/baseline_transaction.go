package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"productgenerator/auth"
	"productgenerator/bus"
	"productgenerator/graph"
	"productgenerator/ledger"
	"productgenerator/models"
	"productgenerator/operations"
)

// baseline answers generateAll as anyone would write it first: a transaction for each request, which locks the team's
// balance row, checks, and writes. Its rows are the program's, its statements as few as that allows.
type baseline struct {
	db      *gorm.DB
	signals bus.Bus
}

// Reasons to refuse. The program says more about them.
var (
	errKeyUsed     = errors.New("the key was used before")
	errRunning     = errors.New("a part runs on the product already")
	errTokens      = errors.New("too few tokens")
	errDailyLimits = errors.New("limits by the day are not part of this comparison")
)

func (b *baseline) generateAll(ctx context.Context, viewer *auth.Viewer, input graph.GenerateInput) (*graph.GenerationPayload, error) {
	canonical, err := json.Marshal(input)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(canonical)
	r := &baselineRequest{
		viewer: viewer, product: models.ProductID(input.ProductID), now: time.Now().UTC().Truncate(time.Microsecond),
		key: models.IdempotencyKey{
			CallerID: viewer.User.ID, Key: input.IdempotencyKey, Mutation: "generateAll", InputHash: hash[:],
		},
	}
	err = b.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := r.read(tx); err != nil {
			return err
		}
		if err := r.decide(); err != nil {
			return err
		}
		return r.write(tx)
	})
	if err != nil {
		return nil, err
	}
	b.signals.Publish(string(r.balance.TeamID))
	return &graph.GenerationPayload{Generation: &r.generation, Balance: &models.Balance{
		TeamID: r.balance.TeamID, Version: r.balance.Version, Available: models.LimitOf(r.balance.Available),
		Reserved: r.balance.Reserved, ConsumedToday: r.balance.Used, Day: r.balance.Day, UpdatedAt: r.balance.UpdatedAt,
	}}, nil
}

// baselineRequest is one request with what was read for it and what it makes.
type baselineRequest struct {
	viewer  *auth.Viewer
	product models.ProductID
	key     models.IdempotencyKey
	now     time.Time

	balance models.BalanceRow
	name    string // the product's
	grants  []models.Grant

	generation  models.Generation
	reservation models.Reservation
	entry       models.LedgerEntry
	drawn       []*models.Grant
}

// read locks the balance and reads what the decision needs.
func (r *baselineRequest) read(tx *gorm.DB) error {
	var product struct {
		TeamID models.TeamID
		Name   string
	}
	err := tx.Raw(`SELECT team_id, name FROM products WHERE id = ? AND deleted_at IS NULL`, r.product).Take(&product).Error
	if err != nil {
		return err
	}
	r.name, r.key.TeamID = product.Name, product.TeamID
	err = tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("team_id = ?", product.TeamID).Take(&r.balance).Error
	if err != nil {
		return err
	}
	var used []models.IdempotencyKey
	err = tx.Where("caller_id = ? AND team_id = ? AND key = ?", r.key.CallerID, r.key.TeamID, r.key.Key).Find(&used).Error
	if err != nil {
		return err
	}
	if len(used) > 0 && !bytes.Equal(used[0].InputHash, r.key.InputHash) {
		return ledger.ErrKeyConflict
	}
	if len(used) > 0 {
		return errKeyUsed
	}
	var running int64
	err = tx.Table("generation_parts").Where("product_id = ? AND status IN ('QUEUED', 'RUNNING')", r.product).Count(&running).Error
	if err != nil {
		return err
	}
	if running > 0 {
		return errRunning
	}
	var member models.Membership
	err = tx.Where("team_id = ? AND user_id = ?", product.TeamID, r.viewer.User.ID).Take(&member).Error
	if err != nil {
		return err
	}
	if !member.Role.Includes(models.RoleMember) {
		return models.ErrForbidden
	}
	if member.DailyLimit != nil || !r.balance.CustomDailyUnlimited || r.balance.OwnDailyLimit != nil {
		return errDailyLimits
	}
	return tx.Where("team_id = ? AND remaining > 0", product.TeamID).
		Order("expires_at NULLS LAST, source = 'PURCHASE', created_at, id").Find(&r.grants).Error
}

// decide reserves the tokens in memory, part by part over the grants.
func (r *baselineRequest) decide() error {
	team, actor := r.balance.TeamID, r.viewer.User.ID
	cost := operations.CostOf(models.OperationGenerateAll)
	if r.balance.Available < cost || r.balance.Debt > 0 {
		return errTokens
	}
	if today := models.DateOf(r.now); r.balance.Day.Before(today) {
		r.balance.Day, r.balance.Used = today, 0
	}
	if r.now.Before(r.balance.LastEntryAt) {
		r.now = r.balance.LastEntryAt
	}
	r.generation = models.Generation{
		ID: models.NewGenerationID(r.now), TeamID: team, ProductID: r.product, ProductName: r.name, ActorID: actor,
		Operation: models.OperationGenerateAll, Status: models.GenerationQueued, CreatedAt: r.now,
	}
	r.reservation = models.Reservation{
		GenerationID: r.generation.ID, TeamID: team, ActorID: actor, ProductID: r.product,
		Operation: models.OperationGenerateAll, Day: r.balance.Day, Tokens: cost, CreatedAt: r.now,
	}
	drawn := map[models.GrantID]models.Tokens{}
	for _, part := range models.OperationGenerateAll.Parts() {
		tokens := operations.PartCostOf(part)
		r.generation.Parts = append(r.generation.Parts, models.GenerationPart{
			GenerationID: r.generation.ID, Part: part, TeamID: team, ProductID: r.product, Status: models.PartQueued, Tokens: tokens,
		})
		held := models.ReservedPart{Part: part, Tokens: tokens, State: models.PartHeld}
		for i := 0; tokens > 0 && i < len(r.grants); i++ {
			grant := &r.grants[i]
			draw := min(tokens, grant.Remaining)
			if draw == 0 {
				continue
			}
			if drawn[grant.ID] == 0 {
				r.drawn = append(r.drawn, grant)
			}
			grant.Remaining -= draw
			grant.Held += draw
			drawn[grant.ID] += draw
			tokens -= draw
			held.Draws = append(held.Draws, models.Draw{GrantID: grant.ID, Tokens: draw})
		}
		if tokens > 0 {
			return errTokens
		}
		r.reservation.Parts = append(r.reservation.Parts, held)
	}
	r.balance.Version++
	r.balance.Sequence++
	r.balance.Available -= cost
	r.balance.Reserved += cost
	r.balance.Used += cost
	r.balance.LastEntryAt, r.balance.UpdatedAt = r.now, r.now
	r.entry = models.LedgerEntry{
		ID: models.NewLedgerEntryID(r.now), TeamID: team, Sequence: r.balance.Sequence, BalanceVersion: r.balance.Version,
		Kind: models.EntryReserve, Amount: cost, Tokens: -cost, BalanceAfter: r.balance.Available,
		Operation: &r.generation.Operation, ActorID: &r.generation.ActorID, GenerationID: &r.generation.ID,
		Day: r.balance.Day, Usage: cost, OccurredAt: r.now,
	}
	for _, grant := range r.drawn {
		r.entry.Draws = append(r.entry.Draws, models.Draw{GrantID: grant.ID, Tokens: drawn[grant.ID]})
	}
	return nil
}

// write stores the rows, a statement for each table.
func (r *baselineRequest) write(tx *gorm.DB) error {
	err := tx.Model(&r.balance).Select("version", "available", "reserved", "day", "used", "sequence", "last_entry_at", "updated_at").
		Updates(&r.balance).Error
	if err != nil {
		return err
	}
	for _, grant := range r.drawn {
		if err := tx.Model(grant).Select("remaining", "held").Updates(grant).Error; err != nil {
			return err
		}
	}
	usage := models.MemberUsage{TeamID: r.balance.TeamID, UserID: r.viewer.User.ID, Day: r.balance.Day, Used: r.reservation.Tokens}
	subject := string(r.generation.ID)
	r.key.Subject, r.key.CreatedAt = &subject, r.now
	for _, row := range []any{&r.reservation, &r.entry, &r.key, &r.generation, &r.generation.Parts} {
		if err := tx.Create(row).Error; err != nil {
			return err
		}
	}
	err = tx.Exec(`
INSERT INTO member_usage AS u (team_id, user_id, day, used) VALUES (?, ?, ?, ?)
ON CONFLICT (team_id, user_id, day) DO UPDATE SET used = u.used + excluded.used`,
		usage.TeamID, usage.UserID, usage.Day, usage.Used).Error
	if err != nil {
		return err
	}
	arguments, err := json.Marshal(operations.Job{Generation: r.generation.ID, Team: r.generation.TeamID})
	if err != nil {
		return err
	}
	return tx.Exec(`
INSERT INTO river_job (args, kind, max_attempts, priority, queue, state) VALUES (?, 'generation', 25, 2, 'generations', 'available')`,
		string(arguments)).Error
}
