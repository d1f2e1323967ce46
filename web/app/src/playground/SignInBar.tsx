import { useEffect, useState, type FormEvent } from 'react';
import { readViewer, signIn, signOut, type Viewer } from './session';

/**
 * Says who is signed in, and signs in and out. onChange runs after every change of the session, when sockets that
 * were opened before are no longer the viewer's.
 */
export function SignInBar({ onChange }: { onChange: () => void }) {
  const [viewer, setViewer] = useState<Viewer | null>();
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);

  async function run(step: () => Promise<Viewer | null>) {
    setBusy(true);
    setProblem('');
    try {
      setViewer(await step());
    } catch (error) {
      setViewer((before) => before ?? null);
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  }

  useEffect(() => void run(readViewer), []);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    void run(async () => {
      const signedIn = await signIn(String(fields.get('email')), String(fields.get('password')));
      onChange();
      return signedIn;
    });
  }

  function leave() {
    void run(async () => {
      await signOut();
      onChange();
      return null;
    });
  }

  if (viewer === undefined) return null;
  return (
    <div className="session">
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {viewer ? (
        <>
          <p className="viewer" title={viewer.email}>
            <span className="dot" />
            {viewer.name} <span className="muted">{viewer.email}</span>
          </p>
          <button type="button" onClick={leave} disabled={busy}>
            Sign out
          </button>
        </>
      ) : (
        <form method="post" onSubmit={submit}>
          <input name="email" type="email" autoComplete="username" placeholder="E-mail" aria-label="E-mail" required />
          <input name="password" type="password" autoComplete="current-password" placeholder="Password" aria-label="Password" required />
          <button type="submit" className="primary" disabled={busy}>
            Sign in
          </button>
        </form>
      )}
    </div>
  );
}
