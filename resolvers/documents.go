package resolvers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"productgenerator/funding"
	"productgenerator/models"
	"productgenerator/web"
)

// PurchaseDocument serves the printable page of the purchase that the request's path names as {id}: the invoice of one
// that is to be paid so, else the receipt. Readers of its team see it, and platform administrators; to anybody else it
// does not exist. details says how an invoice is paid.
func (r *Resolver) PurchaseDocument(details string) http.Handler {
	documents := web.NewDocuments()
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		ctx := r.WithLoaders(request.Context())
		t := tongueOf(ctx)
		document, err := r.purchaseDocument(ctx, request.PathValue("id"), details)
		switch {
		case err == nil:
			documents.Write(w, http.StatusOK, document)
		case errors.Is(err, errUnauthenticated):
			w.Header().Set("WWW-Authenticate", "Bearer")
			documents.Write(w, http.StatusUnauthorized, r.messages.notice(t, "signIn"))
		case errors.Is(err, models.ErrNotFound):
			documents.Write(w, http.StatusNotFound, r.messages.notice(t, "missing"))
		default:
			if request.Context().Err() == nil { // somebody still asks
				r.Log.ErrorContext(ctx, "the page of a purchase failed", "error", err)
			}
			documents.Write(w, http.StatusInternalServerError, r.messages.notice(t, "failed"))
		}
	})
}

// notice is a page that says why there is nothing else on it.
func (m messages) notice(t tongue, key string) web.Document {
	return web.Document{
		Language: string(t),
		Title:    m.say(t, nil, "document."+key+".title"),
		Text:     m.say(t, nil, "document."+key),
	}
}

func (r *Resolver) purchaseDocument(ctx context.Context, named, details string) (web.Document, error) {
	if _, err := viewerOf(ctx); err != nil {
		return web.Document{}, err
	}
	id, err := idOf[models.PurchaseID](named, models.PrefixPurchase)
	if err != nil {
		return web.Document{}, err
	}
	purchase, err := loadersFrom(ctx).purchases.Load(ctx, id)
	if err != nil {
		return web.Document{}, err
	}
	if _, err := r.reader(ctx, purchase.TeamID); err != nil {
		return web.Document{}, err
	}
	team, err := loadersFrom(ctx).teams.Load(ctx, purchase.TeamID)
	if err != nil {
		return web.Document{}, err
	}
	buyer, err := loadersFrom(ctx).users.Load(ctx, purchase.BuyerID)
	if err != nil {
		return web.Document{}, err
	}
	zone, err := r.zoneOf(ctx, purchase.TeamID)
	if err != nil {
		return web.Document{}, err
	}
	d := purchaseDocument{
		messages: r.messages, tongue: tongueOf(ctx), purchase: purchase,
		team: team.Name, buyer: buyer.Name, zone: zone, details: details,
	}
	return d.write(), nil
}

// purchaseDocument is what a purchase's page is written from.
type purchaseDocument struct {
	messages
	tongue   tongue
	purchase models.Purchase
	team     string
	buyer    string
	zone     string // IANA name
	details  string // how an invoice is paid
}

func (d purchaseDocument) write() web.Document {
	kind := d.kind()
	document := web.Document{
		Language: string(d.tongue),
		Title:    d.text("title." + kind),
		Status:   &web.Status{Text: d.text("status." + string(d.purchase.Status)), Tone: toneOf(d.purchase.Status)},
		Text:     d.lead(kind),
		Facts:    d.facts(),
		Item: []web.Fact{
			{Name: d.text("package"), Value: d.purchase.PackageName},
			{Name: d.text("tokens"), Value: d.figure(int(d.purchase.Tokens)), Figure: true},
			{Name: d.text("price"), Value: d.money(d.purchase.PriceMinor), Figure: true},
		},
		Sums:  d.sums(),
		Links: d.links(),
	}
	if kind == "invoice" {
		document.Sections = []web.Section{d.howToPay()}
	}
	return document
}

// kind is what the page is: the invoice that is to be paid, the receipt of what was, or neither.
func (d purchaseDocument) kind() string {
	switch {
	case d.purchase.PaidAt != nil:
		return "receipt"
	case d.purchase.Status == models.PurchasePending && funding.ByInvoice(d.purchase):
		return "invoice"
	default:
		return "purchase"
	}
}

func toneOf(status models.PurchaseStatus) web.Tone {
	switch status {
	case models.PurchasePaid:
		return web.ToneGood
	case models.PurchasePending:
		return web.ToneWaiting
	case models.PurchaseFailed, models.PurchaseDisputed:
		return web.ToneBad
	default:
		return web.ToneNeutral
	}
}

// lead says how things stand, and that no real money moves where it does not.
func (d purchaseDocument) lead(kind string) string {
	key := "document.lead." + string(d.purchase.Status)
	lead := d.say(d.tongue, d.figures(), key+"."+kind, key)
	if !d.purchase.Live {
		lead += " " + d.text("test")
	}
	return lead
}

func (d purchaseDocument) facts() []web.Fact {
	p := d.purchase
	bought := "buyer"
	if p.Automatic {
		bought = "automatic"
	}
	facts := []web.Fact{
		{Name: d.text("number"), Value: string(p.ID), Code: true},
		{Name: d.text("team"), Value: d.team},
		{Name: d.text("date"), Value: d.moment(p.CreatedAt)},
		{Name: d.text(bought), Value: d.buyer},
	}
	switch {
	case p.PaidAt != nil:
		facts = append(facts, web.Fact{Name: d.text("paid"), Value: d.moment(*p.PaidAt)})
	case p.Payable():
		facts = append(facts, web.Fact{Name: d.text("until"), Value: d.moment(p.CheckoutEndsAt)})
	}
	facts = append(facts, web.Fact{Name: d.text("provider"), Value: d.say(d.tongue, nil, "document.provider."+p.Provider)})
	if p.ExpiresAfterDays != nil {
		lapse := d.say(d.tongue, figures{"days": *p.ExpiresAfterDays}, "document.lapse")
		facts = append(facts, web.Fact{Name: d.text("lapses"), Value: lapse})
	}
	if p.RefundedTokens > 0 {
		facts = append(facts, web.Fact{Name: d.text("takenBack"), Value: d.figure(p.RefundedTokens)})
	}
	return facts
}

// sums is the price, and what was paid back of it.
func (d purchaseDocument) sums() []web.Fact {
	total := web.Fact{Name: d.text("total"), Value: d.money(d.purchase.PriceMinor), Total: true}
	if d.purchase.RefundedMinor == 0 {
		return []web.Fact{total}
	}
	total.Total = false
	return []web.Fact{
		total,
		{Name: d.text("refunded"), Value: d.money(-d.purchase.RefundedMinor)},
		{Name: d.text("kept"), Value: d.money(d.purchase.PriceMinor - d.purchase.RefundedMinor), Total: true},
	}
}

// howToPay is what the payer of an invoice has to know.
func (d purchaseDocument) howToPay() web.Section {
	section := web.Section{
		Title: d.text("howToPay"),
		Facts: []web.Fact{
			{Name: d.text("amount"), Value: d.money(d.purchase.PriceMinor)},
			{Name: d.text("reference"), Value: string(d.purchase.ID), Code: true},
		},
	}
	if details := strings.TrimSpace(d.details); details != "" {
		section.Paragraphs = append(section.Paragraphs, details)
	} else {
		section.Paragraphs = append(section.Paragraphs, d.text("noDetails"))
	}
	section.Paragraphs = append(section.Paragraphs, d.text("nameReference"))
	return section
}

// links lead to the provider's own pages: to pay, or to its receipt.
func (d purchaseDocument) links() (links []web.Link) {
	p := d.purchase
	if p.Payable() && isPage(p.CheckoutURL) {
		links = append(links, web.Link{Text: d.text("pay"), URL: *p.CheckoutURL})
	}
	if p.PaidAt != nil && isPage(p.ReceiptURL) {
		links = append(links, web.Link{Text: d.text("providersReceipt"), URL: *p.ReceiptURL})
	}
	return links
}

// isPage says whether the text is an address that a browser can be sent to.
func isPage(address *string) bool {
	if address == nil {
		return false
	}
	parsed, err := url.Parse(*address)
	return err == nil && parsed.Host != "" && (parsed.Scheme == "https" || parsed.Scheme == "http")
}

func (d purchaseDocument) text(key string) string { return d.say(d.tongue, nil, "document."+key) }

func (d purchaseDocument) figure(figure any) string { return d.messages[d.tongue].write(figure) }

func (d purchaseDocument) money(minor int64) string {
	return d.messages[d.tongue].writeMoney(money{minor, d.purchase.Currency})
}

func (d purchaseDocument) figures() figures {
	return figures{"team": d.team, "tokens": d.purchase.Tokens, "price": d.money(d.purchase.PriceMinor)}
}

// moment is an instant with its year, as the team's clocks show it.
func (d purchaseDocument) moment(at time.Time) string {
	zone, err := time.LoadLocation(d.zone)
	if err != nil {
		zone = time.UTC
	}
	local := at.In(zone)
	return d.say(d.tongue, figures{
		"year":  strconv.Itoa(local.Year()),
		"month": d.say(d.tongue, nil, "month."+strconv.Itoa(int(local.Month()))),
		"day":   strconv.Itoa(local.Day()),
		"time":  local.Format("15:04"),
		"zone":  zone.String(),
	}, "document.moment")
}
