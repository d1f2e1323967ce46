// Package teams says who: users with their teams, memberships, invitations, and what the platform and a team's own
// ADMINs set for it.
//
// It owns the tables users (how rows come into being), teams, memberships, invitations and settings. Whatever decides
// on a role, a limit, an invitation or the welcome gift goes through ledger.Update, so that it is decided under the
// team's lock and stored in one transaction with the tokens that it moves.
//
// It leaves to others: passwords, e-mail addresses and sessions (auth), who may read what (the gates of the resolvers),
// and tokens (ledger).
package teams
