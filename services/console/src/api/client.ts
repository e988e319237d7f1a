import { signal } from '@preact/signals';
import type { Problem } from './types.js';

/** Something that the server refused, or that didn't reach it. */
export class ApiError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** Raised when an answer says that nobody is logged in any more. */
export const sessionEnded = signal(false);

const ANSWERS_WITHIN_MS = 60_000;
const SILENT = local('SILENT', 'The server doesn’t answer', 'Try again in a moment.');
const SILENT_ABOUT_CHANGE = local(
  'SILENT',
  'The server doesn’t answer',
  'It may have been done nevertheless: look before you try again.',
);

type Query = Record<string, string | number | undefined>;
interface Options {
  query?: Query;
  body?: unknown;
  idempotencyKey?: string;
}

export const api = {
  get: <T>(path: string, query: Query = {}): Promise<T> => send<T>('GET', path, { query }),
  post: <T>(path: string, body?: unknown, idempotencyKey?: string): Promise<T> =>
    send<T>('POST', path, { body, ...(idempotencyKey !== undefined && { idempotencyKey }) }),
  delete: (path: string): Promise<void> => send<void>('DELETE', path, {}),
};

/** `/v1/refs/a/b/c` from the parts, each encoded. */
export function path(...parts: string[]): string {
  return `/v1/${parts.map(encodeURIComponent).join('/')}`;
}

/** Parts of the address of a ref, whose id may hold slashes. */
export function refParts(ref: string): [system: string, kind: string, id: string] {
  const [system = '', kind = '', ...id] = ref.split('/');
  return [system, kind, id.join('/')];
}

async function send<T>(method: string, address: string, { query = {}, body, idempotencyKey }: Options): Promise<T> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  // The header proves that the request comes from this page and not from a foreign one.
  const headers: Record<string, string> = { 'x-unsilo-console': '1' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
  return reach(
    `${address}${search.size > 0 ? `?${search}` : ''}`,
    {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    },
    async (answer) => {
      if (answer.ok) return (answer.status === 204 ? undefined : await wholeOf(answer)) as T;
      const problem = await problemOf(answer);
      if (answer.status === 401 && address !== '/v1/session') sessionEnded.value = true;
      throw new ApiError(problem);
    },
  );
}

/** @param read Reads the answer to its end, which may never come as well. */
async function reach<T>(address: string, init: RequestInit, read: (answer: Response) => Promise<T>): Promise<T> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), ANSWERS_WITHIN_MS);
  try {
    return await read(await fetch(address, { ...init, signal: patience.signal }));
  } catch (error) {
    if (patience.signal.aborted) throw new ApiError(init.method === 'GET' ? SILENT : SILENT_ABOUT_CHANGE);
    if (error instanceof ApiError) throw error;
    throw new ApiError(
      local('UNREACHABLE', 'The server cannot be reached', 'Check that Unsilo is running and that you are connected.'),
    );
  } finally {
    clearTimeout(timer);
  }
}

/** What stands between may answer with a page of its own, and a connection may break in the middle. */
async function wholeOf(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch {
    throw new ApiError(foreign(answer));
  }
}

async function problemOf(answer: Response): Promise<Problem> {
  const told = (await answer.json().catch(() => null)) as Partial<Problem> | null;
  if (typeof told?.title !== 'string' || typeof told.detail !== 'string') return foreign(answer);
  return { ...local(`HTTP ${answer.status}`, told.title, ''), ...told };
}

function foreign({ status }: Response): Problem {
  const problem = local(
    `HTTP ${status}`,
    'The server answered in a way this page doesn’t understand',
    'Something between you and Unsilo may have answered. Try again in a moment; reload the page if that doesn’t help.',
  );
  return { ...problem, status };
}

function local(code: string, title: string, hint: string): Problem {
  return { type: '', title, status: 0, code, detail: title, hint, requestId: '' };
}
