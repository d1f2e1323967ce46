import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { account, startFakeApi } from '../../e2e/fake-api.mjs';
import { readViewer, signIn, signOut } from './session';

let api: Awaited<ReturnType<typeof startFakeApi>>;

beforeEach(async () => {
  api = await startFakeApi();
  vi.stubGlobal('document', { baseURI: `${api.url}/graphiql` });
});

afterEach(async () => {
  await api.stop();
  vi.unstubAllGlobals();
});

test('nobody is signed in at first', async () => {
  expect(await readViewer()).toBeNull();
});

test('signing in gives the user and leaves out the token, which scripts need not see', async () => {
  expect(await signIn(account.email, account.password)).toEqual({
    id: 'user_01',
    name: 'Ada Lovelace',
    email: account.email,
  });
});

test('a refused sign-in says why', async () => {
  await expect(signIn(account.email, 'wrong')).rejects.toThrow('E-mail or password is wrong.');
});

test('signing out succeeds whether or not somebody is signed in', async () => {
  await expect(signOut()).resolves.toBeUndefined();
});

test('a server that is not there is said to be out of reach', async () => {
  await api.stop();
  await expect(readViewer()).rejects.toThrow('The server cannot be reached.');
});

test('an answer that is not GraphQL is told by its status', async () => {
  vi.stubGlobal('fetch', async () => new Response('<h1>Bad gateway</h1>', { status: 502 }));
  await expect(readViewer()).rejects.toThrow('The server answered 502 without a GraphQL response.');
});

test('the errors of an answer are passed on', async () => {
  vi.stubGlobal('fetch', async () => Response.json({ errors: [{ message: 'Too many requests.' }] }, { status: 429 }));
  await expect(readViewer()).rejects.toThrow('Too many requests.');
});
