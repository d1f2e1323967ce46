package models

// Granularity is how long a bucket of a report is. The values are the API's.
type Granularity string

// The lengths of buckets: a day of the team, an ISO week, a calendar month.
const (
	GranularityDay   Granularity = "DAY"
	GranularityWeek  Granularity = "WEEK"
	GranularityMonth Granularity = "MONTH"
)

// ReportDimension is what a report tells apart. The values are the API's.
type ReportDimension string

// The dimensions of reports.
const (
	ByOperation ReportDimension = "OPERATION"
	ByPart      ReportDimension = "PART"
	ByMember    ReportDimension = "MEMBER"
	ByProduct   ReportDimension = "PRODUCT"
)

// ConsumptionReport is what a team's captured parts cost in a period.
type ConsumptionReport struct {
	Total   Tokens
	Count   int                 // generations with at least one captured part
	Buckets []ConsumptionBucket // every one of the period, in order
	Top     []ConsumptionRow    // of the whole period, the most tokens first
}

// ConsumptionBucket is a day, a week or a month of a report, both ends inclusive.
type ConsumptionBucket struct {
	From   Date
	To     Date
	Tokens Tokens
	Count  int
	Rows   []ConsumptionRow // the most tokens first
}

// ConsumptionRow is one operation, part, member or product of a report.
type ConsumptionRow struct {
	Dimension ReportDimension
	Key       string // the operation, the part, or the id; OtherRows for the rest
	Name      string // of the member or product; empty: the key says it
	Tokens    Tokens
	Count     int
	Share     float64 // of the tokens of its bucket or report, 0 to 1
}

// OtherRows is the key of the row that holds what a report does not list one by one.
const OtherRows = "other"

// Insights is what a team's tokens were good for in a period.
type Insights struct {
	Regenerated Tokens // paid for a text that replaced one generated within 7 days
	Discarded   Tokens // paid for content that was deleted or replaced by hand within 7 days
	Separate    int    // times all three operations ran one by one on a product within an hour
	Kept        Tokens // paid for all else
	ByMember    []ConsumptionRow
}
