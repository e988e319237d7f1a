import { withoutErased, type RecordSummaryView, type TimelineEntry } from '@unsilo/hub';
import type { Customer } from '@unsilo/schemas';
import type { Asking } from '../cli/asking.js';
import { pages } from '../cli/pages.js';

/** How many posts, messages and objects of one kind of one system an erasure concerns. */
export interface Concerned {
  system: string;
  kind: string;
  /** They go. */
  erased: number;
  /** They stay, since others wrote them or are in them, and no longer name who is erased. */
  untied: number;
}

/** What an erasure would forget, and where. */
export interface Reach {
  customer: string;
  /** The customer goes; false: others of its records stay, and it with them. */
  whole: boolean;
  /** What is forgotten of each record: all that was stated in it until now. */
  records: Pick<RecordSummaryView, 'ref' | 'system' | 'deleted'>[];
  entries: Concerned[];
}

/** How many entries of a timeline are asked for at once. */
const SLICE = 200;

/** @param refs The records to be erased, members of the customer. */
export async function reachOf(
  { service, actor }: Asking,
  { customer, records }: { customer: Customer; records: readonly RecordSummaryView[] },
  refs: readonly string[],
  signal: AbortSignal,
): Promise<Reach> {
  const erased = new Set(refs);
  const rows = new Map<string, Concerned>();
  const timeline = pages((cursor) => service.timeline(actor, customer.id, { limit: SLICE, ...cursor }), signal);
  for await (const entry of timeline) {
    const fate = fateOf(entry, erased);
    if (fate === 'stays') continue;
    const { ref } = entry.type === 'object' ? entry.object : entry.interaction;
    const [system = '', kind = ''] = ref.split('/');
    const row = rows.get(`${system}/${kind}`) ?? { system, kind, erased: 0, untied: 0 };
    row[fate] += 1;
    rows.set(`${system}/${kind}`, row);
  }
  return {
    customer: customer.id,
    whole: customer.members.every((ref) => erased.has(ref)),
    records: records.filter(({ ref }) => erased.has(ref)).map(({ ref, system, deleted }) => ({ ref, system, deleted })),
    entries: [...rows.values()].sort((a, b) => (`${a.system}/${a.kind}` < `${b.system}/${b.kind}` ? -1 : 1)),
  };
}

/** By the hub's own rule. */
function fateOf(entry: TimelineEntry, erased: ReadonlySet<string>): 'erased' | 'untied' | 'stays' {
  const floor = (ref: string): number | undefined => (erased.has(ref) ? Infinity : undefined);
  const before = entry.type === 'object' ? entry.object : entry.interaction;
  const after =
    entry.type === 'object'
      ? withoutErased.object(entry.object, floor)
      : withoutErased.interaction(entry.interaction, floor);
  if (after === before) return 'stays';
  return after.deleted === true ? 'erased' : 'untied';
}
