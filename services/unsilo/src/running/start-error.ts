export class StartError extends Error {
  readonly code: string;
  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StartError';
    this.code = code;
  }
}

/** Why nothing can listen there, in words that help; other errors as they are. */
export function addressProblem(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return new StartError(
      'UNSILO_PORT_IN_USE',
      `Port ${port} of ${host} is in use. Choose another one with --port or http.port; 0 takes a free one.`,
      error,
    );
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
    return new StartError('UNSILO_ADDRESS_REFUSED', `Can not listen on ${host}, port ${port} (${code}).`, error);
  return error;
}
