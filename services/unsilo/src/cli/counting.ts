import type { LiveEvent } from '@unsilo/hub';
import { topicName, type BusinessObject, type Decision, type Interaction, type Party } from '@unsilo/schemas';
import type { Asking } from './asking.js';
import { pages } from './pages.js';

/** What became of all records of one kind of one system that the log knows. Every record counts once, in `read` and in one other number. */
export interface Counted {
  system: string;
  kind: string;
  what: 'party' | 'object' | 'interaction';
  read: number;
  /** Parties: member of exactly one customer. Objects and interactions: tied to a party that is. */
  inCustomers: number;
  /** Objects and interactions that the hub keeps and that no known party is tied to, such as entries of a feed. */
  kept: number;
  /** Gone from its system, and in no customer. */
  deleted: number;
  erased: number;
  /** Refs that should be somewhere and are not, or are members of two customers. */
  astray: string[];
}

export interface Count {
  records: Counted[];
  customers: number;
  deadLetters: { system: string; state: string; number: number }[];
}

const SLICE = 200;
const TOPICS = { parties: 'party', objects: 'object', interactions: 'interaction' } as const;

type Known = { event: string } & (
  | { what: 'party'; change: Party }
  | { what: 'object'; change: BusinessObject }
  | { what: 'interaction'; change: Interaction }
);

/**
 * Compares what is on the log with what the hub made of it, through what every user of the hub may ask. Records whose events the log no
 * longer has are not counted. It should be called when nothing flows.
 * @param progress Told how many records have been looked at.
 */
export async function countAll(
  asking: Asking,
  signal: AbortSignal,
  progress: (looked: number) => void,
): Promise<Count> {
  const { service, actor } = asking;
  const { memberships, customers } = await membershipsOf(asking, signal);
  const erased = new Set<string>();
  for await (const decision of pages((cursor) => service.decisions(actor, { limit: SLICE, ...cursor }), signal))
    if (isErasure(decision)) for (const ref of decision.refs) erased.add(ref);

  const rows = new Map<string, Counted>();
  let looked = 0;
  for (const topic of ['parties', 'objects', 'interactions'] as const) {
    for await (const known of newest(asking, topic, signal)) {
      const row = rowOf(rows, known);
      row.read += 1;
      const place = await placeOf(known);
      if (place === 'astray') row.astray.push(known.change.ref);
      else row[place] += 1;
      looked += 1;
      if (looked % SLICE === 0) progress(looked);
    }
  }
  return {
    records: [...rows.values()].sort((a, b) => (`${a.system}/${a.kind}` < `${b.system}/${b.kind}` ? -1 : 1)),
    customers,
    deadLetters: await countDeadLetters(asking, signal),
  };

  async function placeOf(known: Known): Promise<Exclude<keyof Counted, 'system' | 'kind' | 'what' | 'read'>> {
    const { ref, deleted } = known.change;
    const within = memberships.get(ref) ?? 0;
    if (within > 1) return 'astray';
    if (within === 1) return 'inCustomers';
    if (erased.has(ref)) return 'erased';
    if (deleted === true) return 'deleted';
    if (known.what === 'party' || !(await isKept(asking, known.event))) return 'astray';
    return partiesOf(known).some((party) => memberships.has(party)) ? 'inCustomers' : 'kept';
  }
}

/** Of how many customers each ref is a member: one, or something is wrong. */
async function membershipsOf({ service, actor }: Asking, signal: AbortSignal) {
  const memberships = new Map<string, number>();
  let customers = 0;
  for await (const { members } of service.customers(actor, signal)) {
    customers += 1;
    for (const ref of members) memberships.set(ref, (memberships.get(ref) ?? 0) + 1);
  }
  return { memberships, customers };
}

/** The last change of every ref in a topic. */
async function* newest(
  { service, actor }: Asking,
  topic: keyof typeof TOPICS,
  signal: AbortSignal,
): AsyncGenerator<Known> {
  const seen = new Set<string>();
  const events = pages<LiveEvent>(
    (cursor) => service.events(actor, { topic: topicName(topic), limit: SLICE, ...cursor }),
    signal,
  );
  for await (const { id, data } of events) {
    const known = { event: id, what: TOPICS[topic], change: data } as Known;
    if (seen.has(known.change.ref)) continue;
    seen.add(known.change.ref);
    yield known;
  }
}

function isErasure(decision: Decision): decision is Extract<Decision, { kind: 'erase' }> {
  return decision.kind === 'erase';
}

async function isKept({ service, actor }: Asking, event: string): Promise<boolean> {
  try {
    const { detail } = await service.explainEvent(actor, event);
    return detail.hops.some(({ hop }) => hop === 'state');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'UNSILO_NO_EVENT') return false;
    throw error;
  }
}

function partiesOf(known: Exclude<Known, { what: 'party' }>): string[] {
  if (known.what === 'object') return (known.change.state?.parties ?? []).map(({ ref }) => ref);
  const { author, audience = [] } = known.change.state ?? {};
  return author === undefined ? audience : [author, ...audience];
}

function rowOf(rows: Map<string, Counted>, { what, change }: Known): Counted {
  const [system = '', kind = ''] = change.ref.split('/');
  const none = { read: 0, inCustomers: 0, kept: 0, deleted: 0, erased: 0 };
  const row = rows.get(`${system}/${kind}`) ?? { system, kind, what, ...none, astray: [] };
  rows.set(`${system}/${kind}`, row);
  return row;
}

async function countDeadLetters({ service, actor }: Asking, signal: AbortSignal): Promise<Count['deadLetters']> {
  const counts = new Map<string, Count['deadLetters'][number]>();
  for await (const letter of pages((cursor) => service.deadLetters(actor, { limit: SLICE, ...cursor }), signal)) {
    const system = letter.system ?? letter.at.system ?? '(none)';
    const { state } = letter;
    const count = counts.get(`${system} ${state}`) ?? { system, state, number: 0 };
    counts.set(`${system} ${state}`, { ...count, number: count.number + 1 });
  }
  return [...counts.values()];
}
