// Package funding is how tokens come in: an administrator's grants.
//
// It owns the rules of what may be granted and why. The tokens themselves are moved and kept by the ledger; who may
// grant is decided by the resolvers.
package funding
