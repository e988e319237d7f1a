import { ServiceError, type FailureKind } from '@unsilo/hub';
import { codes, type ProblemCode } from './codes.js';

/** The body of every answer that isn't what was asked for (RFC 9457). */
export interface Problem {
  /** Where the code is described, relative to this server. */
  type: string;
  title: string;
  status: number;
  /** Stable; what programs should look at. */
  code: string;
  detail: string;
  hint?: string;
  /** JSON pointers into the request's body, or `query/<name>`, `path/<name>`, `headers/<name>`. */
  errors?: { path: string; message: string }[];
  /** Names this answer in the server's log. */
  requestId: string;
  [more: string]: unknown;
}

export interface ProblemOptions {
  detail?: string;
  hint?: string;
  errors?: readonly { path: string; message: string }[];
  /** Further members of the body. */
  more?: Record<string, unknown>;
  headers?: Record<string, string>;
}

/** Thrown by routes and hooks; answered as a problem of the table in codes.ts. */
export class HttpProblem extends Error {
  readonly code: ProblemCode;
  readonly options: ProblemOptions;
  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? codes[code].title);
    this.name = 'HttpProblem';
    this.code = code;
    this.options = options;
  }
}

const STATUS_OF_KIND: Record<FailureKind, number> = {
  invalid: 422,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  'rate-limited': 429,
  unavailable: 503,
};

const TITLE_OF_KIND: Record<FailureKind, string> = {
  invalid: 'The request cannot be carried out as it stands',
  unauthenticated: 'Nobody is logged in',
  forbidden: 'The key may not do this',
  'not-found': 'There is nothing under this name',
  conflict: 'This collides with what already stands',
  'too-large': 'This is too large',
  'rate-limited': 'Too many requests',
  unavailable: 'This is not available just now',
};

export interface ProblemAnswer {
  problem: Problem;
  headers: Record<string, string>;
}

export function answerOf(failure: HttpProblem | ServiceError, requestId: string): ProblemAnswer {
  return failure instanceof HttpProblem ? ofProblem(failure, requestId) : ofService(failure, requestId);
}

function ofProblem({ code, options, message }: HttpProblem, requestId: string): ProblemAnswer {
  const { status, title, hint } = codes[code];
  const problem: Problem = { type: typeOf(code), title, status, code, detail: message, requestId, ...options.more };
  const advice = options.hint ?? hint;
  if (advice !== '') problem.hint = advice;
  if (options.errors && options.errors.length > 0) problem.errors = [...options.errors];
  return { problem, headers: options.headers ?? {} };
}

function ofService(failure: ServiceError, requestId: string): ProblemAnswer {
  const { code, kind } = failure;
  const known = Object.hasOwn(codes, code) ? codes[code as ProblemCode] : undefined;
  const problem: Problem = {
    type: typeOf(code),
    title: known?.title ?? TITLE_OF_KIND[kind],
    status: STATUS_OF_KIND[kind],
    code,
    detail: failure.message,
    requestId,
  };
  const advice = failure.hint ?? known?.hint;
  if (advice) problem.hint = advice;
  if (failure.details.length > 0) problem.errors = failure.details.map(({ path, message }) => ({ path, message }));
  const later = kind === 'unavailable' || kind === 'rate-limited';
  return { problem, headers: later ? { 'retry-after': '5' } : {} };
}

function typeOf(code: string): string {
  return `/docs#${code}`;
}
