// Chromium for the tests of the pages: a fresh profile, nothing but loopback, and a record of all that went wrong.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

const usualPlaces = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'];

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Whatever the page or the browser itself asks for, no other name is ever resolved.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE ::1',
];

/**
 * Opens a page and hands it to use; afterwards throws if anything went wrong in it that nobody looked at: an error on
 * the console, an exception, a breach of the Content-Security-Policy, a failed request, a request beyond loopback.
 *
 * @param {{ colorScheme?: 'light' | 'dark', width?: number, height?: number }} look
 * @param {(page: import('playwright-core').Page) => Promise<void>} use
 */
export async function withPage({ colorScheme = 'light', width = 1280, height = 800 }, use) {
  const browser = await chromium.launch({ executablePath: findChromium(), args: flags });
  try {
    const context = await browser.newContext({ colorScheme, viewport: { width, height } });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const faults = watch(page);
    try {
      await use(page);
    } catch (error) {
      if (faults.length > 0) console.error(`in the page:\n  ${faults.join('\n  ')}`);
      throw error;
    }
    if (faults.length > 0) throw new Error(`in the page:\n  ${faults.join('\n  ')}`);
  } finally {
    await browser.close();
  }
}

/** @returns {string} the path of Chromium: CHROMIUM, or one of the usual places */
function findChromium() {
  const found = process.env.CHROMIUM || usualPlaces.find((place) => existsSync(place));
  if (!found) throw new Error('Chromium is not installed: apt-get install chromium, or set CHROMIUM to its path');
  return found;
}

/** @param {import('playwright-core').Page} page @returns {string[]} what goes wrong from now on */
function watch(page) {
  /** @type {string[]} */
  const faults = [];
  // Breaches of the policy are errors on the console, too.
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text().slice(0, 500)} (${message.location().url})`);
  });
  page.on('pageerror', (error) => faults.push(`exception: ${error.stack ?? error.message}`));
  page.on('crash', () => faults.push('the page crashed'));
  page.on('requestfailed', (request) => faults.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
  page.on('request', (request) => noteIfForeign(request.url()));
  page.on('websocket', (socket) => noteIfForeign(socket.url()));
  return faults;

  /** @param {string} address */
  function noteIfForeign(address) {
    const { protocol, hostname } = new URL(address);
    if (['data:', 'blob:'].includes(protocol)) return;
    if (!['127.0.0.1', 'localhost', '[::1]'].includes(hostname)) faults.push(`beyond loopback: ${address}`);
  }
}

/**
 * Numbered screenshots in a folder, in the order of their taking.
 * @param {import('playwright-core').Page} page @param {string} folder @param {string} prefix
 */
export function camera(page, folder, prefix) {
  let taken = 0;
  return async (/** @type {string} */ name) => {
    taken += 1;
    const file = path.join(folder, `${prefix}-${String(taken).padStart(2, '0')}-${name}.png`);
    await page.screenshot({ path: file, fullPage: true });
    console.log(`screenshot ${file}`);
  };
}
