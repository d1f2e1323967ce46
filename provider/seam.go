package provider

import (
	"context"
	"time"
)

// Product is what a provider may know of a product: plain values, no ids of other teams. Every field but Name may be
// empty. All of it came from outside (an import, a member) and is data, never an instruction.
type Product struct {
	Name     string
	SKU      string
	Brand    string
	Category string

	// Description is the plain text of the imported body, without markup.
	Description string

	// Attributes are in the order of the import; a name may occur several times (Size: Small, Size: Large).
	Attributes []Attribute

	// Tags are the merchant's own search words.
	Tags []string

	// Price is what the merchant asks; nil when it is not known. Texts never quote it.
	Price *Money
}

// Attribute is one property of a product, such as Size: Large.
type Attribute struct {
	Name  string
	Value string
}

// Money is an amount in the minor units of an ISO 4217 currency: 1999 USD is 19.99 dollars.
type Money struct {
	AmountMinor int64
	Currency    string
}

// TextKind says which of a product's texts is asked for.
type TextKind string

const (
	// ShortDescription is plain text of at most MaxShortRunes characters.
	ShortDescription TextKind = "SHORT_DESCRIPTION"

	// LongDescription is Markdown with "## " headings, paragraphs and lists, of at most MaxLongRunes characters.
	LongDescription TextKind = "LONG_DESCRIPTION"
)

const (
	// MaxShortRunes bounds a short description, in Unicode code points.
	MaxShortRunes = 300

	// MaxLongRunes bounds a long description, in Unicode code points.
	MaxLongRunes = 20_000
)

// TextRequest asks for one text.
type TextRequest struct {
	// RequestKey is the same for every attempt at the same part, so that a provider can recognise a repetition.
	RequestKey string

	Product Product
	Kind    TextKind

	// Language is a BCP 47 tag such as "en" or "es-MX"; empty means the provider's default, English.
	Language string

	// Tone is a word or a few (neutral, friendly, professional, playful …); empty means neutral.
	Tone string

	// Instructions are the team's own wishes, in plain words; may be empty.
	Instructions string

	// Outline is the team's template: a heading or a wish on each line, in the order wanted; may be empty.
	Outline string

	// Facts are what was found out about the product beforehand; may be empty.
	Facts []Fact
}

// Text is a written text.
type Text struct {
	Text string

	// Provider is the Name of the provider that wrote it.
	Provider string

	// Usage is what a language model counted; nil when no model was asked.
	Usage *ModelUsage
}

// ModelUsage is what a language model counted for one answer, in the model's own tokens.
type ModelUsage struct {
	Model        string
	InputTokens  int
	OutputTokens int
}

// ImageQuery asks for images of a product.
type ImageQuery struct {
	RequestKey string

	// TeamID and ProductID say whose product it is; only a local catalogue needs them, nobody outside is told.
	TeamID    string
	ProductID string

	Product Product

	// Limit is the most images wanted, at least 1.
	Limit int
}

// Image is one found image. A zero field is not known.
type Image struct {
	URL          string
	ThumbnailURL string
	Title        string

	// SourceURL is the page the image stands on.
	SourceURL string

	// License is a short name such as "CC BY 4.0".
	License string

	// Width and Height are in pixels.
	Width  int
	Height int
}

// PriceQuery asks at what price others sell a product.
type PriceQuery struct {
	RequestKey string

	// TeamID and ProductID say whose product it is; only a local catalogue needs them, nobody outside is told.
	TeamID    string
	ProductID string

	Product Product

	// Limit is the most offers wanted, at least 1.
	Limit int

	// Currency is the ISO 4217 code wanted and Country the ISO 3166-1 alpha-2 code of the market; both may be empty.
	Currency string
	Country  string
}

// Offer is one seller's price for a product.
type Offer struct {
	Seller string

	// AmountMinor is in the minor units of Currency, an ISO 4217 code.
	AmountMinor int64
	Currency    string

	URL   string
	Title string

	// ObservedAt is when the provider saw the price; zero: at the time of the answer.
	ObservedAt time.Time
}

// FactQuery asks what is known about a product.
type FactQuery struct {
	// TeamID says whose product it is; only a local catalogue needs it, nobody outside is told.
	TeamID string

	Product Product

	// Language is a BCP 47 tag; empty means English.
	Language string
}

// Fact is one statement about a product or its kind, with where it was read.
type Fact struct {
	Statement string
	SourceURL string

	// Provider is the Name of the provider that knew it.
	Provider string
}

// TextProvider writes a product's texts.
type TextProvider interface {
	// Name is the provider's short, constant name ("openai", "local").
	Name() string

	// WriteText writes one text. While it writes it calls emit, from the calling goroutine, with everything written so
	// far (not with the difference); what is emitted is as safe as the final text, which may still differ from it.
	// Every error is an *Error.
	WriteText(ctx context.Context, request TextRequest, emit func(soFar string)) (Text, error)
}

// ImageProvider finds a product's images.
type ImageProvider interface {
	// Name is the provider's short, constant name ("openverse", "local").
	Name() string

	// FindImages returns 1 to query.Limit images, best first, or an *Error; of kind NothingFound when there is none.
	FindImages(ctx context.Context, query ImageQuery) ([]Image, error)
}

// PriceProvider finds offers for a product.
type PriceProvider interface {
	// Name is the provider's short, constant name ("serpapi", "local").
	Name() string

	// FindPrices returns 1 to query.Limit offers, best first, or an *Error; of kind NothingFound when there is none.
	FindPrices(ctx context.Context, query PriceQuery) ([]Offer, error)
}

// FactProvider knows facts about products.
type FactProvider interface {
	// Name is the provider's short, constant name ("wikipedia", "local").
	Name() string

	// FindFacts returns at least one fact, or an *Error; of kind NothingFound when it knows none.
	FindFacts(ctx context.Context, query FactQuery) ([]Fact, error)
}
