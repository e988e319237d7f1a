import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { sessionEnded } from '../api/client.js';
import type { Problem } from '../api/types.js';
import { ProblemNote } from '../parts/feedback.js';
import { problemOf } from '../state/load.js';
import { logIn } from '../state/session.js';

export function LogInView() {
  const [key, setKey] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = 'Log in · Unsilo';
    input.current?.focus();
  }, []);
  const submit = (event: Event): void => {
    event.preventDefault();
    setBusy(true);
    logIn(key.trim()).catch((error: unknown) => {
      setProblem(problemOf(error));
      setBusy(false);
    });
  };
  return (
    <main class="log-in">
      <form class="card" onSubmit={submit}>
        <svg viewBox="0 0 32 32" width="44" height="44" class="mark" aria-hidden="true">
          <rect width="32" height="32" rx="8" />
          <path d="M9 8v9a7 7 0 0 0 14 0V8" />
          <circle cx="16" cy="8.4" r="2.4" />
        </svg>
        <h1>Log in to Unsilo</h1>
        {sessionEnded.value && !problem && <p class="note warn">Your session has ended. Log in again to go on here.</p>}
        <label for={id}>API key</label>
        <input
          id={id}
          ref={input}
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          required
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
        {problem && <ProblemNote problem={problem} />}
        <button type="submit" class="button main" disabled={busy || key.trim() === ''}>
          {busy ? 'One moment…' : 'Log in'}
        </button>
        <p class="small dim">
          The first key was shown when Unsilo was started for the first time. It begins with unsilo_.
        </p>
      </form>
    </main>
  );
}
