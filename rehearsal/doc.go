// Package rehearsal makes up a team with a year behind it: people, products, tokens that came in, operations and what
// they delivered. It is for measurements and for looking around; a real team's rows come from the packages whose tables
// they are.
//
// It decides who did what and when. What that did to the tokens is decided by the ledger, whose Rehearse plays the
// changes with the rules of real ones, so that every invariant holds afterwards. The package owns no table and leaves the
// command line to main.
package rehearsal
