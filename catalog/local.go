package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"productgenerator/models"
)

// Origin says where the local search found something.
type Origin string

// What is found is in the team's own catalogue or in the public one that the platform ships; never in another team's.
const (
	OriginOwn    Origin = "your catalogue"
	OriginPublic Origin = "public catalogue"
)

// LocalImage is an image that the local search found.
type LocalImage struct {
	URL, Title string
	License    string // a short name such as CC BY 4.0; empty: not known
	Origin     Origin
}

// LocalOffer is a price that the local search found.
type LocalOffer struct {
	Seller      string    // as the feed names it, else the origin
	Title       string    // the product's name, and the variant's
	AmountMinor int64     // in the currency's minor unit
	Currency    string    // ISO 4217
	ObservedAt  time.Time // when the feed was imported; zero: with the platform's release
	Origin      Origin
}

// LocalFact is a statement about a kind of thing.
type LocalFact struct {
	Statement string
	Origin    Origin
}

// entry is a product of either catalogue as the local search sees it.
type entry struct {
	name       string
	words      []string // of the name, the brand's left out
	images     []models.FeedImage
	offers     []models.FeedOffer
	attributes []models.Attribute
	updatedAt  time.Time
	origin     Origin
	likeness   float64 // to what is searched for; 1 for the product itself
}

// FindImages finds images for a product of the team: its own, as its feed named them, then those of similar products,
// the most similar first. query is what to look for; empty: the product's name. None at all is no error.
func (c *Catalog) FindImages(ctx context.Context, team models.TeamID, product models.ProductID, query string, limit int) ([]LocalImage, error) {
	entries, err := c.similar(ctx, team, product, query, likenessOfImages)
	if err != nil {
		return nil, fmt.Errorf("search images: %w", err)
	}
	var images []LocalImage
	seen := map[string]bool{}
	for _, entry := range entries {
		for _, image := range entry.images {
			if seen[image.URL] {
				continue
			}
			seen[image.URL] = true
			title := image.Alt
			if title == "" {
				title = entry.name
			}
			images = append(images, LocalImage{URL: image.URL, Title: title, License: image.License, Origin: entry.origin})
		}
	}
	return images[:min(len(images), limit)], nil
}

// FindOffers finds prices for a product of the team: its own, as its feed named them, then those of products that are
// the same kind of thing. An empty currency takes offers in any. None at all is no error.
func (c *Catalog) FindOffers(ctx context.Context, team models.TeamID, product models.ProductID, query, currency string, limit int) ([]LocalOffer, error) {
	entries, err := c.similar(ctx, team, product, query, likenessOfOffers)
	if err != nil {
		return nil, fmt.Errorf("search prices: %w", err)
	}
	type same struct {
		seller, currency, name string
		amount                 int64
	}
	var offers []LocalOffer
	seen := map[same]bool{}
	for _, entry := range entries {
		for _, offer := range entry.offers {
			key := same{offer.Seller, offer.Currency, entry.name, offer.AmountMinor}
			if currency != "" && offer.Currency != currency || seen[key] {
				continue
			}
			seen[key] = true
			offers = append(offers, localOffer(entry, offer))
		}
	}
	return offers[:min(len(offers), limit)], nil
}

func localOffer(e entry, offer models.FeedOffer) LocalOffer {
	local := LocalOffer{
		Seller: offer.Seller, Title: e.name, AmountMinor: offer.AmountMinor, Currency: offer.Currency,
		ObservedAt: e.updatedAt, Origin: e.origin,
	}
	if local.Seller == "" {
		local.Seller = string(e.origin)
	}
	if offer.Variant != "" {
		local.Title += ", " + offer.Variant
	}
	return local
}

// factColumn is the attribute of the public catalogue that says what is true of every thing of the kind.
const factColumn = "Good to know"

// FindFacts finds what the public catalogue knows about the kind of thing that the query names. Teams' own products are
// not asked: what they say is true of themselves only.
func (c *Catalog) FindFacts(ctx context.Context, query string, limit int) ([]LocalFact, error) {
	words := fold(query)
	entries, err := c.publicEntries(ctx, words)
	if err != nil {
		return nil, fmt.Errorf("search facts: %w", err)
	}
	var facts []LocalFact
	for _, entry := range mostAlike(words, entries, likenessOfFacts) {
		if !says(words, entry.words) {
			continue // what holds for linen shirts need not hold for shirts
		}
		for _, attribute := range entry.attributes {
			fact := LocalFact{Statement: attribute.Value, Origin: entry.origin}
			if attribute.Name == factColumn && !slices.Contains(facts, fact) {
				facts = append(facts, fact)
			}
		}
	}
	return facts[:min(len(facts), limit)], nil
}

// says whether a name has all the words of another, in singular or plural.
func says(name, words []string) bool {
	for _, word := range words {
		has := func(other string) bool { return singular(other) == singular(word) }
		if !slices.ContainsFunc(name, has) {
			return false
		}
	}
	return true
}

// similar are the product itself, if the team has it, and the entries of both catalogues that are alike enough.
func (c *Catalog) similar(ctx context.Context, team models.TeamID, product models.ProductID, query string, least float64) ([]entry, error) {
	var own []entry
	var brand *string
	itself, err := c.Product(ctx, team, product)
	switch {
	case err == nil:
		entry := entryOf(itself)
		entry.likeness = 1
		own, brand = append(own, entry), itself.Brand
		if strings.TrimSpace(query) == "" {
			query = itself.Name
		}
	case !errors.Is(err, models.ErrNotFound):
		return nil, err
	}
	words := nameWords(query, brand)
	teams, err := c.teamEntries(ctx, team, product, words)
	if err != nil {
		return nil, err
	}
	public, err := c.publicEntries(ctx, words)
	if err != nil {
		return nil, err
	}
	return append(own, mostAlike(words, append(teams, public...), least)...), nil
}

// nameWords are the words of a name without those of the brand, unless it has no others: whoever makes a thing does not
// make it another kind of thing.
func nameWords(name string, brand *string) []string {
	words := fold(name)
	maker := fold(deref(brand))
	bare := slices.DeleteFunc(slices.Clone(words), func(word string) bool { return slices.Contains(maker, word) })
	if len(bare) == 0 {
		return words
	}
	return bare
}

// mostAlike keeps the entries that are alike enough, the most alike first and the team's own before the public ones.
func mostAlike(words []string, entries []entry, least float64) []entry {
	var alike []entry
	for _, entry := range entries {
		if entry.likeness = likeness(words, entry.words); entry.likeness >= least {
			alike = append(alike, entry)
		}
	}
	slices.SortStableFunc(alike, func(a, b entry) int {
		switch {
		case a.likeness > b.likeness:
			return -1
		case a.likeness < b.likeness:
			return 1
		}
		return 0
	})
	return alike
}

// candidates bounds how many entries of each catalogue are compared word by word.
const candidates = 60

// resemblance is the trigram similarity from which an entry is a candidate without sharing a word: mistyped, compound.
const resemblance = 0.3

// candidateSQL finds entries that share a word with the query, or resemble it, the most similar first.
const candidateSQL = `
	SELECT %s FROM %s
	WHERE %s AND (search @@ ?::tsquery OR similarity(words, ?) >= ?)
	ORDER BY similarity(words, ?) DESC, %s LIMIT ?`

// teamEntries are candidates among the team's other products.
func (c *Catalog) teamEntries(ctx context.Context, team models.TeamID, product models.ProductID, words []string) ([]entry, error) {
	if len(words) == 0 {
		return nil, nil
	}
	sql := fmt.Sprintf(candidateSQL, productSelect, "products", "team_id = ? AND id <> ? AND deleted_at IS NULL", "id")
	query := strings.Join(words, " ")
	found, err := gorm.G[models.Product](c.db).
		Raw(sql, team, product, stemQuery(words), query, resemblance, query, candidates).Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("search the team's catalogue: %w", err)
	}
	entries := make([]entry, len(found))
	for i, product := range found {
		entries[i] = entryOf(product)
	}
	return entries, nil
}

// publicEntries are candidates in the public catalogue.
func (c *Catalog) publicEntries(ctx context.Context, words []string) ([]entry, error) {
	if len(words) == 0 {
		return nil, nil
	}
	sql := fmt.Sprintf(candidateSQL, "*", "public_products", "true", "handle")
	query := strings.Join(words, " ")
	found, err := gorm.G[models.PublicProduct](c.db).
		Raw(sql, stemQuery(words), query, resemblance, query, candidates).Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("search the public catalogue: %w", err)
	}
	entries := make([]entry, len(found))
	for i, p := range found {
		entries[i] = entry{
			name: p.Name, words: nameWords(p.Name, p.Brand), images: p.FeedImages, offers: p.FeedOffers, attributes: p.Attributes,
			origin: OriginPublic,
		}
	}
	return entries, nil
}

func entryOf(p models.Product) entry {
	return entry{
		name: p.Name, words: nameWords(p.Name, p.Brand), images: p.FeedImages, offers: p.FeedOffers, attributes: p.Attributes,
		updatedAt: p.UpdatedAt, origin: OriginOwn,
	}
}

// stemQuery wants any word that says what the thing is, in singular or plural; any at all if none does.
func stemQuery(words []string) string {
	var stems []string
	for _, word := range words {
		if !saysHow(word) {
			stems = append(stems, singular(word))
		}
	}
	if len(stems) == 0 {
		stems = words
	}
	return prefixQuery(stems, anyWord)
}
