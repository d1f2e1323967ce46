package resolvers

import "testing"

func TestAPreviewShowsOneTextWhereTheOtherIsWrong(t *testing.T) {
	w := newWorld(t)
	ann := w.signUp("ann")
	product := text(ann.must(`mutation($i: CreateProductInput!) { createProduct(input: $i) { product { id } } }`,
		object{"i": object{"teamId": ann.team, "name": "Trail Shoe", "brand": "Acme"}}), "createProduct", "product", "id")
	preview := ann.must(`query($i: TemplatePreviewInput!) {
		templatePreview(input: $i) { shortDescription longDescription userErrors { code path } }
	}`, object{"i": object{"productId": product, "shortDescription": "{{.Name}} by {{.Brand}}", "longDescription": "{{.Nmae}}"}})
	wantJSON(t, preview, `{"templatePreview": {
		"shortDescription": "Trail Shoe by Acme", "longDescription": "",
		"userErrors": [{"code": "INVALID", "path": ["longDescription"]}]
	}}`)
}
