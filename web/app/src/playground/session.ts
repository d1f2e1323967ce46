import { request } from '../graphql';

/** Who is signed in. */
export interface Viewer {
  id: string;
  name: string;
  email: string;
}

/** The session's user; null when nobody is signed in. */
export async function readViewer(): Promise<Viewer | null> {
  const data = await request<{ viewer: Viewer | null }>('query Viewer { viewer { id name email } }');
  return data.viewer;
}

/**
 * Opens a session. The server keeps it in a cookie that scripts cannot read, so that requests and sockets of this
 * page count as this user's. Throws an Error whose message says why it refused.
 */
export async function signIn(email: string, password: string): Promise<Viewer> {
  const { signIn: payload } = await request<{ signIn: { viewer: Viewer | null; userErrors: UserError[] } }>(
    `mutation SignIn($input: SignInInput!) {
      signIn(input: $input) { viewer { id name email } userErrors { message } }
    }`,
    { input: { email, password } },
  );
  refuse(payload.userErrors);
  if (!payload.viewer) {
    throw new Error('The server signed nobody in.');
  }
  return payload.viewer;
}

/** Ends the session. Throws an Error if the server refused. */
export async function signOut(): Promise<void> {
  const { signOut: payload } = await request<{ signOut: { userErrors: UserError[] } }>(
    'mutation SignOut { signOut { userErrors { message } } }',
  );
  refuse(payload.userErrors);
}

interface UserError {
  message: string;
}

function refuse(userErrors: UserError[]) {
  if (userErrors.length > 0) {
    throw new Error(userErrors.map((error) => error.message).join(' '));
  }
}
