// A small stand-in for the API, for tests of the pages alone: a sign-in, one team, and a balance that changes.
// It keeps everything in memory, listens on a free loopback port and prints its address.
import { buildSchema, graphql } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { randomUUID } from 'node:crypto';
import { EventEmitter, on } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';

export const account = { email: 'ada@example.com', password: 'correct horse battery' };
export const teamId = 'team_01';

const schema = buildSchema(/* GraphQL */ `
  type Query {
    "Who is signed in; null for nobody."
    viewer: User
    "What each operation costs, in tokens."
    operationCosts: [OperationCost!]!
  }
  type Mutation {
    signIn(input: SignInInput!): SignInPayload!
    signOut: SignOutPayload!
    grantTokens(input: GrantTokensInput!): GrantPayload!
  }
  type Subscription {
    "The current balance at once, then every newer one."
    balanceChanged(teamId: ID!): Balance!
  }
  enum Operation { GENERATE_TEXTS SEARCH_IMAGES SEARCH_PRICES GENERATE_ALL }
  enum Part { SHORT_DESCRIPTION LONG_DESCRIPTION IMAGES PRICES }
  enum BalanceStatus { SUFFICIENT LOW EMPTY }
  type User { id: ID! name: String! email: String! }
  type UserError { message: String! }
  type OperationCost { operation: Operation! tokens: Int! parts: [PartCost!]! description: String! }
  type PartCost { part: Part! tokens: Int! }
  type Balance { version: Int! available: Int! spendable: Int! status: BalanceStatus! statusReason: String! }
  input SignInInput { email: String! password: String! }
  input GrantTokensInput { teamId: ID! tokens: Int! }
  type SignInPayload { viewer: User token: String userErrors: [UserError!]! }
  type SignOutPayload { userErrors: [UserError!]! }
  type GrantPayload { balance: Balance userErrors: [UserError!]! }
`);

const parts = {
  short: { part: 'SHORT_DESCRIPTION', tokens: 15 },
  long: { part: 'LONG_DESCRIPTION', tokens: 30 },
  images: { part: 'IMAGES', tokens: 10 },
  prices: { part: 'PRICES', tokens: 10 },
};
const operationCosts = [
  { operation: 'GENERATE_TEXTS', tokens: 45, parts: [parts.short, parts.long], description: 'Writes both descriptions of a product.' },
  { operation: 'SEARCH_IMAGES', tokens: 10, parts: [parts.images], description: 'Finds images of a product.' },
  { operation: 'SEARCH_PRICES', tokens: 10, parts: [parts.prices], description: 'Finds what others ask for a product.' },
  { operation: 'GENERATE_ALL', tokens: 65, parts: Object.values(parts), description: 'Does all of it for a product.' },
];

/** @typedef {{ signedIn: boolean, openSession: () => string, closeSession: () => void }} Caller */

/** Starts the stand-in on a free loopback port. connections lists the connectionParams of every socket so far. */
export async function startFakeApi() {
  const sessions = new Set();
  const changes = new EventEmitter();
  const balance = { version: 1, available: 195, spendable: 195, status: 'SUFFICIENT', statusReason: 'Enough for three products.' };

  const viewer = { id: 'user_01', name: 'Ada Lovelace', email: account.email };
  const rootValue = {
    operationCosts: () => operationCosts,
    /** @param {unknown} _ @param {Caller} caller */
    viewer: (_, caller) => (caller.signedIn ? viewer : null),
    /** @param {{ input: { email: string, password: string } }} args @param {Caller} caller */
    signIn({ input }, caller) {
      if (input.email !== account.email || input.password !== account.password) {
        return { userErrors: [{ message: 'E-mail or password is wrong.' }] };
      }
      return { viewer, token: caller.openSession(), userErrors: [] };
    },
    /** @param {unknown} _ @param {Caller} caller */
    signOut(_, caller) {
      caller.closeSession();
      return { userErrors: [] };
    },
    /** @param {{ input: { tokens: number } }} args @param {Caller} caller */
    grantTokens({ input }, caller) {
      if (!caller.signedIn) throw new Error('Sign in first.');
      balance.version += 1;
      balance.available += input.tokens;
      balance.spendable += input.tokens;
      changes.emit('changed', { ...balance });
      return { balance, userErrors: [] };
    },
    /** @param {unknown} _ @param {Caller} caller */
    async *balanceChanged(_, caller) {
      if (!caller.signedIn) throw new Error('Sign in first.');
      const newer = on(changes, 'changed');
      yield { balanceChanged: { ...balance } };
      for await (const [state] of newer) yield { balanceChanged: state };
    },
  };

  const server = createServer(async (request, response) => {
    if (request.url === '/readyz') return void response.end('ready');
    if (request.url !== '/graphql' || request.method !== 'POST') return void response.writeHead(404).end();
    let body = '';
    for await (const chunk of request) body += chunk;
    const { query, variables, operationName } = JSON.parse(body);
    const token = tokenOf(request.headers.authorization, request.headers.cookie);
    /** @type {Caller} */
    const caller = {
      signedIn: sessions.has(token),
      openSession() {
        const opened = randomUUID();
        sessions.add(opened);
        response.setHeader('set-cookie', `session=${opened}; HttpOnly; SameSite=Lax; Path=/`);
        return opened;
      },
      closeSession() {
        sessions.delete(token);
        response.setHeader('set-cookie', 'session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0');
      },
    };
    const result = await graphql({ schema, source: query, variableValues: variables, operationName, rootValue, contextValue: caller });
    response.setHeader('content-type', 'application/graphql-response+json; charset=utf-8');
    response.end(JSON.stringify(result));
  });

  /** @type {(Record<string, unknown> | undefined)[]} */
  const connections = [];
  const sockets = new WebSocketServer({ server, path: '/graphql' });
  useServer(
    {
      schema,
      roots: { subscription: rootValue },
      onConnect: ({ connectionParams }) => void connections.push(connectionParams),
      context: ({ connectionParams, extra }) => ({
        signedIn: sessions.has(tokenOf(connectionParams?.authorization, extra.request.headers.cookie)),
      }),
    },
    sockets,
  );

  await new Promise((listening) => server.listen(0, '127.0.0.1', () => listening(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    connections,
    /** Cuts all sockets off, as a server that dies does. */
    cutSockets: () => sockets.clients.forEach((socket) => socket.terminate()),
    async stop() {
      sockets.clients.forEach((socket) => socket.terminate());
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** @param {unknown} authorization @param {string | undefined} cookie */
function tokenOf(authorization, cookie) {
  const header = typeof authorization === 'string' ? authorization.match(/^Bearer (.+)$/)?.[1] : undefined;
  return header ?? cookie?.match(/(?:^|; )session=([^;]*)/)?.[1];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const api = await startFakeApi();
  console.log(api.url);
  // Whoever started it holds its standard input; it ends with them.
  process.stdin.resume().on('end', () => process.exit(0));
}
