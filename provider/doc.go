// Package provider is the seam to whoever writes texts, finds images and prices, and knows facts about products.
//
// It owns the four seams (TextProvider, ImageProvider, PriceProvider, FactProvider), the typed failure that all of
// them answer with, the chain that tries providers in order of preference (deadlines, retries with jitter, a circuit
// breaker for each), and one file for each provider it speaks to.
//
// It leaves to others: tokens and what a failed part costs (operations), storing what was delivered (catalog), and
// the search over a team's own products, whose providers are handed in from outside. It knows no database and reads
// no settings: package main makes the providers and puts them in order.
//
// What a provider answers is foreign data. Every provider here returns it bounded, valid UTF-8, free of control
// characters and of markup that a browser would run; URLs are absolute http or https ones and are never fetched.
package provider
