package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"productgenerator/postgres/pgtest"
)

// written is a product with the texts that are in use and all versions of the short one, the newest first.
type written struct {
	ShortDescription, LongDescription *content
	ContentVersions                   struct{ Nodes []content }
}

type content struct {
	Version            int
	Text, Source       string
	ReviewedAt         *string
	ReviewedBy         *struct{ ID string }
	Author, Generation *struct{ ID string }
}

const writtenFields = `shortDescription { ...content } longDescription { ...content }
	contentVersions(part: SHORT_DESCRIPTION) { nodes { ...content } }`

const contentFragment = ` fragment content on Content { version text source reviewedAt reviewedBy { id } author { id } generation { id } }`

// edited is the answer to a mutation of a product's texts.
type edited struct {
	Product    *written
	UserErrors []userError
}

// write runs a mutation of a product's texts.
func (u *user) write(mutation string, fields vars) edited {
	u.t.Helper()
	kind := strings.ToUpper(mutation[:1]) + mutation[1:] + "Input!"
	query := fmt.Sprintf("mutation($input: %s) { run: %s(input: $input) { product { %s } userErrors { %s } } }", kind, mutation, writtenFields, errorFields)
	return ask[struct{ Run edited }](u.client, query+contentFragment, input(fields)).Run
}

func TestTextsKeepTheirVersionsAndHandworkCostsNothing(t *testing.T) {
	t.Parallel()
	database := "DATABASE_URL=" + pgtest.NewDurableURL(t)
	p := start(t, database, "LOCAL_PACE=0s")
	ada := p.signUp("Ada", "")
	product := ada.createProduct("Harbour Tent")
	run := ada.generateTexts(product, "texts")
	if finished := ada.followToItsEnd(run.ID); finished.Captured != 45 {
		t.Fatalf("it ended as %+v", finished)
	}
	before := ada.readBalance(ada.team)

	edit := ada.write("editContent", vars{"productId": product, "part": "SHORT_DESCRIPTION", "text": "By hand.", "expectedVersion": 1})
	if edit.Product == nil || edit.Product.ShortDescription.Version != 2 || edit.Product.ShortDescription.Source != "MANUAL" {
		t.Fatalf("editContent: %+v", edit)
	}
	first := edit.Product.ContentVersions.Nodes[1]
	if first.Source != "GENERATED" || first.Generation == nil || first.Generation.ID != run.ID || !strings.Contains(first.Text, "Harbour Tent") {
		t.Errorf("the generated version is %+v", first)
	}
	if len(first.Text) > 300 || !strings.Contains(edit.Product.LongDescription.Text, "##") {
		t.Errorf("the short text has %d characters, the long one is %q", len(first.Text), edit.Product.LongDescription.Text)
	}
	stale := ada.write("editContent", vars{"productId": product, "part": "SHORT_DESCRIPTION", "text": "Late.", "expectedVersion": 1})
	if len(stale.UserErrors) != 1 || stale.UserErrors[0].Code != "STALE_VERSION" {
		t.Errorf("an edit of an old version: %+v", stale)
	}
	restored := ada.write("restoreContent", vars{"productId": product, "part": "SHORT_DESCRIPTION", "version": 1})
	if restored.Product == nil || restored.Product.ShortDescription.Version != 3 || restored.Product.ShortDescription.Text != first.Text {
		t.Errorf("restoreContent: %+v", restored)
	}
	reviewed := ada.write("markReviewed", vars{"productId": product, "part": "SHORT_DESCRIPTION", "version": 3})
	if reviewed.Product == nil || reviewed.Product.ShortDescription.ReviewedBy == nil || reviewed.Product.ShortDescription.ReviewedBy.ID != ada.id {
		t.Errorf("markReviewed: %+v", reviewed)
	}

	made := ask[struct {
		CreateTemplate struct{ Template struct{ ID string } }
	}](ada.client, "mutation($input: CreateTemplateInput!) { createTemplate(input: $input) { template { id } userErrors { code message } } }",
		input(vars{"teamId": ada.team, "name": "Plain", "shortDescription": "{{.Name}} by {{.Brand}}", "longDescription": "## {{.Name}}"}))
	applied := ada.write("applyTemplate", vars{"productId": product, "templateId": made.CreateTemplate.Template.ID})
	if applied.Product == nil || applied.Product.ShortDescription.Text != "Harbour Tent by Skerry" || applied.Product.ShortDescription.Source != "TEMPLATE" {
		t.Errorf("applyTemplate: %+v", applied)
	}
	if after := ada.readBalance(ada.team); after != before {
		t.Errorf("handwork changed the balance from %+v to %+v", before, after)
	}
	checkBooks(t, database)
}

func TestTheLocalWriterWritesInTheLanguageAskedFor(t *testing.T) {
	t.Parallel()
	p := start(t, "DATABASE_URL="+pgtest.NewDurableURL(t), "LOCAL_PACE=0s")
	ada := p.signUp("Ada", "")
	texts := map[string]string{}
	for _, language := range []string{"en", "es"} {
		product := ada.createProduct("Harbour " + language)
		run := ada.generateWith(vars{"productId": product, "idempotencyKey": language, "language": language})
		if run.Generation == nil {
			t.Fatalf("%s: %+v", language, run.UserErrors)
		}
		for _, part := range ada.followToItsEnd(run.Generation.ID).Parts {
			if part.Part == "LONG_DESCRIPTION" {
				texts[language] = part.Text
			}
		}
	}
	if !strings.Contains(texts["en"], "**Colour:** Blue") || !strings.Contains(texts["es"], "**Color:** Azul") {
		t.Errorf("en: %s\nes: %s", texts["en"], texts["es"])
	}
}
