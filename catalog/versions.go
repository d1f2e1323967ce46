package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"productgenerator/models"
)

// AddVersions stores texts as the next versions of their products' parts, inside a transaction of the caller's; their
// Version is ignored. A product that was deleted meanwhile gets its text all the same: it was paid for. The error is
// models.ErrNotFound where a product is not the text's team's.
//
// No lock is taken: whoever stores a version of the same text first has it, and the later one takes the next.
func AddVersions(ctx context.Context, tx pgx.Tx, texts []models.Content) error {
	stored, err := addVersions(ctx, texts, nil, func(ctx context.Context, rows string, expected *int) ([]versionOf, error) {
		found, err := tx.Query(ctx, fmt.Sprintf(addVersionsSQL, "$1", "$2"), rows, expected)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(found, pgx.RowToStructByName[versionOf])
	})
	if err != nil {
		return fmt.Errorf("store texts: %w", err)
	}
	if len(stored) != len(texts) {
		return fmt.Errorf("store texts: %d of %d products: %w", len(texts)-len(stored), len(texts), models.ErrNotFound)
	}
	return nil
}

// addVersionsSQL stores what its first parameter lists, each as the version behind the newest that the statement sees;
// its second, if not null, is the version that must be the newest. Rows whose version another transaction has stored
// meanwhile are left out, to be tried again by a statement that sees it.
const addVersionsSQL = `
	INSERT INTO contents (id, team_id, product_id, part, version, text, source, author_id, generation_id, restored_from, created_at)
	SELECT row.id, row.team_id, row.product_id, row.part,
		coalesce(newest.version, 0) + row_number() OVER (PARTITION BY row.product_id, row.part ORDER BY row.place),
		row.text, row.source, row.author_id, row.generation_id, row.restored_from, row.created_at
	FROM jsonb_to_recordset(%s::jsonb) AS row (
		place integer, id text, team_id text, product_id text, part text, text text, source text, author_id text,
		generation_id text, restored_from integer, created_at timestamptz)
	JOIN products ON products.id = row.product_id AND products.team_id = row.team_id
		AND (products.deleted_at IS NULL OR row.generation_id IS NOT NULL AND row.restored_from IS NULL)
	LEFT JOIN LATERAL (
		SELECT version FROM contents
		WHERE contents.product_id = row.product_id AND contents.part = row.part
		ORDER BY version DESC LIMIT 1
	) newest ON true
	CROSS JOIN (SELECT %s::integer AS version) expected
	WHERE expected.version IS NULL OR expected.version = coalesce(newest.version, 0)
	ON CONFLICT (product_id, part, version) DO NOTHING
	RETURNING id, version`

// versionOf is the version that a stored text has got.
type versionOf struct {
	ID      models.ContentID
	Version int
}

// versionWriter runs addVersionsSQL.
type versionWriter func(ctx context.Context, rows string, expected *int) ([]versionOf, error)

// writeVersions runs addVersionsSQL over GORM.
func writeVersions(db *gorm.DB) versionWriter {
	return func(ctx context.Context, rows string, expected *int) ([]versionOf, error) {
		var stored []versionOf
		err := db.WithContext(ctx).Raw(fmt.Sprintf(addVersionsSQL, "?", "?"), rows, expected).Scan(&stored).Error
		return stored, err
	}
}

// versionRow is a text in the form that addVersionsSQL reads.
type versionRow struct {
	Place        int                  `json:"place"`
	ID           models.ContentID     `json:"id"`
	TeamID       models.TeamID        `json:"team_id"`
	ProductID    models.ProductID     `json:"product_id"`
	Part         models.Part          `json:"part"`
	Text         string               `json:"text"`
	Source       models.ContentSource `json:"source"`
	AuthorID     *models.UserID       `json:"author_id"`
	GenerationID *models.GenerationID `json:"generation_id"`
	RestoredFrom *int                 `json:"restored_from"`
	CreatedAt    time.Time            `json:"created_at"`
}

// addVersions writes the texts until each has a version, and returns those that got one: the others have no product,
// or another version than expected is in use.
func addVersions(ctx context.Context, texts []models.Content, expected *int, write versionWriter) ([]versionOf, error) {
	rounds := 50 // each is lost only to another version of the same text, stored at the same moment
	if expected != nil {
		rounds = 1 // whoever came first has made another version the newest
	}
	var all []versionOf
	rows := make([]versionRow, len(texts))
	for i, t := range texts {
		rows[i] = versionRow{
			Place: i, ID: t.ID, TeamID: t.TeamID, ProductID: t.ProductID, Part: t.Part, Text: t.Text, Source: t.Source,
			AuthorID: t.AuthorID, GenerationID: t.GenerationID, RestoredFrom: t.RestoredFrom, CreatedAt: t.CreatedAt,
		}
	}
	for round := 0; round < rounds && len(rows) > 0; round++ {
		encoded, err := json.Marshal(rows)
		if err != nil {
			return nil, err
		}
		stored, err := write(ctx, string(encoded), expected)
		if err != nil {
			return nil, err
		}
		all = append(all, stored...)
		done := make(map[models.ContentID]bool, len(stored))
		for _, version := range stored {
			done[version.ID] = true
		}
		left := rows[:0]
		for _, row := range rows {
			if !done[row.ID] {
				left = append(left, row)
			}
		}
		rows = left
	}
	return all, nil
}
