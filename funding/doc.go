// Package funding is how tokens come in: packages that are bought, promotions, referrals, and an administrator's grants;
// and how they go back when money does.
//
// It owns packages and purchases with what their payment providers say of them, refunds, auto top-up, campaigns and their
// redemptions, and the rules of who gets what and why. What a provider says goes through one door, learn, which brings a
// purchase, its grant and what is taken back of it in step with all that is known; the order in which it was said makes
// no difference. What is to be done waits in tables: Start does it, in as many processes as there are.
//
// The tokens themselves are moved and kept by the ledger; talking to providers is package payment's; who may do what
// beside the rights at commit is decided by the resolvers.
package funding
