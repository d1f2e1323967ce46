// Package stripetest is a payment server for tests: over real sockets it speaks as much of Stripe's API as is used
// here, plays the buyer, the bank and the provider's own staff, and sends signed notices, also late, twice, out of
// order, never, and forged.
//
// It owns that imitation and its state. It shares no code with package payment and nothing with Stripe's library, so
// that a misunderstanding on one side shows. It leaves to stripe-mock whether requests are of the form that Stripe
// takes: parameters that it doesn't know are ignored here.
//
// Nothing happens by itself: the controls (Pay, OpenDispute, …) make events, and Deliver sends them. There are no
// goroutines but those of the HTTP server and of a Deliver that runs. The same seed makes the same choices.
package stripetest
