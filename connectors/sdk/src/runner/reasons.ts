import { ConnectorError } from '../errors.js';
import type { Scope } from './scope.js';
import type { Reason } from './status.js';

const BUG = 'UNSILO_CONNECTOR_BUG';

/** Code, message and hint of whatever was thrown, without secrets. */
export function reasonOf(error: unknown, redact: (text: string) => string): Reason {
  if (error instanceof ConnectorError) {
    const hint = error.hint === undefined ? {} : { hint: redact(error.hint) };
    return { code: error.code, message: redact(error.message), ...hint };
  }
  const { code } = (error ?? {}) as { code?: unknown };
  const known = typeof code === 'string' && code.startsWith('UNSILO_');
  return {
    code: known ? code : BUG,
    message: redact(error instanceof Error ? error.message : String(error)),
    ...(known ? {} : { hint: 'This is a fault of the connector, not of the system; the log has the trace.' }),
  };
}

/** The reason; of what nobody foresaw, the log gets the trace. */
export function toldReason(
  error: unknown,
  { system, logger, redact }: Scope,
  about: Record<string, string> = {},
): Reason {
  const reason = reasonOf(error, redact);
  if (reason.code !== BUG) return reason;
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  logger.warn({ system, ...about, code: BUG }, `The connector failed in an unforeseen way: ${redact(trace)}`);
  return reason;
}
