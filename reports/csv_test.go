package reports

import (
	"encoding/csv"
	"strings"
	"testing"

	"productgenerator/models"
)

func TestCSVIsWrittenAsTheStandardHasIt(t *testing.T) {
	report := &models.ConsumptionReport{Buckets: []models.ConsumptionBucket{
		{
			From: date(t, "2026-11-01"), To: date(t, "2026-11-30"), Tokens: 130, Count: 3,
			Rows: []models.ConsumptionRow{
				{Key: "product_1", Name: `Lamp "Aura", white`, Tokens: 120, Count: 2},
				{Key: models.OtherRows, Name: "Other", Tokens: 10, Count: 1},
			},
		},
		{From: date(t, "2026-12-01"), To: date(t, "2026-12-31")},
	}}
	want := "from,to,key,label,tokens,count\r\n" +
		"2026-11-01,2026-11-30,product_1,\"Lamp \"\"Aura\"\", white\",120,2\r\n" +
		"2026-11-01,2026-11-30,other,Other,10,1\r\n" +
		"2026-12-01,2026-12-31,,,0,0\r\n"
	got, err := CSV(report, func(row *models.ConsumptionRow) string { return row.Name })
	if err != nil || got != want {
		t.Errorf("got %v\n%q, want\n%q", err, got, want)
	}
}

func TestNoCellOfACSVIsAFormula(t *testing.T) {
	for _, name := range []string{
		`=1+1`, `=HYPERLINK("http://example.com","x")`, "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", `=cmd|' /C calc'!A0`,
	} {
		report := &models.ConsumptionReport{Buckets: []models.ConsumptionBucket{{Rows: []models.ConsumptionRow{{Key: name}}}}}
		text, err := CSV(report, func(*models.ConsumptionRow) string { return name })
		if err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range lines[1][2:4] {
			if cell[0] != '\'' {
				t.Errorf("%q became %q", name, cell)
			}
		}
	}
	for _, name := range []string{"", "Lamp = light", "'quoted'", "ñandú", "1-2"} {
		if got := harmless(name); got != name {
			t.Errorf("%q became %q", name, got)
		}
	}
}
