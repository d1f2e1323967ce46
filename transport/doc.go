// Package transport speaks GraphQL to clients: POST (JSON and multipart uploads), WebSocket with the
// graphql-transport-ws subprotocol, and server-sent events in graphql-sse's distinct connections mode. One [Server]
// mounted at one path answers all three.
//
// It owns what stands between the wire and the resolvers: reading a body strictly, the limits that a document is
// measured against before anything runs, the cache of prepared documents, the shape and size of answers, the life of
// sockets and streams. It knows no type of the product's: who is asking comes in a context from [Config.Init] or the
// request, whether they may still listen is asked of [Config.Recheck], what an error says is [Config.Present]'s.
//
// # Refusals
//
// A request that breaks a rule of HTTP or a limit is answered with a 4xx and one error with extensions.code, never
// with what it sent. A document that is well formed but cannot run (syntax, validation, variables) is answered with
// 400, or with 200 to clients that accept application/json alone, as the GraphQL over HTTP specification has it.
//
// # Sockets
//
// Closed with 4400 (not a message of the protocol), 4401 (subscribed before connection_init), 4403 (not allowed, at
// connection_init or later by Recheck), 4408 (no connection_init in time), 4409 (id in use), 4429 (second
// connection_init), 4500 (we failed), 1001 (the server stops), 1002 (malformed frame), 1008 (flood of messages, or no
// pong), 1009 (message too large). A client that stops reading is closed with 1008 when it owes a pong, and cut off
// without a code when it blocks a write, since none could reach it. A request that is refused on a socket gets an error
// message; only Recheck, connection_init and breaches of the protocol close it.
//
// Each socket has a bounded queue. Whoever produces for a client that is slow waits, and holds up nobody else: a
// subscription's source must expect that its channel is not read for a while.
//
// A subscription's resolver ends its stream with an error by calling graphql.AddError(ctx, err) with the context it was
// given and then closing its channel: the client gets an error message instead of complete, over SSE a next event with
// errors and then complete.
//
// # Cancellation
//
// The context of an operation ends with its client: the request, the subscription or the socket it came on. A
// mutation's effect must not hang on it once begun; that is the domain's to see to.
//
// # What main adds
//
// http.Server.ReadHeaderTimeout for slow headers (bodies have a deadline here; ReadTimeout and WriteTimeout would cut
// streams), and http.CrossOriginProtection in front, since a multipart form can be posted from any page.
package transport
