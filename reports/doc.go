// Package reports says what became of a team's tokens, and how long they will last.
//
// It owns three questions: what was consumed in a period, by day, week or month and by operation, part, member or
// product (Consumption, CSV); on which day the tokens run out at the pace of the last 14 days (Paces, Pace); and
// what the tokens were good for (Insights, Advise).
//
// It only reads. The sums that it reads are added up by package ledger in the transaction of each capture, so a report
// equals the ledger at every instant: captured tokens, on the day of their reservation. It leaves to others: who may
// read a team (resolvers), which plan has which report (resolvers), and words for people (resolvers).
package reports
