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
  const answer = await reach(`${address}${search.size > 0 ? `?${search}` : ''}`, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
  const problem = await problemOf(answer);
  if (answer.status === 401 && address !== '/v1/session') sessionEnded.value = true;
  throw new ApiError(problem);
}

async function reach(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch {
    throw new ApiError(
      local('UNREACHABLE', 'The server cannot be reached', 'Check that Unsilo is running and that you are connected.'),
    );
  }
}

async function problemOf(answer: Response): Promise<Problem> {
  try {
    return (await answer.json()) as Problem;
  } catch {
    return local(
      `HTTP ${answer.status}`,
      'The server answered in a way this page doesn’t understand',
      'Reload the page.',
    );
  }
}

function local(code: string, title: string, hint: string): Problem {
  return { type: '', title, status: 0, code, detail: title, hint, requestId: '' };
}
