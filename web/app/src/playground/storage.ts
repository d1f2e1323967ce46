import type { Storage as GraphiQLStorage } from '@graphiql/toolkit';

// GraphiQL's own prefix for its keys; the rest of the storage belongs to the site's other pages.
const prefix = 'graphiql:';

/**
 * Lets GraphiQL keep tabs, history and settings in storage, but nothing of the headers editor, which holds
 * credentials: its history would keep the headers of every operation that ran.
 */
export function withoutHeaders(storage: Storage): GraphiQLStorage {
  const ownKeys = () => Object.keys(storage).filter((key) => key.startsWith(prefix));
  return {
    getItem: (key) => storage.getItem(key),
    setItem(key, value) {
      if (key !== `${prefix}headers`) storage.setItem(key, dropHeaders(value));
    },
    removeItem: (key) => storage.removeItem(key),
    clear: () => ownKeys().forEach((key) => storage.removeItem(key)),
    get length() {
      return ownKeys().length;
    },
  };
}

/** Takes every field named headers out of a value that is JSON, as tabs and history are; leaves other text alone. */
function dropHeaders(value: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return value;
  }
  return JSON.stringify(parsed, (key, field) => (key === 'headers' ? undefined : field));
}
