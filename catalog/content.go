package catalog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"productgenerator/models"
)

// Texts are a product's texts in use; nil where there is none yet.
type Texts struct {
	Short, Long *models.Content
}

// EditContent stores a text that a member wrote by hand as the next version. expected, if given, is the version that
// the member saw, 0 for none; if it is no longer the one in use, the error is a *StaleVersionError. Else it is
// models.FieldErrors or models.ErrNotFound.
func (c *Catalog) EditContent(ctx context.Context, team models.TeamID, product models.ProductID, part models.Part, text string, expected *int, author models.UserID) (models.Content, error) {
	if err := checkContent(part, text, "text"); err != nil {
		return models.Content{}, err
	}
	content := models.Content{
		TeamID: team, ProductID: product, Part: part, Text: text, Source: models.ContentManual, AuthorID: &author,
	}
	return c.addVersion(ctx, content, expected)
}

// RestoreContent brings an earlier version back as the next one, with its text, its source and its generation. The
// version in use is returned as it is. It returns models.FieldErrors for a version that was never there, or models.ErrNotFound.
func (c *Catalog) RestoreContent(ctx context.Context, team models.TeamID, product models.ProductID, part models.Part, version int, author models.UserID) (models.Content, error) {
	if _, err := c.Product(ctx, team, product); err != nil {
		return models.Content{}, err
	}
	earlier, err := c.version(ctx, team, product, part, version)
	if err != nil {
		return models.Content{}, err
	}
	newest, err := c.newest(ctx, team, product, part)
	if err != nil || newest.ID == earlier.ID {
		return newest, err
	}
	return c.addVersion(ctx, models.Content{
		TeamID: team, ProductID: product, Part: part, Text: earlier.Text, Source: earlier.Source, AuthorID: &author,
		GenerationID: earlier.GenerationID, RestoredFrom: &version,
	}, nil)
}

// MarkReviewed records who first read a version and found it good. It returns models.FieldErrors for a version that was never
// there, or models.ErrNotFound.
func (c *Catalog) MarkReviewed(ctx context.Context, team models.TeamID, product models.ProductID, part models.Part, version int, reviewer models.UserID) (models.Content, error) {
	if _, err := c.Product(ctx, team, product); err != nil {
		return models.Content{}, err
	}
	err := c.db.WithContext(ctx).Exec(`
		UPDATE contents SET reviewed_at = ?, reviewed_by = ?
		WHERE team_id = ? AND product_id = ? AND part = ? AND version = ? AND reviewed_at IS NULL`,
		c.instant(), reviewer, team, product, part, version).Error
	if err != nil {
		return models.Content{}, fmt.Errorf("mark version %d of %s as reviewed: %w", version, product, err)
	}
	return c.version(ctx, team, product, part, version)
}

// Contents are the texts in use of those of the products that the team has, for data loaders.
func (c *Catalog) Contents(ctx context.Context, team models.TeamID, products []models.ProductID) (map[models.ProductID]Texts, error) {
	rows, err := gorm.G[models.Content](c.db).Raw(`
		SELECT DISTINCT ON (product_id, part) * FROM contents
		WHERE team_id = ? AND product_id = ANY(?)
		ORDER BY product_id, part, version DESC`, team, ids(products)).Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the texts in use: %w", err)
	}
	texts := make(map[models.ProductID]Texts, len(products))
	for i := range rows {
		both := texts[rows[i].ProductID]
		if rows[i].Part == models.PartShortDescription {
			both.Short = &rows[i]
		} else {
			both.Long = &rows[i]
		}
		texts[rows[i].ProductID] = both
	}
	return texts, nil
}

// Versions is a page of a text's versions, the newest first. It returns models.ErrPageCursor for a foreign cursor.
func (c *Catalog) Versions(ctx context.Context, team models.TeamID, product models.ProductID, part models.Part, page models.Page) (models.Connection[models.Content], error) {
	cursor := 0
	if page.Cursor != "" {
		var err error
		if cursor, err = strconv.Atoi(page.Cursor); err != nil {
			return models.Connection[models.Content]{}, models.ErrPageCursor
		}
	}
	matches := where("team_id = ? AND product_id = ? AND part = ?", team, product, part)
	rows, err := readPage[models.Content](ctx, c.db, "*", matches, page, "version", cursor)
	if err != nil {
		return models.Connection[models.Content]{}, fmt.Errorf("list versions of %s: %w", product, err)
	}
	return models.Connect(page, rows, func(c models.Content) string { return strconv.Itoa(c.Version) }), nil
}

// Content reads one version of a text by its id, or returns models.ErrNotFound.
func (c *Catalog) Content(ctx context.Context, team models.TeamID, id models.ContentID) (models.Content, error) {
	content, err := gorm.G[models.Content](c.db).Where("team_id = ? AND id = ?", team, id).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.Content{}, fmt.Errorf("text %s: %w", id, models.ErrNotFound)
	}
	return content, err
}

// version reads a version, or returns models.FieldErrors that name it.
func (c *Catalog) version(ctx context.Context, team models.TeamID, product models.ProductID, part models.Part, version int) (models.Content, error) {
	content, err := gorm.G[models.Content](c.db).
		Where("team_id = ? AND product_id = ? AND part = ? AND version = ?", team, product, part, version).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.Content{}, models.FieldErrors{{Path: []string{"version"}, Code: models.FieldInvalid}}
	}
	if err != nil {
		return models.Content{}, fmt.Errorf("read version %d of %s: %w", version, product, err)
	}
	return content, nil
}

// newest reads the version in use, of a text that has one.
func (c *Catalog) newest(ctx context.Context, team models.TeamID, product models.ProductID, part models.Part) (models.Content, error) {
	content, err := gorm.G[models.Content](c.db).
		Where("team_id = ? AND product_id = ? AND part = ?", team, product, part).Order("version DESC").Take(ctx)
	if err != nil {
		return models.Content{}, fmt.Errorf("read the text in use of %s: %w", product, err)
	}
	return content, nil
}

// addVersion stores the text as the next version if expected, where given, is the one in use.
func (c *Catalog) addVersion(ctx context.Context, content models.Content, expected *int) (models.Content, error) {
	if _, err := c.Product(ctx, content.TeamID, content.ProductID); err != nil {
		return models.Content{}, err
	}
	content.ID, content.CreatedAt = models.NewContentID(c.now()), c.instant()
	stored, err := addVersions(ctx, []models.Content{content}, expected, writeVersions(c.db))
	if err != nil {
		return models.Content{}, fmt.Errorf("store a text of %s: %w", content.ProductID, err)
	}
	if len(stored) == 1 {
		content.Version = stored[0].Version
		return content, nil
	}
	if expected == nil { // deleted since it was read
		return models.Content{}, fmt.Errorf("product %s: %w", content.ProductID, models.ErrNotFound)
	}
	newest, err := c.newest(ctx, content.TeamID, content.ProductID, content.Part)
	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return models.Content{}, err
	}
	return models.Content{}, &StaleVersionError{Current: newest.Version}
}

// checkContent checks a text that is to become a version.
func checkContent(part models.Part, text string, path ...string) error {
	var faults models.FieldErrors
	if !part.IsText() {
		faults.Add(models.FieldInvalid, 0, "part")
	}
	if strings.TrimSpace(text) == "" {
		faults.Add(models.FieldRequired, 0, path...)
	} else if code := models.CheckText(text, models.MaxContentText); code != "" {
		faults.Add(code, models.MaxContentText, path...)
	}
	return faults.Err()
}
