package operations

import (
	"strings"

	"productgenerator/models"
	"productgenerator/provider"
)

// tagsAttribute is the attribute that an import keeps a merchant's search words in.
const tagsAttribute = "tags"

// describe is what providers may know of a product.
func describe(p models.Product) provider.Product {
	product := provider.Product{
		Name: p.Name, SKU: deref(p.SKU), Brand: deref(p.Brand), Category: deref(p.Category), Description: p.Description,
	}
	for _, attribute := range p.Attributes {
		if strings.EqualFold(attribute.Name, tagsAttribute) {
			for tag := range strings.SplitSeq(attribute.Value, ",") {
				if tag = strings.TrimSpace(tag); tag != "" {
					product.Tags = append(product.Tags, tag)
				}
			}
			continue
		}
		product.Attributes = append(product.Attributes, provider.Attribute(attribute))
	}
	if len(p.FeedOffers) > 0 {
		offer := p.FeedOffers[0]
		product.Price = &provider.Money{AmountMinor: offer.AmountMinor, Currency: offer.Currency}
	}
	return product
}

// currencyOf is the currency that the merchant itself asks for the product in; empty: not known.
func currencyOf(p models.Product) string {
	if len(p.FeedOffers) == 0 {
		return ""
	}
	return p.FeedOffers[0].Currency
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
