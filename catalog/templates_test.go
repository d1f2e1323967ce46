package catalog

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"productgenerator/models"
)

func TestTemplatesSayWhatTheProductSays(t *testing.T) {
	product := models.Product{
		Name: "Cup", Brand: text("Brisa"), Description: "Glazed.",
		Attributes: []models.Attribute{{Name: "Material", Value: "Clay"}, {Name: "Screen size", Value: "{{.Name}}"}, {Name: "material", Value: "Cork"}},
	}
	tests := []struct{ text, want string }{
		{"{{.Name}} by {{.Brand}}", "Cup by Brisa"},
		{"{{.Name}}, {{.SKU}} ({{.Category}}) .", "Cup,."},
		{"{{if .SKU}}No. {{.SKU}}{{else if .Brand}}From {{.Brand}}{{else}}Plain{{end}}", "From Brisa"},
		{"{{if .Attributes.Weight}}heavy{{end}}\n\n\n\n{{.Description}}\n", "Glazed."},
		{"Made of {{.Attributes.Material}}.", "Made of Clay, Cork."},
		{`{{attribute "screen SIZE"}}`, "{{.Name}}"},
		{"a {{- /* a remark */ -}} b", "ab"},
		{"# {{.Name}}\n\n- {{.Brand}}\n- {{.Description}}", "# Cup\n\n- Brisa\n- Glazed."},
		{"braces } and { stay", "braces } and { stay"},
	}
	for _, test := range tests {
		parsed, fault := parsePattern(test.text)
		if fault != nil {
			t.Errorf("%q: %+v", test.text, *fault)
			continue
		}
		if got, code := parsed.render(product); got != test.want || code != "" {
			t.Errorf("%q: %q %s, want %q", test.text, got, code, test.want)
		}
	}
}

func TestForbiddenTemplatesNameThePlace(t *testing.T) {
	tests := []struct {
		text, place string
		code        models.FieldCode
	}{
		{" ", "", models.FieldRequired},
		{strings.Repeat("x", 5_001), "", models.FieldTooLong},
		{"a\x00", "", models.FieldInvalid},
		{"{{.Name", "1:1", models.FieldInvalid},
		{"one\ntwo {{.Nmae}}", "2:7", models.FieldInvalid},
		{"one\n{{range .Attributes}}x{{end}}", "2:9", models.FieldInvalid},
		{"{{with .Name}}x{{end}}", "", models.FieldInvalid},
		{"{{.Attributes}}", "", models.FieldInvalid},
		{"{{.Attributes.A.B}}", "", models.FieldInvalid},
		{"{{.Name | attribute}}", "", models.FieldInvalid},
		{"{{printf \"%1000000d\" 1}}", "", models.FieldInvalid},
		{"{{$x := .Name}}{{$x}}", "", models.FieldInvalid},
		{"{{attribute .Name}}", "", models.FieldInvalid},
		{"{{attribute}}", "", models.FieldInvalid},
		{"{{if (.Name)}}x{{end}}", "", models.FieldInvalid},
		{"{{.}}", "", models.FieldInvalid},
		{"{{define \"a\"}}{{template \"a\"}}{{end}}", "", models.FieldInvalid},
		{"{{template \"template\"}}", "", models.FieldInvalid},
		{"{{block \"a\" .}}x{{end}}", "", models.FieldInvalid},
		{"{{break}}", "", models.FieldInvalid},
		{"{{if .Name}}x", "", models.FieldInvalid},
		{"{{.Name}}{{end}}", "", models.FieldInvalid},
		{strings.Repeat("{{if .Name}}", 400), "", models.FieldInvalid},
	}
	for _, test := range tests {
		_, fault := parsePattern(test.text, "shortDescription")
		if fault == nil {
			t.Errorf("%.40q was accepted", test.text)
			continue
		}
		if fault.Code != test.code || test.place != "" && fault.Place != test.place {
			t.Errorf("%.40q: %+v, want %s at %q", test.text, *fault, test.code, test.place)
		}
	}
}

func TestATextThatGrowsTooLongIsNotRendered(t *testing.T) {
	parsed, fault := parsePattern(strings.Repeat("{{.Description}}", 300))
	if fault != nil {
		t.Fatal(*fault)
	}
	if _, code := parsed.render(models.Product{Description: strings.Repeat("x", 20_000)}); code != models.FieldTooLong {
		t.Errorf("code %q", code)
	}
}

func TestAnyTextIsATemplateOrAFault(t *testing.T) {
	piece := rapid.SampledFrom([]string{
		"{{", "}}", ".Name", "if ", "else", "end", " ", "\n", "-", "attribute ", "\"x\"", "(", ")", "|", "range ", "$x", ":=",
		"/*", "*/", "define ", "é", "nil", "1", "true", ".Attributes.A", "`", "'",
	})
	rapid.Check(t, func(t *rapid.T) {
		source := strings.Join(rapid.SliceOfN(piece, 0, 30).Draw(t, "pieces"), "")
		parsed, fault := parsePattern(source)
		if fault == nil {
			parsed.render(models.Product{Name: "Cup"})
		}
	})
}

func TestAnAppliedTemplateIsTheNextVersionOfBothTexts(t *testing.T) {
	s := newShop(t)
	cup := s.product("Cup")
	s.edit(cup.ID, short, "by hand")
	template, err := s.CreateTemplate(within(t), s.team, NewTemplate{
		Name: " Plain ", ShortDescription: "{{.Name}}", LongDescription: "## {{.Name}}\n{{.Brand}}",
	})
	if err != nil || template.Name != "Plain" || template.Language != "en" {
		t.Fatalf("%+v, %v", template, err)
	}
	texts, err := s.ApplyTemplate(within(t), s.team, cup.ID, template.ID, s.author)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := s.Contents(within(t), s.team, []models.ProductID{cup.ID})
	if err != nil {
		t.Fatal(err)
	}
	got := stored[cup.ID]
	if got.Short.Version != 2 || got.Short.Text != "Cup" || got.Long.Text != "## Cup" || got.Long.Source != models.ContentTemplate ||
		got.Short.ID != texts.Short.ID || texts.Short.Version != 2 || texts.Long.Version != 1 {
		t.Errorf("told %+v, stored %+v", texts, got)
	}
}

func TestATemplateThatWouldLeaveATextEmptyStoresNeither(t *testing.T) {
	s := newShop(t)
	cup := s.product("Cup")
	template, err := s.CreateTemplate(within(t), s.team, NewTemplate{Name: "x", ShortDescription: "{{.Name}}", LongDescription: "{{.Brand}}"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.ApplyTemplate(within(t), s.team, cup.ID, template.ID, s.author)
	var faults models.FieldErrors
	if !errors.As(err, &faults) || faults.Error() != "bad input: longDescription: REQUIRED" {
		t.Errorf("error %v", err)
	}
	if texts, err := s.Contents(within(t), s.team, []models.ProductID{cup.ID}); err != nil || len(texts) != 0 {
		t.Errorf("stored %v, %v", texts, err)
	}
	preview, err := s.PreviewTemplate(within(t), s.team, cup.ID, "{{.Name}}", "{{range}}")
	if preview.ShortDescription != "Cup" || !errors.As(err, &faults) {
		t.Errorf("preview %+v, %v", preview, err)
	}
}

func TestTemplatesAreChangedListedAndDeletedByTheirTeamOnly(t *testing.T) {
	s := newShop(t)
	ctx := within(t)
	create := func(name string) models.Template {
		template, err := s.CreateTemplate(ctx, s.team, NewTemplate{Name: name, ShortDescription: "a", LongDescription: "b", Language: "es-MX"})
		if err != nil {
			t.Fatal(err)
		}
		return template
	}
	first, second := create("first"), create("second")
	if _, err := s.UpdateTemplate(ctx, s.other, first.ID, TemplateChange{Name: Set("mine")}); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("updated by another team: %v", err)
	}
	if _, err := s.DeleteTemplate(ctx, s.other, first.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("deleted by another team: %v", err)
	}
	updated, err := s.UpdateTemplate(ctx, s.team, first.ID, TemplateChange{LongDescription: Set("{{.Name}}")})
	if err != nil || updated.LongDescription != "{{.Name}}" || updated.Name != "first" {
		t.Errorf("%+v, %v", updated, err)
	}
	var faults models.FieldErrors
	_, err = s.UpdateTemplate(ctx, s.team, first.ID, TemplateChange{Name: Set(""), ShortDescription: Set("{{x}}"), Language: Set("no language")})
	if !errors.As(err, &faults) || len(faults) != 3 {
		t.Errorf("error %v, want three faults", err)
	}
	list, err := s.Templates(ctx, s.team, models.Page{Size: 5})
	if err != nil || len(list.Edges) != 2 || list.Edges[0].Node.ID != second.ID || list.Edges[1].Node.LongDescription != "{{.Name}}" {
		t.Errorf("%+v, %v", list, err)
	}
	if deleted, err := s.DeleteTemplate(ctx, s.team, second.ID); err != nil || deleted.Name != "second" {
		t.Errorf("%+v, %v", deleted, err)
	}
	if _, err := s.Template(ctx, s.team, second.ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("read after its deletion: %v", err)
	}
}
