// Builds both pages into ../dist, which is committed and goes into the Go binary.
//
//   node build.mjs           writes ../dist
//   node build.mjs --check   builds into a temporary directory, says what differs from ../dist, exits 1 if anything does
//
// The same sources and lock file give the same bytes on every machine.
import { gzipSync } from 'fflate';
import { mkdtemp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const source = path.dirname(fileURLToPath(import.meta.url));
const committed = path.resolve(source, '../dist');

// A file's path in the output is its path in the address, so that each page finds its assets wherever it is mounted.
const pages = [
  { html: 'index.html', assets: 'assets', license: false },
  { html: 'graphiql.html', assets: 'graphiql', license: { fileName: 'graphiql/licenses.md' } },
];

// Files smaller than this are embedded as they are, and stay readable in a review.
const smallestCompressed = 4096;

if (process.argv.includes('--check')) {
  const rebuilt = await mkdtemp(path.join(tmpdir(), 'web-dist-'));
  try {
    await buildInto(rebuilt);
    const differences = await compare(rebuilt, committed);
    if (differences.length > 0) {
      console.error(`web/dist is not what the sources give; run "npm run build":\n  ${differences.join('\n  ')}`);
      process.exitCode = 1;
    }
  } finally {
    await rm(rebuilt, { recursive: true });
  }
} else {
  await buildInto(committed);
}

/** @param {string} directory emptied first */
async function buildInto(directory) {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  for (const page of pages) {
    await build({
      root: source,
      logLevel: 'warn',
      build: {
        outDir: directory,
        emptyOutDir: false,
        assetsDir: page.assets,
        license: page.license,
        rolldownOptions: { input: path.join(source, page.html), onLog },
      },
    });
  }
  for (const name of await filesOf(directory)) {
    await compress(path.join(directory, name));
  }
}

/**
 * Passes on what the bundler says, but for a note on directives to React's compiler, which has done its work by then.
 * @type {NonNullable<import('rolldown').InputOptions['onLog']>}
 */
function onLog(level, log, pass) {
  if (log.code !== 'MODULE_LEVEL_DIRECTIVE') pass(level, log);
}

/**
 * Replaces a file by its gzip if that saves a tenth. fflate, because zlib's output depends on the processor.
 * @param {string} file
 */
async function compress(file) {
  const plain = await readFile(file);
  if (plain.length < smallestCompressed) return;
  const packed = gzipSync(plain, { level: 9, mtime: 0 });
  if (packed.length > plain.length * 0.9) return;
  await writeFile(`${file}.gz`, packed);
  await rm(file);
}

/**
 * @param {string} rebuilt
 * @param {string} expected
 * @returns {Promise<string[]>} a line for each file that is missing, new or changed
 */
async function compare(rebuilt, expected) {
  const [now, before] = await Promise.all([filesOf(rebuilt), filesOf(expected)]);
  const lines = [];
  for (const name of [...new Set([...now, ...before])].sort()) {
    if (!now.includes(name)) lines.push(`${name}: not built any more`);
    else if (!before.includes(name)) lines.push(`${name}: not in web/dist`);
    else if (!(await sameBytes(path.join(rebuilt, name), path.join(expected, name)))) lines.push(`${name}: differs`);
  }
  return lines;
}

/** @param {string} a @param {string} b */
async function sameBytes(a, b) {
  const [left, right] = await Promise.all([readFile(a), readFile(b)]);
  return left.equals(right);
}

/** @param {string} directory @returns {Promise<string[]>} the paths of its files, relative and sorted */
async function filesOf(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .sort();
}
