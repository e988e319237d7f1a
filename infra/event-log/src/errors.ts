/** What went wrong in a log, a state store or the data folder under them, with a stable code and what to do about it. */
export class StorageError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(
      options.hint === undefined ? message : `${message} ${options.hint}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'StorageError';
    this.code = code;
    this.hint = options.hint;
  }
}

export function logClosed(): StorageError {
  return new StorageError('UNSILO_LOG_CLOSED', 'The event log has been closed.');
}

export function shutOut(name: string, cause?: unknown): StorageError {
  return new StorageError(
    'UNSILO_LOG_SHUT_OUT',
    `The writer ${name} may write no more: somebody has shut it out, or what it has written is not known.`,
    {
      hint: 'Read again what was to be written, and write it with a new writer.',
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

export function unknownTopic(topic: string): StorageError {
  return new StorageError('UNSILO_LOG_UNKNOWN_TOPIC', `The topic ${JSON.stringify(topic)} has not been declared.`, {
    hint: 'Declare it before it is used; topics are never made by an append.',
  });
}
