package funding

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/currency"

	"productgenerator/ledger"
	"productgenerator/models"
)

// MaxExpiryDays is the longest life that can be given to the tokens of a package or a promotion, in days.
const MaxExpiryDays = 3_650

// Limits of packages.
const (
	MaxPackageName    = 100        // characters
	MaxPriceMinor     = 99_999_999 // in the currency's minor unit: the most that a payment provider takes
	currencyNone      = "XXX"      // codes of ISO 4217 that are no money
	currencyForTests  = "XTS"
	lettersOfCurrency = 3
)

// PackageInput is a package as an administrator sets it.
type PackageInput struct {
	ID               *models.TokenPackageID // nil: a new one
	Name             string
	Tokens           models.Tokens
	PriceMinor       int64  // taxes included
	Currency         string // ISO 4217
	Active           bool
	ExpiresAfterDays *int // nil: its tokens never lapse
}

// Packages reads the packages that can be bought, the cheapest first.
func (f *Funding) Packages(ctx context.Context) ([]models.TokenPackage, error) {
	return f.readPackages(ctx, `WHERE active`)
}

// AllPackages reads all packages, those that cannot be bought any more among them, the cheapest first.
func (f *Funding) AllPackages(ctx context.Context) ([]models.TokenPackage, error) {
	return f.readPackages(ctx, ``)
}

// PackagesFor reads the packages that can be bought and bring at least that many tokens, the cheapest first.
func (f *Funding) PackagesFor(ctx context.Context, tokens models.Tokens) ([]models.TokenPackage, error) {
	return f.readPackages(ctx, `WHERE active AND tokens >= $1`, int64(tokens))
}

// PackagesByID reads packages. Those that do not exist are left out.
func (f *Funding) PackagesByID(ctx context.Context, ids []models.TokenPackageID) (map[models.TokenPackageID]models.TokenPackage, error) {
	packages, err := f.readPackages(ctx, `WHERE id = ANY($1)`,
		ledger.Column(ids, func(id models.TokenPackageID) string { return string(id) }))
	if err != nil {
		return nil, err
	}
	byID := make(map[models.TokenPackageID]models.TokenPackage, len(packages))
	for _, p := range packages {
		byID[p.ID] = p
	}
	return byID, nil
}

func (f *Funding) readPackages(ctx context.Context, where string, args ...any) ([]models.TokenPackage, error) {
	rows, err := f.pool.Query(ctx, `SELECT `+packageColumns+` FROM token_packages `+where+` ORDER BY price_minor, id`, args...)
	if err != nil {
		return nil, fmt.Errorf("read packages: %w", err)
	}
	packages, err := pgx.CollectRows(rows, pgx.RowToStructByName[models.TokenPackage])
	if err != nil {
		return nil, fmt.Errorf("read packages: %w", err)
	}
	return packages, nil
}

// SetPackage adds a package or changes one. Purchases that were begun stay as they are. It returns models.FieldErrors,
// INVALID at currency where the payment provider would ask for another amount; or models.ErrNotFound.
func (f *Funding) SetPackage(ctx context.Context, input PackageInput) (models.TokenPackage, error) {
	if err := input.check(); err != nil {
		return models.TokenPackage{}, err
	}
	if input.Active && !f.provider.Takes(input.PriceMinor, input.Currency) {
		return models.TokenPackage{}, models.FieldErrors{{Path: []string{"currency"}, Code: models.FieldInvalid}}
	}
	args := []any{
		strings.TrimSpace(input.Name), int64(input.Tokens), input.PriceMinor, strings.ToUpper(input.Currency),
		input.Active, input.ExpiresAfterDays,
	}
	sql := `
UPDATE token_packages
SET name = $2, tokens = $3, price_minor = $4, currency = $5, active = $6, expires_after_days = $7, updated_at = now()
WHERE id = $1
RETURNING ` + packageColumns
	if err := f.keepCurrency(ctx, input); err != nil {
		return models.TokenPackage{}, err
	}
	id := models.NewTokenPackageID(f.now())
	if input.ID != nil {
		id = *input.ID
	} else {
		sql = `
INSERT INTO token_packages (` + packageColumns + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, now(), now())
RETURNING ` + packageColumns
	}
	rows, err := f.pool.Query(ctx, sql, append([]any{string(id)}, args...)...)
	if err != nil {
		return models.TokenPackage{}, fmt.Errorf("set package %s: %w", id, err)
	}
	stored, err := pgx.CollectRows(rows, pgx.RowToStructByName[models.TokenPackage])
	if err != nil {
		return models.TokenPackage{}, fmt.Errorf("set package %s: %w", id, err)
	}
	if len(stored) == 0 {
		return models.TokenPackage{}, models.ErrNotFound
	}
	return stored[0], nil
}

// keepCurrency refuses another currency for a package that auto top-up buys: the teams' caps are amounts of the old one.
func (f *Funding) keepCurrency(ctx context.Context, input PackageInput) error {
	if input.ID == nil {
		return nil
	}
	var kept bool
	err := f.pool.QueryRow(ctx, `
SELECT EXISTS (
	SELECT
	FROM token_packages p
	JOIN auto_top_ups t ON t.package_id = p.id
	WHERE p.id = $1 AND p.currency <> $2
)`, string(*input.ID), strings.ToUpper(input.Currency)).Scan(&kept)
	if err != nil {
		return fmt.Errorf("look who buys package %s: %w", *input.ID, err)
	}
	if kept {
		return models.FieldErrors{{Path: []string{"currency"}, Code: models.FieldWrongState}}
	}
	return nil
}

func (i PackageInput) check() error {
	var faults models.FieldErrors
	faults.Add(required(strings.TrimSpace(i.Name), MaxPackageName, models.CheckLine), MaxPackageName, "name")
	if i.Tokens < 1 || i.Tokens > MaxGrant {
		faults.Add(models.FieldOutOfRange, 1, "tokens")
	}
	if i.PriceMinor < 1 || i.PriceMinor > MaxPriceMinor {
		faults.Add(models.FieldOutOfRange, 1, "priceMinor")
	}
	if !isCurrency(strings.ToUpper(i.Currency)) {
		faults.Add(models.FieldInvalid, 0, "currency")
	}
	if days := i.ExpiresAfterDays; days != nil && (*days < 1 || *days > MaxExpiryDays) {
		faults.Add(models.FieldOutOfRange, 1, "expiresAfterDays")
	}
	return faults.Err()
}

// isCurrency says whether a code in capitals is that of some money.
func isCurrency(code string) bool {
	if len(code) != lettersOfCurrency || code == currencyNone || code == currencyForTests {
		return false
	}
	_, err := currency.ParseISO(code)
	return err == nil
}
