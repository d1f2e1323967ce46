import { afterEach, expect, test, vi } from 'vitest';
import { startFakeApi } from '../../e2e/fake-api.mjs';
import { operationCosts, words } from './costs';

afterEach(() => vi.unstubAllGlobals());

test('the costs come with their parts, without a sign-in', async () => {
  const api = await startFakeApi();
  vi.stubGlobal('document', { baseURI: `${api.url}/` });
  const costs = await operationCosts();
  await api.stop();
  expect(costs.find((cost) => cost.operation === 'GENERATE_ALL')).toMatchObject({ tokens: 65 });
  for (const cost of costs) {
    expect(cost.parts.reduce((sum, part) => sum + part.tokens, 0)).toBe(cost.tokens);
  }
});

test('a name of an enum reads as words, a new one too', () => {
  expect(words('SHORT_DESCRIPTION')).toBe('Short description');
  expect(words('TRANSLATE')).toBe('Translate');
});
