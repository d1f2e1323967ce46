import { expect, test } from 'vitest';
import { withoutHeaders } from './storage';

const secret = 'Bearer of-nobody-else';

test('neither tabs nor history keep the headers of an operation', () => {
  const { storage, kept } = memory();
  const guarded = withoutHeaders(storage);
  guarded.setItem('graphiql:queries', JSON.stringify({ queries: [{ query: '{ viewer { id } }', headers: secret }] }));
  guarded.setItem('graphiql:tabState', JSON.stringify({ tabs: [{ query: '{ a }', headers: secret }], activeTabIndex: 0 }));
  guarded.setItem('graphiql:headers', JSON.stringify({ Authorization: secret }));
  expect(JSON.stringify([...kept])).not.toContain(secret);
  expect(JSON.parse(guarded.getItem('graphiql:queries')!)).toEqual({ queries: [{ query: '{ viewer { id } }' }] });
});

test('text that is not JSON is kept as it is', () => {
  const guarded = withoutHeaders(memory().storage);
  guarded.setItem('graphiql:query', 'query { headers }');
  expect(guarded.getItem('graphiql:query')).toBe('query { headers }');
});

test('clearing takes GraphiQL’s entries and leaves those of other pages', () => {
  const { storage, kept } = memory();
  storage.setItem('theme', 'dark');
  const guarded = withoutHeaders(storage);
  guarded.setItem('graphiql:theme', 'light');
  expect(guarded.length).toBe(1);
  guarded.clear();
  expect([...kept.keys()]).toEqual(['theme']);
});

/** A Storage in memory, which lists its keys as the browser's does. */
function memory() {
  const kept = new Map<string, string>();
  const methods: Partial<Storage> = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
  const storage = new Proxy(methods as Storage, {
    ownKeys: () => [...kept.keys()],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  });
  return { storage, kept };
}
