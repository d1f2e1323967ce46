import { createClient, type Client } from 'graphql-ws';

/** The values of GraphiQL's headers editor: whatever JSON the user has written there. */
export type Headers = Record<string, unknown>;

/**
 * Gives subscriptions their WebSocket client. A socket is somebody's from its first message on, so other credentials
 * need another socket: a changed Authorization header, or a sign-in or sign-out, ends the streams of the one before.
 */
export class Sockets {
  readonly #url: string;
  #client: Client | undefined;
  #authorization: string | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** The client that speaks with the Authorization among headers, or as the session's user without one. */
  client(headers: Headers = {}): Client {
    const authorization = authorizationOf(headers);
    if (authorization !== this.#authorization) {
      this.renew();
    }
    this.#authorization = authorization;
    this.#client ??= createClient({
      url: this.#url,
      connectionParams: authorization === undefined ? {} : { authorization },
      retryAttempts: Infinity,
      shouldRetry: () => true,
    });
    return this.#client;
  }

  /** Ends the streams of the present client; the next call of client makes a new one. */
  renew(): void {
    this.#client?.dispose();
    this.#client = undefined;
  }
}

/** The value of the Authorization header, in whatever case its name is written; undefined without one. */
export function authorizationOf(headers: Headers): string | undefined {
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'authorization');
  const value = name === undefined ? undefined : headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
