package models

// Tokens is an amount of the product's tokens: whole, and never a stand-in for "unlimited" inside the program.
type Tokens int64

// UnlimitedTokens is how the API writes "no limit". It is made where an answer is presented and met nowhere else.
const UnlimitedTokens Tokens = -1

// MaxTokens is the largest amount that the API takes or gives, 2^53: a JSON number holds it exactly.
const MaxTokens Tokens = 1 << 53

// Limit is a cap on tokens. The zero Limit is no cap at all.
type Limit struct {
	tokens Tokens
	set    bool
}

// LimitOf is a cap of that many tokens.
func LimitOf(tokens Tokens) Limit { return Limit{tokens: tokens, set: true} }

// NoLimit is the absence of a cap.
func NoLimit() Limit { return Limit{} }

// LimitFrom reads a nullable column, in which null is no cap.
func LimitFrom(tokens *Tokens) Limit {
	if tokens == nil {
		return NoLimit()
	}
	return LimitOf(*tokens)
}

// Tokens is the cap; ok is false where there is none.
func (l Limit) Tokens() (tokens Tokens, ok bool) { return l.tokens, l.set }

// Tighter is the smaller of two caps.
func (l Limit) Tighter(other Limit) Limit {
	if !l.set || other.set && other.tokens < l.tokens {
		return other
	}
	return l
}

// Minus is what is left of the cap after use: never below 0, and still no cap where there was none.
func (l Limit) Minus(used Tokens) Limit {
	if !l.set {
		return l
	}
	return LimitOf(max(0, l.tokens-used))
}

// Allows says whether that many tokens fit under the cap.
func (l Limit) Allows(tokens Tokens) bool { return !l.set || tokens <= l.tokens }

// API is the cap as the API writes it: -1 where there is none.
func (l Limit) API() Tokens {
	if !l.set {
		return UnlimitedTokens
	}
	return l.tokens
}

// Column is the cap as a nullable column holds it.
func (l Limit) Column() *Tokens {
	if !l.set {
		return nil
	}
	tokens := l.tokens
	return &tokens
}
