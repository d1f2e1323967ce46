// Opens a printable page in Chromium, in light, dark, on a small screen and on paper, and checks what it shows.
//
//   node e2e/document.mjs BASE_URL PATH TITLE TEXT EMAIL PASSWORD OUTPUT_FOLDER
//
// It signs in first unless EMAIL is empty. Exits 1 with the reason if the page has another heading or lacks the text, or
// if anything goes wrong in the page (see browser.mjs).
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { camera, withPage } from './browser.mjs';

const [base = '', address = '', title = '', text = '', email, password, folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node e2e/document.mjs BASE_URL PATH TITLE TEXT EMAIL PASSWORD OUTPUT_FOLDER');
  process.exit(2);
}
await mkdir(folder, { recursive: true });

/** @type {{ name: string, colorScheme: 'light' | 'dark', width: number, height: number }[]} */
const looks = [
  { name: 'light', colorScheme: 'light', width: 1280, height: 800 },
  { name: 'dark', colorScheme: 'dark', width: 1280, height: 800 },
  { name: 'phone', colorScheme: 'light', width: 360, height: 740 },
];
for (const { name, ...look } of looks) {
  await withPage(look, async (page) => {
    if (email) await signIn(page);
    const answer = await page.goto(base + address);
    const heading = await page.getByRole('heading', { level: 1 }).innerText();
    if (heading !== title) throw new Error(`the heading is ${heading}, not ${title} (status ${answer?.status()})`);
    if (!(await page.title()).startsWith(title)) throw new Error(`the title is ${await page.title()}`);
    await page.getByText(text).first().waitFor();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (overflow > 0) throw new Error(`the page is ${overflow} px wider than the ${name} screen`);
    const shoot = camera(page, folder, `document-${title.toLowerCase()}`);
    await shoot(name);
    if (name === 'dark') {
      await page.emulateMedia({ media: 'print' });
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      if (ground !== 'rgb(255, 255, 255)') throw new Error(`on paper the ground is ${ground}`);
      if (await page.locator('.links').isVisible()) throw new Error('on paper there are buttons');
      await shoot('paper');
      await page.pdf({ path: path.join(folder, `document-${title.toLowerCase()}.pdf`), preferCSSPageSize: true });
    }
  });
}
console.log('document: ok');

/** Gets the session's cookie as the dashboard does. @param {import('playwright-core').Page} page */
async function signIn(page) {
  // What the home page asks for by itself must have been answered before the page is left.
  await page.goto(base, { waitUntil: 'networkidle' });
  const answer = await page.evaluate(async (input) => {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ query: 'mutation($input: SignInInput!) { signIn(input: $input) { userErrors { message } } }', variables: { input } }),
    });
    return response.text();
  }, { email, password });
  if (!answer.includes('"userErrors":[]')) throw new Error(`signing in: ${answer}`);
}
