// Opens the home page in Chromium, in light, dark and on a small screen, and checks what it shows.
//
//   node e2e/home.mjs BASE_URL OUTPUT_FOLDER
//
// Exits 1 with the reason if the costs are not there, or if anything goes wrong in the page (see browser.mjs).
import { mkdir } from 'node:fs/promises';
import { camera, withPage } from './browser.mjs';

const [base, folder] = process.argv.slice(2);
if (!base || !folder) {
  console.error('usage: node e2e/home.mjs BASE_URL OUTPUT_FOLDER');
  process.exit(2);
}
await mkdir(folder, { recursive: true });

/** @type {{ name: string, colorScheme: 'light' | 'dark', width: number, height: number }[]} */
const looks = [
  { name: 'light', colorScheme: 'light', width: 1280, height: 800 },
  { name: 'dark', colorScheme: 'dark', width: 1280, height: 800 },
  { name: 'phone', colorScheme: 'light', width: 390, height: 844 },
];
for (const { name, ...look } of looks) {
  await withPage(look, async (page) => {
    await page.goto(base);
    await page.getByRole('row', { name: /Generate all.*65/ }).waitFor();
    await page.getByText('Ready to serve').waitFor();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (overflow > 0) throw new Error(`the page is ${overflow} px wider than the ${name} screen`);
    await camera(page, folder, 'home')(name);
    await page.getByRole('link', { name: 'Open the playground' }).click();
    await page.getByRole('button', { name: /Execute query/ }).waitFor();
  });
}
console.log('home: ok');
