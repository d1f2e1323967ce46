// Package payment is the seam to whoever takes the money for packages of tokens.
//
// It owns the Provider seam and its two sides (Stripe with its hosted checkout, and the built-in Invoice), the check
// that a notice is genuine, the facts that a provider tells about a purchase and how they fold, the rule of where a
// purchase stands by its facts, and the typed failure that all providers answer with.
//
// Everything a provider says, by a notice, an answer or a list, is News: about which purchase, and Facts. Facts merge:
// in whatever order and however often they come, the outcome is the same. So whoever keeps them merges the news of
// every source in one way, and what was missed is mended by asking again.
//
// It leaves to others (package funding): purchases and packages, storing notices and facts, jobs and their retries,
// and what a payment, a refund or a dispute does to tokens. It knows no database, reads no settings, keeps no state
// and never retries by itself: a caller retries with the same idempotency key.
package payment
