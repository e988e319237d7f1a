import type { EmploymentView, RecordView, TimelineEntry } from '@unsilo/hub';
import type { Customer, Decision } from '@unsilo/schemas';
import type { Asking } from '../cli/asking.js';
import { pages } from '../cli/pages.js';

/** All that the hub knows of one customer, piece by piece. The last piece says how many there were: without it the answer isn't whole. */
export type Piece =
  | { type: 'customer'; exportedAt: string; customer: Customer }
  /** A record of one system: as it stands there, and what of it was stated there itself. */
  | { type: 'record'; record: RecordView }
  /** Whom a person works for, or the people of an organization. */
  | { type: 'employment'; employment: EmploymentView }
  | ({ type: 'interaction' } & Omit<Extract<TimelineEntry, { type: 'interaction' }>, 'type'>)
  | ({ type: 'object' } & Omit<Extract<TimelineEntry, { type: 'object' }>, 'type'>)
  /** What stewards decided about its records. */
  | { type: 'decision'; decision: Decision }
  | { type: 'end'; pieces: number };

/** How many entries are asked for at once. */
const SLICE = 200;

/** What somebody is told who asks what is known of them. */
export async function* everythingAbout(
  { service, actor }: Asking,
  customer: Customer,
  exportedAt: string,
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  let pieces = 0;
  for await (const piece of known()) {
    pieces += 1;
    yield piece;
  }
  signal.throwIfAborted();
  yield { type: 'end', pieces };

  async function* known(): AsyncGenerator<Piece> {
    yield { type: 'customer', exportedAt, customer };
    for (const ref of customer.members) yield { type: 'record', record: await service.record(actor, ref) };
    yield { type: 'employment', employment: await service.employment(actor, customer.id, { limit: SLICE }) };
    const timeline = pages((cursor) => service.timeline(actor, customer.id, { limit: SLICE, ...cursor }), signal);
    for await (const entry of timeline) yield entry;
    const members = new Set(customer.members);
    for await (const decision of pages((cursor) => service.decisions(actor, { limit: SLICE, ...cursor }), signal))
      if (refsOf(decision).some((ref) => members.has(ref))) yield { type: 'decision', decision };
  }
}

function refsOf(decision: Decision): readonly string[] {
  return decision.kind === 'keep' ? [decision.ref] : decision.refs;
}
