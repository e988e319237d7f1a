/** An error with a stable code, what happened, and what to do about it. */
export class ConnectorError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  /** HTTP status that led to it, if one did. */
  readonly status: number | undefined;
  constructor(code: string, message: string, options: ConnectorErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
    this.status = options.status;
  }
}
export interface ConnectorErrorOptions {
  hint?: string;
  cause?: unknown;
  status?: number;
}

/** This input or command will never work: dead letter, or a rejected outcome. */
export class TerminalError extends ConnectorError {}

/** It may work later: backoff, not before `retryAfterMs`. */
export class RetryableError extends ConnectorError {
  readonly retryAfterMs: number | undefined;
  /**
   * False: the system surely did nothing (never sent, or refused before work began), so a write that ends here was not applied.
   * True or undefined: it may have taken effect, and a write that ends here is uncertain.
   */
  readonly mayHaveApplied: boolean | undefined;
  constructor(
    code: string,
    message: string,
    options: ConnectorErrorOptions & { retryAfterMs?: number; mayHaveApplied?: boolean } = {},
  ) {
    super(code, message, options);
    this.retryAfterMs = options.retryAfterMs;
    this.mayHaveApplied = options.mayHaveApplied;
  }
}

/** Nothing will work until somebody acts (credentials, rights): stops this system and says why. */
export class PauseError extends ConnectorError {}
