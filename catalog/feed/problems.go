package feed

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"productgenerator/models"
)

// MaxListed is how many problems of a file are listed; the rest are counted.
const MaxListed = 100

// Reason says more closely what is wrong where a code alone does not.
type Reason string

// The reasons of problems.
const (
	ReasonNone        Reason = ""
	ReasonEncoding    Reason = "ENCODING"     // neither UTF-8 nor UTF-16 with a byte order mark
	ReasonOpenQuote   Reason = "OPEN_QUOTE"   // a quote that nothing closes
	ReasonAfterQuote  Reason = "AFTER_QUOTE"  // text between a closing quote and the next separator
	ReasonNoHeader    Reason = "NO_HEADER"    // the file is empty
	ReasonNoRows      Reason = "NO_ROWS"      // nothing follows the header
	ReasonNoColumn    Reason = "NO_COLUMN"    // a column that the format needs is missing
	ReasonTwoColumns  Reason = "TWO_COLUMNS"  // two columns mean the same field
	ReasonNameless    Reason = "NAMELESS"     // a value under no header
	ReasonControl     Reason = "CONTROL"      // a control character
	ReasonNotANumber  Reason = "NOT_A_NUMBER" // a price or a position
	ReasonNegative    Reason = "NEGATIVE"     // a price below 0
	ReasonDecimals    Reason = "DECIMALS"     // more decimals than the currency has; Limit says how many it has
	ReasonTooLarge    Reason = "TOO_LARGE"    // a price beyond 2^53 minor units
	ReasonCurrency    Reason = "CURRENCY"     // no ISO 4217 code
	ReasonURL         Reason = "URL"          // no absolute http or https address
	ReasonOtherName   Reason = "OTHER_NAME"   // the handle's rows bear two names; OtherLine has the first
	ReasonInFile      Reason = "IN_FILE"      // another product of the file has it; OtherLine says where
	ReasonInCatalogue Reason = "IN_CATALOGUE" // another product of the team has it; Product says which
)

// Problem is one thing wrong with a file, and where.
type Problem struct {
	Code      models.FieldCode
	Reason    Reason
	Line      int              // in the file as an editor numbers it, from 1; 0: the file as a whole
	Column    string           // the header as the file writes it; empty: the whole row
	Limit     int              // TOO_LONG: characters or bytes, TOO_MANY: entries, DECIMALS: places
	OtherLine int              // IN_FILE, OTHER_NAME: the line that came first
	Product   models.ProductID // IN_CATALOGUE: who has it
	Value     string           // the beginning of what the file says there
}

// Error names the place and the code, for logs.
func (p Problem) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "line %d", p.Line)
	if p.Column != "" {
		fmt.Fprintf(&text, ", column %q", p.Column)
	}
	fmt.Fprintf(&text, ": %s", p.Code)
	if p.Reason != ReasonNone {
		fmt.Fprintf(&text, " (%s)", p.Reason)
	}
	return text.String()
}

// Problems is why a file cannot be imported: its first MaxListed problems in the order of the file, and how many there
// are in all.
type Problems struct {
	List  []Problem
	Total int
}

// Error sums the problems up, for logs.
func (p *Problems) Error() string {
	if len(p.List) == 0 {
		return "the file cannot be imported"
	}
	return fmt.Sprintf("the file cannot be imported: %d problems, the first: %v", p.Total, p.List[0])
}

// Add counts the problem and lists it if there is room.
func (p *Problems) Add(problem Problem) {
	p.Total++
	if len(p.List) < MaxListed {
		problem.Value = excerpt(problem.Value)
		p.List = append(p.List, problem)
	}
}

// Err is the problems as an error, in the order of the file; nil when there are none.
func (p *Problems) Err() error {
	if p.Total == 0 {
		return nil
	}
	slices.SortStableFunc(p.List, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return p
}

// excerpt cuts a value to what a message can show.
func excerpt(value string) string {
	const limit, enough = 40, 1_000 // characters shown, bytes looked at
	value = strings.Join(strings.Fields(strings.ToValidUTF8(value[:min(len(value), enough)], "")), " ")
	runes := 0
	for i := range value {
		if runes == limit {
			return value[:i] + "…"
		}
		runes++
	}
	return value
}
