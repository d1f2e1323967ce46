import { request } from '../graphql';

/** What one operation costs, as the API tells it. Names are those of enums and may be new to this page. */
export interface OperationCost {
  operation: string;
  tokens: number;
  description: string;
  parts: { part: string; tokens: number }[];
}

/** Reads the costs of all operations; needs no sign-in. */
export async function operationCosts(): Promise<OperationCost[]> {
  const data = await request<{ operationCosts: OperationCost[] }>(
    'query OperationCosts { operationCosts { operation tokens description parts { part tokens } } }',
  );
  return data.operationCosts;
}

/** Turns an enum's name into words: SHORT_DESCRIPTION gives "Short description". */
export function words(name: string): string {
  const lower = name.toLowerCase().replaceAll('_', ' ');
  return lower.charAt(0).toUpperCase() + lower.slice(1);
}
