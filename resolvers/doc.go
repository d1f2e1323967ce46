// Package resolvers answers the fields of the schema: each asks whether the viewer may, converts the input, makes one
// call to the domain, and presents what comes back.
//
// It owns
//   - the gates (gate.go): who is asking, and what they may do in a team; a foreign thing and a missing one are the same;
//   - the errors (present.go, usererrors.go) and the sentences for people in each language (messages/);
//   - the loaders of a response (loaders.go), so that a list of things costs one read for each kind of thing in it;
//   - the canonical form of an input, by which a repeated idempotency key is known (key.go);
//   - the streams of subscriptions and when they end (streams.go).
//
// It leaves to others: every rule of the domain, the transports, and how resolvers are found by a query (graph).
//
// Fields of a thing are answered without asking again whether the viewer may see it: whoever hands a thing out has
// asked. A look-up by id therefore always passes a gate.
package resolvers
