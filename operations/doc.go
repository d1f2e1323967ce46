// Package operations runs what members spend tokens on: it knows what operations cost, quotes them, requests them by
// reserving their whole cost together with a durable job, and works the jobs off: each part is asked of a provider
// outside of any transaction and settled by itself, captured with its result or released without one.
//
// A generation's job only says that there is something to do. Whose turn it is stands on the generation: a worker
// claims it with a lease, renews the lease while it works, and settles nothing once the lease is not its own. What a
// dead worker leaves behind is put back when its lease lapses.
//
// Tokens are moved by the ledger alone; products and their texts are the catalog's; providers are seams. Who may see a
// generation is decided by the resolvers, who may spend is decided here, under the lock.
package operations
