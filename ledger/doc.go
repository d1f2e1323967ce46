// Package ledger is the only place that moves tokens.
//
// Its core is pure: an Account is a team's tokens as a value, and Reserve, Capture, Release, Issue, Reclaim, Revoke and
// the passing of time are methods on it that post ledger entries or refuse with every blocker; Warn, behind each
// change, raises the warnings of the lines that it has crossed. Its shell, Update, exists once: it locks the team's
// balance row, loads the account, answers repeated idempotency keys, lets the change decide, writes what was posted and
// staged in bulk, commits, and then signals the bus. Changes that arrive together share a transaction, whatever their
// teams.
//
// Reclaim takes a target: how many of a grant's tokens are taken back in all, for whatever reasons there are. It finds
// what is missing, in the grant itself, in the team's other grants or as debt, or lets come back what was too much. So
// whoever knows what is kept of a payment needs not know what was done before.
//
// The package owns balances with their limits and time zones, grants with what is taken back of them, reservations,
// ledger entries, use by day and member, alert rules and warnings, the sums that reports read, and idempotency keys,
// and checks their invariants. What an operation costs and delivers, who may ask for it, why a grant is issued, and how
// a warning reaches people is decided by the packages above it.
package ledger
