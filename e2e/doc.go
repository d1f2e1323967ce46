// Package e2e holds the tests of the whole program from outside: they build it, start it as processes by its settings,
// and talk to it as its clients do, over HTTP, WebSocket and server-sent events, and in a browser.
//
// It owns the journeys of users and operators through the running program: what they do, what they see, and what is
// still there after a crash. It knows nothing of the program's packages but the PostgreSQL that tests share; how each
// package behaves by itself is its own tests' to show.
package e2e
