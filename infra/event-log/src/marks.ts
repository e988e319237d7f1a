/** The name under which a state store brings its outbox to the log. */
export const OUTBOX_WRITER = 'outbox';

const PREFIX = '#shut-out/';

/** The key of a mark that `EventLog.shutOut` leaves: a message without value, which says nothing. */
export function shutOutMark(writer: string): string {
  return `${PREFIX}${writer}`;
}
export function isShutOutMark({ key }: { key: string }): boolean {
  return key.startsWith(PREFIX);
}
