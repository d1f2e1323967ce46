/** An answer that carried errors, or none at all; its message can be shown to people. */
export class RequestError extends Error {
  override name = 'RequestError';
}

/** The API's address, beside the page. */
export function endpoint(): string {
  return new URL('graphql', document.baseURI).href;
}

/** Runs one query or mutation as the session's user and returns its data. Throws a RequestError. */
export async function request<Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> {
  const answer = await post(query, variables);
  if (answer.errors?.length) {
    throw new RequestError(answer.errors.map((error) => error.message).join(' '));
  }
  if (!answer.data) {
    throw new RequestError('The server gave an answer without data.');
  }
  return answer.data as Data;
}

interface Answer {
  data?: unknown;
  errors?: { message: string }[];
}

async function post(query: string, variables: Record<string, unknown>): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(endpoint(), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
      body: JSON.stringify({ query, variables }),
    });
  } catch (cause) {
    throw new RequestError('The server cannot be reached.', { cause });
  }
  try {
    return (await response.json()) as Answer;
  } catch (cause) {
    throw new RequestError(`The server answered ${response.status} without a GraphQL response.`, { cause });
  }
}
