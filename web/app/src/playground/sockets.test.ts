import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { account, startFakeApi, teamId } from '../../e2e/fake-api.mjs';
import { authorizationOf, Sockets } from './sockets';

let api: Awaited<ReturnType<typeof startFakeApi>>;
let sockets: Sockets;
let token: string;

beforeEach(async () => {
  vi.stubGlobal('WebSocket', WebSocket);
  api = await startFakeApi();
  sockets = new Sockets(`${api.url.replace('http', 'ws')}/graphql`);
  token = await signInToken();
});

afterEach(async () => {
  sockets.renew();
  await api.stop();
  vi.unstubAllGlobals();
});

test('the socket carries the Authorization header, however its name is written, and no other header', async () => {
  const events = balances({ AUTHORIZATION: `Bearer ${token}`, 'X-Other': 'value' });
  expect(await next(events)).toMatchObject({ available: 195 });
  expect(api.connections).toEqual([{ authorization: `Bearer ${token}` }]);
});

test('without an Authorization header the socket carries none, and the cookie counts', async () => {
  const events = balances({});
  await expect(next(events)).rejects.toMatchObject([{ message: 'Sign in first.' }]);
  expect(api.connections).toEqual([{}]);
});

test('the same credentials share one client, others get another', () => {
  const first = sockets.client({ Authorization: 'Bearer a' });
  expect(sockets.client({ authorization: 'Bearer a', other: 'x' })).toBe(first);
  expect(sockets.client({ Authorization: 'Bearer b' })).not.toBe(first);
});

test('other credentials end the streams of the ones before', async () => {
  const events = balances({ Authorization: `Bearer ${token}` });
  await next(events);
  sockets.client({ Authorization: 'Bearer other' });
  expect(await events.next()).toEqual({ done: true, value: undefined });
});

test('a change of the session ends its streams, and the next one opens a socket of its own', async () => {
  const headers = { Authorization: `Bearer ${token}` };
  const events = balances(headers);
  await next(events);
  sockets.renew();
  expect(await events.next()).toEqual({ done: true, value: undefined });
  await next(balances(headers));
  expect(api.connections).toHaveLength(2);
});

test('a stream whose socket is cut comes back with the newest state', async () => {
  const events = balances({ Authorization: `Bearer ${token}` });
  await next(events);
  api.cutSockets();
  expect(await next(events)).toMatchObject({ available: 195 });
  expect(api.connections).toHaveLength(2);
});

test('an Authorization that is empty or no text counts as none', () => {
  expect(authorizationOf({ Authorization: '' })).toBeUndefined();
  expect(authorizationOf({ Authorization: 7 })).toBeUndefined();
  expect(authorizationOf({})).toBeUndefined();
});

function balances(headers: Record<string, unknown>) {
  return sockets.client(headers).iterate<{ balanceChanged: object }>({
    query: 'subscription($teamId: ID!) { balanceChanged(teamId: $teamId) { version available } }',
    variables: { teamId },
  });
}

async function next(events: ReturnType<typeof balances>) {
  const { value } = await events.next();
  return value?.data?.balanceChanged;
}

async function signInToken(): Promise<string> {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query: 'mutation($input: SignInInput!) { signIn(input: $input) { token } }',
      variables: { input: account },
    }),
  });
  const answer = (await response.json()) as { data: { signIn: { token: string } } };
  return answer.data.signIn.token;
}
