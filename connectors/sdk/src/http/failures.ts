import { ConnectorError, PauseError, RetryableError, TerminalError } from '../errors.js';

/** Failures before anything reached the system: a repeat can't do anything twice. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Statuses with which a system says "not now". */
const LATER: ReadonlySet<number> = new Set([408, 423, 425, 429]);

/** An answer that isn't what was asked for, as one of the three kinds of errors. */
export function statusError(
  status: number,
  exchange: string,
  pauseStatuses: readonly number[],
  retryAfterMs: number | undefined,
): ConnectorError {
  if (pauseStatuses.includes(status))
    return new PauseError(
      status === 401 ? 'UNSILO_HTTP_UNAUTHORIZED' : 'UNSILO_HTTP_FORBIDDEN',
      `${exchange} was refused with ${status}`,
      { status, hint: 'Check the credentials of this system and the rights of its account, then resume it.' },
    );
  if (status === 429 || (status === 503 && retryAfterMs !== undefined))
    return new RetryableError(
      status === 429 ? 'UNSILO_HTTP_RATE_LIMITED' : 'UNSILO_HTTP_UNAVAILABLE',
      `${exchange} was put off with ${status}`,
      { status, mayHaveApplied: false, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
    );
  if (status >= 500 || LATER.has(status))
    return new RetryableError('UNSILO_HTTP_UNAVAILABLE', `${exchange} answered ${status}`, {
      status,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  return new TerminalError('UNSILO_HTTP_REFUSED', `${exchange} answered ${status}`, {
    status,
    hint: 'The system will not answer this request otherwise if repeated; see its documentation for the status.',
  });
}

/** A failure of the network. Only its code is kept: messages and causes may hold addresses with secrets in them. */
export function networkError(error: unknown, exchange: string): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const code = failureCode(error);
  return new RetryableError('UNSILO_HTTP_NETWORK', `${exchange} failed: ${code}`, {
    mayHaveApplied: !NEVER_SENT.has(code),
    ...(code === 'ENOTFOUND' ? { hint: 'The host name has no address: check the URL.' } : {}),
    ...(code === 'ECONNREFUSED' ? { hint: 'Nothing listens at this address: is the system running?' } : {}),
  });
}

export function timeoutError(exchange: string, timeoutMs: number): RetryableError {
  return new RetryableError('UNSILO_HTTP_TIMEOUT', `${exchange} had no complete answer within ${timeoutMs} ms`);
}

function failureCode(error: unknown): string {
  for (let left: unknown = error, depth = 0; typeof left === 'object' && left !== null && depth < 5; depth += 1) {
    const { code, errors, cause } = left as { code?: unknown; errors?: unknown[]; cause?: unknown };
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
    left = Array.isArray(errors) && errors.length > 0 ? errors[0] : cause;
  }
  return error instanceof Error ? error.name : 'unknown';
}
