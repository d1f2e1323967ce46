// Uses the playground in Chromium as a person does, against a running server: signs in through the bar, runs queries
// and mutations, watches a subscription while the balance changes, first with the session's cookie, then signed out
// with a Bearer token in the headers editor.
//
//   node e2e/graphiql.mjs BASE_URL EMAIL PASSWORD STEPS_FILE OUTPUT_FOLDER
//
// STEPS_FILE is JSON: what to run, and what text the answers must contain.
//   {
//     "steps": [{ "name": "…", "query": "…", "variables": {…}, "expect": "…" }],
//     "subscription": {
//       "name": "…", "query": "…", "variables": {…},
//       "expect": "…",                     the first event
//       "changes": [                       mutations sent from outside of the browser, one after the other
//         { "query": "…", "variables": {…}, "event": "…", "as": { "email": "…", "password": "…" } }
//       ]                                  event: what the event it causes must contain; as: another user, if needed
//     }
//   }
// The first change comes while the session's cookie counts, the second under the Bearer token.
//
// Exits 1 with the reason if something expected does not appear, or if anything goes wrong in the page (see
// browser.mjs). Writes a screenshot of every step.
import { mkdir, readFile } from 'node:fs/promises';
import { camera, withPage } from './browser.mjs';
import { Playground } from './playground.mjs';

const [base, email, password, stepsFile, folder] = process.argv.slice(2);
if (!base || !email || !password || !stepsFile || !folder) {
  console.error('usage: node e2e/graphiql.mjs BASE_URL EMAIL PASSWORD STEPS_FILE OUTPUT_FOLDER');
  process.exit(2);
}
const account = { email, password };
/** @type {Map<string, string>} by e-mail address */
const tokens = new Map();
/** @type {{ steps: Step[], subscription: Step & { changes: Change[] } }} */
const { steps, subscription } = JSON.parse(await readFile(stepsFile, 'utf8'));
await mkdir(folder, { recursive: true });

await withPage({}, async (page) => {
  const shoot = camera(page, folder, 'graphiql');
  const playground = new Playground(page);
  await playground.open(base);
  await shoot('welcome');

  await playground.signIn(email, 'not the password');
  await page.locator('.bar .problem').waitFor();
  await shoot('refused');
  await playground.signIn(email, password);
  await page.getByRole('button', { name: 'Sign out' }).waitFor();

  for (const step of steps) {
    await playground.run(step);
    await shoot(step.name);
  }
  await watchChange(playground, subscription.changes[0]);
  await shoot(`${subscription.name}-by-cookie`);
  await playground.stop();

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await playground.run({ query: '{ viewer { email } }', expect: '"viewer": null' });
  await shoot('signed-out');

  const token = await tokenFor(account);
  await playground.setHeaders({ Authorization: `Bearer ${token}` });
  await playground.run({ query: '{ viewer { email } }', expect: email });
  await watchChange(playground, subscription.changes[1]);
  await shoot(`${subscription.name}-by-bearer`);
  await playground.stop();

  if ((await page.evaluate(() => JSON.stringify({ ...localStorage }))).includes(token)) {
    throw new Error('the Bearer token is kept in localStorage');
  }
});

await withPage({ colorScheme: 'dark' }, async (page) => {
  await new Playground(page).open(base);
  await camera(page, folder, 'graphiql-dark')('welcome');
});
console.log('graphiql: ok');

/** @param {Playground} playground @param {Change | undefined} change */
async function watchChange(playground, change) {
  if (!change) throw new Error(`${stepsFile}: subscription.changes needs two entries`);
  await playground.run(subscription);
  const token = await tokenFor(change.as ?? account);
  const answer = await send(change, token);
  if (answer.errors) throw new Error(`the change was refused: ${JSON.stringify(answer.errors)}`);
  await playground.waitForResponse(change.event);
}

/** @param {{ email: string, password: string }} who @returns {Promise<string>} a session's token, one for each user */
async function tokenFor(who) {
  const known = tokens.get(who.email);
  if (known) return known;
  const query = 'mutation($input: SignInInput!) { signIn(input: $input) { token userErrors { message } } }';
  const answer = await send({ query, variables: { input: who } });
  const token = answer.data?.signIn.token;
  if (!token) throw new Error(`${who.email} cannot sign in: ${JSON.stringify(answer)}`);
  tokens.set(who.email, token);
  return token;
}

/** @param {{ query: string, variables?: object }} operation @param {string} [token] @returns {Promise<any>} */
async function send({ query, variables }, token) {
  const response = await fetch(new URL('/graphql', base), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

/** @typedef {import('./playground.mjs').Operation & { name: string }} Step */
/** @typedef {{ query: string, variables?: object, event: string, as?: { email: string, password: string } }} Change */
