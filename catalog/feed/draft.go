package feed

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"productgenerator/models"
)

// draft is a product that rows are still being added to.
type draft struct {
	product       models.Product
	line          int // of the first row
	skuLine       int
	attributes    attributes
	images        []placedImage
	variantImages []models.FeedImage
	optionNames   [options]string
}

// placedImage is an image and the place that the file gives it; images without one come last, in the file's order.
type placedImage struct {
	image    models.FeedImage
	position int
}

// finish makes the product out of what its rows said.
func (d *draft) finish(problems *Problems) Row {
	d.product.Attributes = d.attributes.list()
	slices.SortStableFunc(d.images, func(a, b placedImage) int { return cmp.Compare(a.position, b.position) })
	for _, placed := range d.images {
		d.addImage(placed.image)
	}
	for _, image := range d.variantImages {
		d.addImage(image)
	}
	tooMany := func(limit, entries int) {
		if entries > limit {
			problems.Add(Problem{Code: models.FieldTooMany, Line: d.line, Limit: limit})
		}
	}
	tooMany(models.MaxAttributes, len(d.product.Attributes))
	tooMany(models.MaxFeedImages, len(d.product.FeedImages))
	tooMany(models.MaxFeedOffers, len(d.product.FeedOffers))
	return Row{Product: d.product, Line: d.line, SKULine: d.skuLine}
}

// addImage leaves out an image that the product has already. One more than allowed is enough to refuse the product.
func (d *draft) addImage(image models.FeedImage) {
	if len(d.product.FeedImages) > models.MaxFeedImages {
		return
	}
	known := func(other models.FeedImage) bool { return other.URL == image.URL }
	if !slices.ContainsFunc(d.product.FeedImages, known) {
		d.product.FeedImages = append(d.product.FeedImages, image)
	}
}

// addOffer leaves out an offer that the product has already, as where a row is repeated.
func (d *draft) addOffer(offer models.FeedOffer) {
	if len(d.product.FeedOffers) > models.MaxFeedOffers {
		return
	}
	if !slices.Contains(d.product.FeedOffers, offer) {
		d.product.FeedOffers = append(d.product.FeedOffers, offer)
	}
}

// attributes collects values by name, in the order of appearance; a name keeps each value once.
type attributes struct {
	names  []string
	values map[string][]string // by columnKey of the name
}

func (a *attributes) add(name string, values ...string) {
	key := columnKey(name)
	for _, value := range values {
		if value == "" {
			continue
		}
		known, ok := a.values[key]
		if !ok {
			if a.values == nil {
				a.values = map[string][]string{}
			}
			a.names = append(a.names, name)
		}
		if len(known) <= models.MaxAttributeValue && !slices.Contains(known, value) { // more would not fit anyway
			a.values[key] = append(known, value)
		}
	}
}

// list is "Size: Small, Medium, Large" for each name.
func (a *attributes) list() []models.Attribute {
	list := make([]models.Attribute, 0, len(a.names))
	for _, name := range a.names {
		list = append(list, models.Attribute{Name: name, Value: joinBounded(a.values[columnKey(name)])})
	}
	return list
}

// joinBounded joins the values that fit into an attribute; an ellipsis stands for the rest. Each value by itself fits,
// so that only a collection is ever cut.
func joinBounded(values []string) string {
	const rest = ", …"
	joined := strings.Join(values, ", ")
	if utf8.RuneCountInString(joined) <= models.MaxAttributeValue {
		return joined
	}
	room := models.MaxAttributeValue - utf8.RuneCountInString(rest)
	joined = values[0]
	for _, value := range values[1:] {
		if utf8.RuneCountInString(joined+", "+value) > room {
			break
		}
		joined += ", " + value
	}
	if utf8.RuneCountInString(joined) > room {
		return joined
	}
	return joined + rest
}

// parseImageURL takes an absolute http or https address; one that begins with // is meant for https.
func parseImageURL(text string) (string, bool) {
	if strings.HasPrefix(text, "//") {
		text = "https:" + text
	}
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Hostname() == "" || address.User != nil {
		return "", false
	}
	return text, !strings.ContainsAny(text, " \"<>\\^`{|}")
}
