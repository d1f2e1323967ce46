package reports

import (
	"encoding/csv"
	"strconv"
	"strings"

	"productgenerator/models"
)

// CSV writes the figures of a report as RFC 4180 has it: a header, then a line for each bucket and row, for a bucket
// without rows a line of zeros. label is what people call a row. A report has at most 1,100 buckets of 21 rows, which
// bounds its size.
//
// No cell is a formula to a spreadsheet: text that begins like one gets an apostrophe in front.
func CSV(report *models.ConsumptionReport, label func(row *models.ConsumptionRow) string) (string, error) {
	var text strings.Builder
	lines := csv.NewWriter(&text)
	lines.UseCRLF = true
	write := func(bucket *models.ConsumptionBucket, row models.ConsumptionRow, label string) error {
		return lines.Write([]string{
			bucket.From.String(), bucket.To.String(), harmless(row.Key), harmless(label),
			strconv.FormatInt(int64(row.Tokens), 10), strconv.Itoa(row.Count),
		})
	}
	if err := lines.Write([]string{"from", "to", "key", "label", "tokens", "count"}); err != nil {
		return "", err
	}
	for i := range report.Buckets {
		bucket := &report.Buckets[i]
		for _, row := range bucket.Rows {
			if err := write(bucket, row, label(&row)); err != nil {
				return "", err
			}
		}
		if len(bucket.Rows) == 0 {
			if err := write(bucket, models.ConsumptionRow{}, ""); err != nil {
				return "", err
			}
		}
	}
	lines.Flush()
	return text.String(), lines.Error()
}

// harmless is a text that no spreadsheet takes for a formula.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}
