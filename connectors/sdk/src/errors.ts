/** An error with a stable code, what happened, and what to do about it. */
export class ConnectorError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}

/** This input or command will never work: dead letter, or a rejected outcome. */
export class TerminalError extends ConnectorError {}

/** It may work later: backoff, not before `retryAfterMs`. */
export class RetryableError extends ConnectorError {
  readonly retryAfterMs: number | undefined;
  constructor(code: string, message: string, options: { hint?: string; cause?: unknown; retryAfterMs?: number } = {}) {
    super(code, message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Nothing will work until somebody acts (credentials, rights): stops this system and says why. */
export class PauseError extends ConnectorError {}
