// Package notify delivers limit warnings by e-mail and by signed webhook: after the commit that raised them, at least
// once, each with the warning's id, by which whoever gets one twice recognises it.
//
// The table of warnings is the outbox. A dispatcher takes those that have not been dispatched, decides where each goes,
// and stores one job for each delivery in the transaction that marks the warning as dispatched. The queue tries each
// delivery for about a day. Which rules and people a warning goes to is decided when it is dispatched; their addresses
// are read at each attempt, so that a corrected one gets what failed before, and one who has left the team, or a rule
// that was switched off, gets nothing more.
//
// It owns the dispatcher, the queue of deliveries, the e-mails and the requests, and what a request may connect to. It
// leaves to others: when a warning is raised (the ledger), its sentence (handed in), and who sees it through the API.
package notify
