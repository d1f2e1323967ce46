package catalog

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/language"
	"gorm.io/gorm"

	"productgenerator/models"
)

const (
	maxTemplateName  = 100
	defaultLanguage  = "en"
	maxLanguageRunes = 35 // the longest tag that BCP 47 asks programs to take
)

// NewTemplate is a template as a member writes it. See pattern for what its texts may say.
type NewTemplate struct {
	Name, ShortDescription, LongDescription string
	Language                                string // BCP 47; empty: en
}

// TemplateChange changes the fields that are set.
type TemplateChange struct {
	Name, ShortDescription, LongDescription, Language Optional[string]
}

// CreateTemplate adds a template to the team, or returns FieldErrors.
func (c *Catalog) CreateTemplate(ctx context.Context, team models.TeamID, input NewTemplate) (models.Template, error) {
	now := c.instant()
	template := models.Template{
		ID: models.NewTemplateID(c.now()), TeamID: team, Name: input.Name, ShortDescription: input.ShortDescription,
		LongDescription: input.LongDescription, Language: input.Language, CreatedAt: now, UpdatedAt: now,
	}
	if err := tidyTemplate(&template); err != nil {
		return models.Template{}, err
	}
	if err := gorm.G[models.Template](c.db).Create(ctx, &template); err != nil {
		return models.Template{}, fmt.Errorf("create a template: %w", err)
	}
	return template, nil
}

// UpdateTemplate changes a template. It returns models.FieldErrors or models.ErrNotFound.
func (c *Catalog) UpdateTemplate(ctx context.Context, team models.TeamID, id models.TemplateID, change TemplateChange) (models.Template, error) {
	var after models.Template
	err := c.transact(ctx, func(tx *gorm.DB) error {
		before, err := gorm.G[models.Template](tx).
			Raw(`SELECT * FROM templates WHERE team_id = ? AND id = ? FOR UPDATE`, team, id).Take(ctx)
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return models.ErrNotFound
		}
		if err != nil {
			return err
		}
		after = before
		after.Name = change.Name.or(before.Name)
		after.ShortDescription = change.ShortDescription.or(before.ShortDescription)
		after.LongDescription = change.LongDescription.or(before.LongDescription)
		after.Language = change.Language.or(before.Language)
		if err := tidyTemplate(&after); err != nil {
			return err
		}
		if after == before {
			return nil
		}
		after.UpdatedAt = c.instant()
		return tx.Exec(`
			UPDATE templates SET name = ?, short_description = ?, long_description = ?, language = ?, updated_at = ?
			WHERE team_id = ? AND id = ?`,
			after.Name, after.ShortDescription, after.LongDescription, after.Language, after.UpdatedAt, team, id).Error
	})
	if err != nil {
		return models.Template{}, fmt.Errorf("update template %s: %w", id, err)
	}
	return after, nil
}

// DeleteTemplate takes a template away and returns its last state; texts made with it stay. It returns models.ErrNotFound.
func (c *Catalog) DeleteTemplate(ctx context.Context, team models.TeamID, id models.TemplateID) (models.Template, error) {
	deleted, err := gorm.G[models.Template](c.db).
		Raw(`DELETE FROM templates WHERE team_id = ? AND id = ? RETURNING *`, team, id).Find(ctx)
	if err != nil {
		return models.Template{}, fmt.Errorf("delete template %s: %w", id, err)
	}
	if len(deleted) == 0 {
		return models.Template{}, fmt.Errorf("template %s: %w", id, models.ErrNotFound)
	}
	return deleted[0], nil
}

// Template reads a template of the team, or returns models.ErrNotFound.
func (c *Catalog) Template(ctx context.Context, team models.TeamID, id models.TemplateID) (models.Template, error) {
	template, err := gorm.G[models.Template](c.db).Where("team_id = ? AND id = ?", team, id).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.Template{}, fmt.Errorf("template %s: %w", id, models.ErrNotFound)
	}
	if err != nil {
		return models.Template{}, fmt.Errorf("read template %s: %w", id, err)
	}
	return template, nil
}

// Templates is a page of the team's templates, the newest first. It returns models.ErrPageCursor for a foreign cursor.
func (c *Catalog) Templates(ctx context.Context, team models.TeamID, page models.Page) (models.Connection[models.Template], error) {
	if prefix, ok := models.PrefixOf(page.Cursor); page.Cursor != "" && (!ok || prefix != models.PrefixTemplate) {
		return models.Connection[models.Template]{}, models.ErrPageCursor
	}
	rows, err := readPage[models.Template](ctx, c.db, "*", where("team_id = ?", team), page, "id", page.Cursor)
	if err != nil {
		return models.Connection[models.Template]{}, fmt.Errorf("list templates: %w", err)
	}
	return models.Connect(page, rows, func(t models.Template) string { return string(t.ID) }), nil
}

// Preview is what a template makes of a product.
type Preview struct {
	ShortDescription, LongDescription string
}

// PreviewTemplate renders texts for a product and stores nothing. models.FieldErrors come with whatever could be rendered; the
// other error is models.ErrNotFound.
func (c *Catalog) PreviewTemplate(ctx context.Context, team models.TeamID, product models.ProductID, short, long string) (Preview, error) {
	subject, err := c.Product(ctx, team, product)
	if err != nil {
		return Preview{}, err
	}
	return renderBoth(subject, short, long)
}

// ApplyTemplate stores what the template makes of the product as the next version of both texts. It returns models.FieldErrors
// where one of them would be empty or too long, or models.ErrNotFound; then neither is stored.
func (c *Catalog) ApplyTemplate(ctx context.Context, team models.TeamID, product models.ProductID, id models.TemplateID, author models.UserID) (Texts, error) {
	template, err := c.Template(ctx, team, id)
	if err != nil {
		return Texts{}, err
	}
	rendered, err := c.PreviewTemplate(ctx, team, product, template.ShortDescription, template.LongDescription)
	if err != nil {
		return Texts{}, err
	}
	content := func(part models.Part, text string) models.Content {
		return models.Content{
			ID: models.NewContentID(c.now()), TeamID: team, ProductID: product, Part: part, Text: text,
			Source: models.ContentTemplate, AuthorID: &author, CreatedAt: c.instant(),
		}
	}
	both := []models.Content{
		content(models.PartShortDescription, rendered.ShortDescription), content(models.PartLongDescription, rendered.LongDescription),
	}
	err = c.transact(ctx, func(tx *gorm.DB) error {
		stored, err := addVersions(ctx, both, nil, writeVersions(tx))
		if err != nil {
			return err
		}
		if len(stored) != len(both) {
			return models.ErrNotFound // deleted since it was rendered
		}
		for _, version := range stored {
			for i := range both {
				if both[i].ID == version.ID {
					both[i].Version = version.Version
				}
			}
		}
		return nil
	})
	if err != nil {
		return Texts{}, fmt.Errorf("apply template %s to %s: %w", id, product, err)
	}
	return Texts{Short: &both[0], Long: &both[1]}, nil
}

// renderBoth renders both texts; what is wrong with one does not keep the other from being shown.
func renderBoth(product models.Product, short, long string) (Preview, error) {
	var faults models.FieldErrors
	render := func(text, field string) string {
		parsed, fault := parsePattern(text, field)
		if fault != nil {
			faults = append(faults, *fault)
			return ""
		}
		rendered, code := parsed.render(product)
		switch {
		case code != "":
			faults.Add(code, models.MaxContentText, field)
		case rendered == "":
			faults.Add(models.FieldRequired, 0, field)
		}
		return rendered
	}
	preview := Preview{ShortDescription: render(short, "shortDescription"), LongDescription: render(long, "longDescription")}
	return preview, faults.Err()
}

// tidyTemplate trims and checks a template, and returns models.FieldErrors that list everything wrong.
func tidyTemplate(t *models.Template) error {
	var faults models.FieldErrors
	t.Name = strings.TrimSpace(t.Name)
	requireLine(&faults, t.Name, maxTemplateName, "name")
	if _, fault := parsePattern(t.ShortDescription, "shortDescription"); fault != nil {
		faults = append(faults, *fault)
	}
	if _, fault := parsePattern(t.LongDescription, "longDescription"); fault != nil {
		faults = append(faults, *fault)
	}
	t.Language = strings.TrimSpace(t.Language)
	if t.Language == "" {
		t.Language = defaultLanguage
	}
	if len(t.Language) > maxLanguageRunes {
		faults.Add(models.FieldTooLong, maxLanguageRunes, "language")
	} else if _, err := language.Parse(t.Language); err != nil {
		faults.Add(models.FieldInvalid, 0, "language")
	}
	return faults.Err()
}
