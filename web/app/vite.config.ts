import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// The server that `npm run dev` hands the API's requests to.
const api = process.env.API_URL ?? 'http://127.0.0.1:8080';

// build.mjs adds what differs between the pages: the entry and the folder of its assets.
export default defineConfig({
  base: './',
  publicDir: false,
  plugins: [react()],
  build: {
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 6000,
    modulePreload: { polyfill: false },
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '^/graphql$': { target: api, ws: true },
      '^/(healthz|readyz|metrics)$': { target: api },
    },
  },
  test: {
    include: ['src/**/*.test.ts'],
    // Bundled along with the tests, so that it and they use the same copy of graphql.
    server: { deps: { inline: ['graphql-ws'] } },
  },
});
