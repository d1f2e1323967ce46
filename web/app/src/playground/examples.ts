/** What a new visitor finds in the playground's tabs. */
export const examples = [
  {
    query: `# Welcome to Product Generator.
#
# Sign in above, and all of this runs as you,
# subscriptions included. An API key or a token
# of a session can be used instead: write it in
# the Headers editor below; it is not stored.
#
#   { "Authorization": "Bearer …" }
#
# Run:       Ctrl-Enter (macOS: Cmd-Enter)
# Complete:  Ctrl-Space
# Read up:   the book icon on the left

# What each operation costs. Needs no sign-in.
query OperationCosts {
  operationCosts {
    operation
    tokens
    description
    parts {
      part
      tokens
    }
  }
}
`,
  },
  {
    query: `# Who you are, and your teams with their balances.
query Teams {
  viewer {
    name
    email
    memberships {
      role
      team {
        id
        name
        balance {
          available
          spendable
          reserved
          remainingToday
          status
          statusReason
        }
      }
    }
  }
}
`,
  },
  {
    query: `# The team's balance now, and after every change.
# The Variables editor below needs your team's id:
# the tab "Teams" shows it.
subscription Balance($teamId: ID!) {
  balanceChanged(teamId: $teamId) {
    version
    available
    spendable
    status
    statusReason
  }
}
`,
    variables: '{\n  "teamId": "team_…"\n}',
  },
];
