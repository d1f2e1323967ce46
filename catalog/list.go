package catalog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"productgenerator/models"
)

// Product reads a product of the team, or returns models.ErrNotFound.
func (c *Catalog) Product(ctx context.Context, team models.TeamID, id models.ProductID) (models.Product, error) {
	product, err := gorm.G[models.Product](c.db).Select(productSelect).
		Where("team_id = ? AND id = ? AND deleted_at IS NULL", team, id).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.Product{}, fmt.Errorf("product %s: %w", id, models.ErrNotFound)
	}
	if err != nil {
		return models.Product{}, fmt.Errorf("read product %s: %w", id, err)
	}
	return product, nil
}

// Products reads those of the products that the team has, by id, for data loaders.
func (c *Catalog) Products(ctx context.Context, team models.TeamID, list []models.ProductID) (map[models.ProductID]models.Product, error) {
	products, err := gorm.G[models.Product](c.db).Select(productSelect).
		Where("team_id = ? AND id = ANY(?) AND deleted_at IS NULL", team, ids(list)).Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	found := make(map[models.ProductID]models.Product, len(products))
	for _, product := range products {
		found[product.ID] = product
	}
	return found, nil
}

// Bounds of a search.
const (
	maxSearch      = 200 // characters; the rest is not looked at
	maxSearchWords = 10
)

// typoSimilarity is from which trigram similarity on a word counts as mistyped: shrit and shirt have a third.
const typoSimilarity = 0.33

// List is a page of the team's products, the newest first, with the count of all. A search wants each of its words in
// name, brand, category or SKU, whatever the case or accents: at the beginning of a word; where no product has them all
// so, anywhere in a word; and where that finds nothing either, mistyped. It returns models.ErrPageCursor for a foreign
// cursor.
func (c *Catalog) List(ctx context.Context, team models.TeamID, search string, page models.Page) (models.Connection[models.Product], error) {
	none := models.Connection[models.Product]{}
	if prefix, ok := models.PrefixOf(page.Cursor); page.Cursor != "" && (!ok || prefix != models.PrefixProduct) {
		return none, models.ErrPageCursor
	}
	var matches condition
	var total int64
	for _, matches = range readings(where("team_id = ? AND deleted_at IS NULL", team), search) {
		count, err := gorm.G[models.Product](c.db).Where(matches.sql, matches.args...).Count(ctx, "id")
		if err != nil {
			return none, fmt.Errorf("count products: %w", err)
		}
		if total = count; total > 0 {
			break
		}
	}
	if total == 0 {
		return models.Connect(page, []models.Product{}, productKey), nil
	}
	rows, err := readPage[models.Product](ctx, c.db, productSelect, matches, page, "id", page.Cursor)
	if err != nil {
		return none, fmt.Errorf("list products: %w", err)
	}
	products := models.Connect(page, rows, productKey)
	products.Total = int(total)
	return products, nil
}

func productKey(p models.Product) string { return string(p.ID) }

// readings are what a search may mean, the strictest first. A blank search wants all products, one of nothing but
// punctuation none.
func readings(all condition, search string) []condition {
	if strings.TrimSpace(search) == "" {
		return []condition{all}
	}
	words := searchedWords(search)
	if len(words) == 0 {
		return nil
	}
	within, mistyped := all, all
	for _, word := range words {
		prefix := prefixQuery([]string{word}, allWords)
		switch {
		case len(word) < shortestWithin:
			within = within.and("search @@ ?::tsquery", prefix)
			mistyped = mistyped.and("search @@ ?::tsquery", prefix)
		case len(word) < shortestMistyped:
			within = within.and("words LIKE ?", "%"+word+"%")
			mistyped = mistyped.and("words LIKE ?", "%"+word+"%")
		default:
			within = within.and("words LIKE ?", "%"+word+"%")
			mistyped = mistyped.and("word_similarity(?, words) >= ?", word, typoSimilarity)
		}
	}
	return []condition{all.and("search @@ ?::tsquery", prefixQuery(words, allWords)), within, mistyped}
}

// Bounds of a reading, in bytes: a single character of a script without spaces is a word.
const (
	shortestWithin   = 3 // shorter ones are part of too many words
	shortestMistyped = 4 // in shorter ones a slip cannot be told from another word
)

// searchedWords are the words of a search, within its bounds.
func searchedWords(search string) []string {
	if utf8.RuneCountInString(search) > maxSearch {
		search = string([]rune(search)[:maxSearch])
	}
	words := fold(search)
	return words[:min(len(words), maxSearchWords)]
}
