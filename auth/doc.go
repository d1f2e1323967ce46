// Package auth knows who is asking, over HTTP and over WebSockets.
//
// It owns
//   - passwords (Passwords): argon2id in PHC form, a bound on how many are computed at once, the rules a password keeps;
//   - sessions (Sessions): opaque tokens of which the database knows the SHA-256 only, found again from a cache of at
//     most a second, so that neither a request nor an open socket costs a read of its own;
//   - accounts (Accounts): signing in with e-mail and password, how often that may be tried, the administrator that
//     the settings name, users by id for data loaders;
//   - the way in (Gate, Origins): the session cookie or a Bearer token becomes a Viewer in the context of a request or
//     a socket, from pages of our own origin only where a browser adds the credentials by itself.
//
// It leaves to others what a viewer may do (teams, and the gates of the resolvers), the creation of users with their
// teams (teams), and general limits on requests (transport).
//
// No token and no password hash appears in an error, a log line or a printed value of this package.
package auth
