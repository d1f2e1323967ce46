package funding

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"productgenerator/models"
)

// Bounds of what administrators write into promotions, in characters.
const (
	MinCode          = 3
	MaxCode          = 40
	MaxPromotionName = 100
	MaxTerms         = 2_000
)

// referralPrefix begins the codes by which teams invite others; those of promotions begin otherwise.
const referralPrefix = "REF-"

// PromotionInput is a promotion as an administrator wants it.
type PromotionInput struct {
	ID                    *models.PromotionID // nil: a new one
	Code                  string              // in any case, with blanks around it
	Kind                  models.PromotionKind
	Name                  string
	Terms                 string
	Tokens                models.Tokens // 1 to MaxGrant
	StartsAt              time.Time
	EndsAt                *time.Time // exclusive; nil: it does not end
	MaxRedemptions        *int       // nil: any number; fewer than there are already: used up
	GrantExpiresAfterDays *int       // nil: its tokens never lapse
}

// SetPromotion adds a promotion, or replaces all that one says. What it has granted stays as it is, and so does the kind
// of one that has granted something.
//
// It returns models.FieldErrors, TAKEN at code where another promotion has it, WRONG_STATE at kind where it has to stay;
// or models.ErrNotFound.
func (f *Funding) SetPromotion(ctx context.Context, admin models.UserID, input PromotionInput) (models.Promotion, error) {
	input.Code = capitals(strings.TrimSpace(input.Code))
	input.Name, input.Terms = strings.TrimSpace(input.Name), strings.TrimSpace(input.Terms)
	if err := input.check(); err != nil {
		return models.Promotion{}, err
	}
	sql, id, by := updatePromotionSQL, input.ID, []any{}
	if input.ID == nil {
		made := models.NewPromotionID(f.now())
		sql, id, by = insertPromotionSQL, &made, []any{string(admin)}
	}
	args := append([]any{
		string(*id), input.Code, string(input.Kind), input.Name, input.Terms, int64(input.Tokens), input.StartsAt,
		input.EndsAt, input.MaxRedemptions, input.GrantExpiresAfterDays,
	}, by...)
	rows, err := f.pool.Query(ctx, sql, args...)
	if err != nil {
		return models.Promotion{}, fmt.Errorf("set a promotion: %w", err)
	}
	promotion, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[models.Promotion])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return models.Promotion{}, f.notChanged(ctx, *id)
	case isTaken(err):
		return models.Promotion{}, models.FieldErrors{{Path: []string{"code"}, Code: models.FieldTaken}}
	case err != nil:
		return models.Promotion{}, fmt.Errorf("set a promotion: %w", err)
	}
	return promotion, nil
}

const (
	insertPromotionSQL = `
INSERT INTO promotions (id, code, kind, name, terms, tokens, starts_at, ends_at, max_redemptions,
	grant_expires_after_days, created_by, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now(), now())
RETURNING ` + promotionColumns

	updatePromotionSQL = `
UPDATE promotions
SET code = $2, kind = $3, name = $4, terms = $5, tokens = $6, starts_at = $7, ends_at = $8, max_redemptions = $9,
	grant_expires_after_days = $10, updated_at = now()
WHERE id = $1 AND (kind = $3 OR redemptions = 0)
RETURNING ` + promotionColumns
)

// notChanged is why a promotion was not: there is none, or its kind has to stay.
func (f *Funding) notChanged(ctx context.Context, id models.PromotionID) error {
	promotions, err := f.PromotionsByID(ctx, []models.PromotionID{id})
	if err != nil {
		return err
	}
	if len(promotions) == 0 {
		return models.ErrNotFound
	}
	return models.FieldErrors{{Path: []string{"kind"}, Code: models.FieldWrongState}}
}

// uniqueViolation is PostgreSQL's code for a value that a unique index has already.
const uniqueViolation = "23505"

func isTaken(err error) bool {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	return ok && answer.Code == uniqueViolation && answer.ConstraintName == "promotions_code_key"
}

func (i PromotionInput) check() error {
	var faults models.FieldErrors
	faults.Add(checkCode(i.Code))
	faults.Add(required(i.Name, MaxPromotionName, models.CheckLine), MaxPromotionName, "name")
	faults.Add(required(i.Terms, MaxTerms, models.CheckText), MaxTerms, "terms")
	if i.Tokens < 1 || i.Tokens > MaxGrant {
		faults.Add(models.FieldOutOfRange, 1, "tokens")
	}
	if i.EndsAt != nil && !i.EndsAt.After(i.StartsAt) {
		faults.Add(models.FieldOutOfRange, 0, "endsAt")
	}
	if i.MaxRedemptions != nil && *i.MaxRedemptions < 0 {
		faults.Add(models.FieldOutOfRange, 0, "maxRedemptions")
	}
	if days := i.GrantExpiresAfterDays; days != nil && (*days < 1 || *days > MaxExpiryDays) {
		faults.Add(models.FieldOutOfRange, 1, "grantExpiresAfterDays")
	}
	return faults.Err()
}

// checkCode says what is wrong with a promotion's code, in capitals.
func checkCode(code string) (fault models.FieldCode, limit int, field string) {
	switch {
	case code == "":
		return models.FieldRequired, 0, "code"
	case !writesCode(code), strings.HasPrefix(code, referralPrefix):
		return models.FieldInvalid, 0, "code"
	case len(code) < MinCode:
		return models.FieldTooShort, MinCode, "code"
	case len(code) > MaxCode:
		return models.FieldTooLong, MaxCode, "code"
	default:
		return "", 0, "code"
	}
}

// writesCode says whether codes are written in these characters: A to Z, 0 to 9, - and _.
func writesCode(text string) bool {
	for i := range len(text) {
		c := text[i]
		if !('A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// codeOf is the code that somebody entered, as it is stored; what cannot be a code is empty, as no code is.
func codeOf(entered string) string {
	const sane = 4 * MaxCode // with blanks around it
	if len(entered) > sane {
		return ""
	}
	code := capitals(strings.TrimSpace(entered))
	if fault, _, _ := checkCode(strings.TrimPrefix(code, referralPrefix)); fault != "" {
		return ""
	}
	return code
}

// capitals writes a to z as A to Z, and leaves everything else alone: no letter of another alphabet becomes one of them.
func capitals(text string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, text)
}

// Promotions is a page of all promotions, the newest first. It returns models.ErrPageCursor for a foreign cursor.
func (f *Funding) Promotions(ctx context.Context, page models.Page) (models.Connection[models.Promotion], error) {
	if prefix, ok := models.PrefixOf(page.Cursor); page.Cursor != "" && (!ok || prefix != models.PrefixPromotion) {
		return models.Connection[models.Promotion]{}, models.ErrPageCursor
	}
	promotions, err := f.readPromotions(ctx, `($1 = '' OR id < $1) ORDER BY id DESC LIMIT $2`, page.Cursor, page.Size+1)
	if err != nil {
		return models.Connection[models.Promotion]{}, err
	}
	return models.Connect(page, promotions, func(p models.Promotion) string { return string(p.ID) }), nil
}

// PromotionsByID reads promotions. Those that do not exist are left out.
func (f *Funding) PromotionsByID(ctx context.Context, ids []models.PromotionID) (map[models.PromotionID]models.Promotion, error) {
	promotions, err := f.readPromotions(ctx, `id = ANY($1)`, texts(ids))
	if err != nil {
		return nil, err
	}
	byID := make(map[models.PromotionID]models.Promotion, len(promotions))
	for _, promotion := range promotions {
		byID[promotion.ID] = promotion
	}
	return byID, nil
}

// ActivePromotions says of promotions whether a team that has not redeemed them could do so now, by the database's clock.
func (f *Funding) ActivePromotions(ctx context.Context, ids []models.PromotionID) (map[models.PromotionID]bool, error) {
	promotions, err := f.PromotionsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	var now time.Time
	if err := f.pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now); err != nil {
		return nil, fmt.Errorf("read the clock: %w", err)
	}
	active := make(map[models.PromotionID]bool, len(promotions))
	for id, promotion := range promotions {
		active[id] = promotion.ActiveAt(now)
	}
	return active, nil
}

// PromotionsByGrant reads the promotions that brought grants: by their redemption, or as the campaign that rewarded a
// referral. Other grants are left out.
func (f *Funding) PromotionsByGrant(ctx context.Context, grants []models.GrantID) (map[models.GrantID]models.Promotion, error) {
	rows, err := f.pool.Query(ctx, `
SELECT grant_id, promotion_id FROM redemptions WHERE grant_id = ANY($1)
UNION ALL
SELECT inviter_grant_id, promotion_id FROM referrals WHERE inviter_grant_id = ANY($1)
UNION ALL
SELECT invited_grant_id, promotion_id FROM referrals WHERE invited_grant_id = ANY($1)`, texts(grants))
	if err != nil {
		return nil, fmt.Errorf("read what brought grants: %w", err)
	}
	ofGrant := map[models.GrantID]models.PromotionID{}
	var grant models.GrantID
	var promotion models.PromotionID
	var ids []models.PromotionID
	_, err = pgx.ForEachRow(rows, []any{&grant, &promotion}, func() error {
		ofGrant[grant] = promotion
		ids = append(ids, promotion)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what brought grants: %w", err)
	}
	byID, err := f.PromotionsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	byGrant := make(map[models.GrantID]models.Promotion, len(ofGrant))
	for grant, id := range ofGrant {
		byGrant[grant] = byID[id]
	}
	return byGrant, nil
}

func (f *Funding) readPromotions(ctx context.Context, where string, args ...any) ([]models.Promotion, error) {
	rows, err := f.pool.Query(ctx, `SELECT `+promotionColumns+` FROM promotions WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read promotions: %w", err)
	}
	promotions, err := pgx.CollectRows(rows, pgx.RowToStructByName[models.Promotion])
	if err != nil {
		return nil, fmt.Errorf("read promotions: %w", err)
	}
	return promotions, nil
}

// texts are ids as a statement takes them.
func texts[ID ~string](ids []ID) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = string(id)
	}
	return list
}
