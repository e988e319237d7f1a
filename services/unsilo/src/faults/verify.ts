import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { EventLog, LogMessage } from '@unsilo/event-log';
import { createHubService, ServiceError, type Actor, type HubService } from '@unsilo/hub';
import { topicName, type Command, type Customer } from '@unsilo/schemas';
import type { StateStore } from '@unsilo/state-store';
import { openEmbedded } from '../running/storage.js';
import { EDITED_BY_BOTH, faultPolicy, faultSystems, TENANT } from './company.js';
import { digestOf, type Acknowledged } from './feeder.js';
import type { SimulatedSystem } from './simulated-system.js';

/** What a run left behind, and what is wrong with it. Every list of faults is empty in a good run. */
export interface Findings {
  /** Over all customers whose record is a function of the inputs, as `unsilo customers --hash` makes it. */
  customersHash: string;
  customers: number;
  /** Over id, members and aliases of the customers that people and the hub both write. */
  membershipHash: string;
  memberships: number;
  /** Over all interactions. */
  interactionsHash: string;
  interactions: number;
  acknowledged: number;
  lost: string[];
  twice: string[];
  /** Records of written systems that differ from what the hub believes of them, or from their customer without a reason. */
  unequal: string[];
  deadLetters: string[];
  /** Differences that the audit explains, by reason. */
  audit: Record<string, number>;
  commands: number;
  effects: number;
  /** Commands that came to their system again and were answered from its memory. */
  recognised: number;
  revisions: number;
}

const PAGE = 1000;
const admin: Actor = { tenant: TENANT, name: 'faults', roles: ['admin'] };

/** Looks at a data folder that no process has open any more. */
export async function verify(
  folder: string,
  ledger: readonly Acknowledged[],
  systems: ReadonlyMap<string, SimulatedSystem>,
): Promise<Findings> {
  const { log, store, close } = await openEmbedded(folder);
  try {
    return await examine(log, store, ledger, systems);
  } finally {
    await close();
  }
}

/**
 * @param repeats What the hub says may stand on the log more than once: its outbox is relayed at least once, and revisions begin anew with
 * a state that was lost.
 */
export async function examine(
  log: EventLog,
  store: StateStore,
  ledger: readonly Acknowledged[],
  systems: ReadonlyMap<string, SimulatedSystem>,
  { repeats = false }: { repeats?: boolean } = {},
): Promise<Findings> {
  const quiet = (): void => undefined;
  const service = createHubService(
    {
      tenant: TENANT,
      log,
      store,
      policy: faultPolicy(),
      systems: faultSystems(),
      systemsPort: { list: () => [], pause: async () => undefined, resume: async () => undefined },
      clock: { now: () => Date.now() },
      logger: { info: quiet, warn: quiet, error: quiet },
    },
    () => true,
  );
  const customers = await customerHashes(service);
  const interactions = await interactionsHash(store);
  const commands = await commandsOn(log, [...systems.keys()]);
  const topic = await repeatedRevisions(log);
  const effects = [...systems.values()].flatMap((s) => s.effects);
  const { audit, unexplained } = await auditRows(service);
  return {
    ...customers,
    ...interactions,
    acknowledged: ledger.length,
    lost: await lostEvents(log, ledger),
    twice: [
      ...repeatedEffects(systems),
      ...(repeats ? topic.ambiguous : [...repeatedCommands(commands), ...topic.faults]),
    ],
    unequal: [...unexplained, ...(await differing(service, systems))],
    deadLetters: await deadLetters(log),
    audit,
    commands: commands.length,
    effects: effects.length,
    recognised: [...systems.values()].reduce((sum, s) => sum + s.recognised, 0),
    revisions: topic.revisions,
  };
}

async function customerHashes(
  service: HubService,
): Promise<Pick<Findings, 'customersHash' | 'customers' | 'membershipHash' | 'memberships'>> {
  const whole = createHash('sha256');
  const membership = createHash('sha256');
  let customers = 0;
  let memberships = 0;
  for await (const customer of service.customers(admin)) {
    if (editedByBoth(customer)) {
      const { id, kind, members, aliases } = customer;
      membership.update(`${JSON.stringify({ id, kind, members, aliases })}\n`);
      memberships += 1;
    } else {
      const { revision: _, changedAt: __, ...rest } = customer;
      whole.update(`${JSON.stringify(rest)}\n`);
      customers += 1;
    }
  }
  return { customersHash: whole.digest('hex'), customers, membershipHash: membership.digest('hex'), memberships };
}

function editedByBoth({ members }: Customer): boolean {
  return members.some((ref) => EDITED_BY_BOTH.has(ref.slice(0, ref.indexOf('/'))));
}

async function interactionsHash(store: StateStore): Promise<Pick<Findings, 'interactionsHash' | 'interactions'>> {
  const hash = createHash('sha256');
  let interactions = 0;
  let from = '';
  for (;;) {
    const entries = await store.range(TENANT, 'interactions', { from, limit: PAGE });
    const last = entries.at(-1);
    if (!last) return { interactionsHash: hash.digest('hex'), interactions };
    for (const { key, value } of entries) {
      const { interaction, replies } = JSON.parse(value) as { interaction: unknown; replies: string[] };
      hash.update(`${JSON.stringify([key, interaction, [...replies].sort()])}\n`);
      interactions += 1;
    }
    from = `${last.key}\u0000`;
  }
}

async function* messagesOf(log: EventLog, topics: readonly string[]): AsyncGenerator<LogMessage> {
  for (const end of await log.ends(topics)) {
    let from: number | undefined = end.first;
    while (from !== undefined && from < end.next) {
      const page = await log.read({ topic: end.topic, partition: end.partition, from, limit: PAGE });
      yield* page.messages;
      from = page.next;
    }
  }
}

/** Each acknowledged event must stand where its acknowledgement said, byte for byte. */
async function lostEvents(log: EventLog, ledger: readonly Acknowledged[]): Promise<string[]> {
  const wanted = new Map(ledger.map((a) => [a.place.join('/'), a]));
  for await (const message of messagesOf(log, [...new Set(ledger.map((a) => a.place[0]))])) {
    const place = `${message.topic}/${message.partition}/${message.offset}`;
    const entry = wanted.get(place);
    if (entry && message.value !== null && entry.key === message.key && entry.digest === digestOf(message.value))
      wanted.delete(place);
  }
  return [...wanted].map(([place, { key }]) => `${key} is not at ${place}`);
}

async function commandsOn(log: EventLog, systems: readonly string[]): Promise<Command[]> {
  const commands: Command[] = [];
  for await (const { value } of messagesOf(
    log,
    systems.map((s) => topicName('commands', s)),
  ))
    // Marks of writers that were shut out say nothing.
    if (value !== null) commands.push((JSON.parse(String(value)) as { data: Command }).data);
  return commands;
}

/** What the hub plans it issues in the commit that plans it, once. What a person asks may be asked again before it is known. */
function repeatedCommands(commands: readonly Command[]): string[] {
  const seen = new Set<string>();
  const faults: string[] = [];
  for (const { id, cause } of commands) {
    if (seen.has(id) && cause.kind === 'plan') faults.push(`command ${id} was issued twice`);
    seen.add(id);
  }
  return faults;
}

export function repeatedEffects(systems: ReadonlyMap<string, SimulatedSystem>): string[] {
  const faults: string[] = [];
  for (const { name, effects, posts } of systems.values()) {
    const seen = new Set<string>();
    for (const { command, idle } of effects) {
      if (seen.has(command)) faults.push(`command ${command} took effect twice in ${name}`);
      if (idle) faults.push(`command ${command} asked ${name} for what it had`);
      seen.add(command);
    }
    const texts = new Set<string>();
    for (const text of posts) {
      if (texts.has(text)) faults.push(`${name} was sent one reply twice: ${text}`);
      texts.add(text);
    }
  }
  return faults;
}

/** Revisions of one customer's id follow each other on its topic without repeats or gaps; at the very least each names one state. */
async function repeatedRevisions(log: EventLog): Promise<{ faults: string[]; ambiguous: string[]; revisions: number }> {
  const last = new Map<string, number>();
  const faults: string[] = [];
  const ambiguous: string[] = [];
  const digests = new Map<string, string>();
  let revisions = 0;
  for await (const { value, key } of messagesOf(log, [topicName('customers')])) {
    if (value === null) continue;
    const { revision } = (JSON.parse(String(value)) as { data: { revision: number } }).data;
    const before = last.get(key) ?? 0;
    if (revision !== before + 1) faults.push(`customer ${key}: revision ${revision} follows ${before}`);
    last.set(key, revision);
    const said = `${key}#${revision}`;
    const digest = digestOf(value);
    if (digests.has(said) && digests.get(said) !== digest) ambiguous.push(`${said} was said of two different states`);
    digests.set(said, digest);
    revisions += 1;
  }
  return { faults, ambiguous, revisions };
}

async function auditRows(service: HubService): Promise<{ audit: Record<string, number>; unexplained: string[] }> {
  const audit: Record<string, number> = {};
  const unexplained: string[] = [];
  for await (const row of service.audit(admin, {})) {
    audit[row.reason] = (audit[row.reason] ?? 0) + 1;
    // At quiet nothing may be under way either.
    if (['unexplained', 'pending', 'uncertain', 'conflict'].includes(row.reason))
      unexplained.push(`${row.ref} ${row.attribute ?? ''}: ${row.reason}`);
  }
  return { audit, unexplained };
}

/** What the hub believes of each written record is what its system holds. */
async function differing(service: HubService, systems: ReadonlyMap<string, SimulatedSystem>): Promise<string[]> {
  const faults: string[] = [];
  for (const { records } of systems.values())
    for (const [ref, held] of records) {
      const known = await service.record(admin, ref).catch((error: unknown) => {
        if (error instanceof ServiceError && error.kind === 'not-found') return undefined;
        throw error;
      });
      if (!known || !isDeepStrictEqual(sorted(known.state), sorted(held.state)))
        faults.push(`${ref}: the hub's state is not its system's (${JSON.stringify([known?.version, held.version])})`);
    }
  return faults;
}

function sorted(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? null, (_, part: unknown) =>
      part !== null && typeof part === 'object' && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ),
  );
}

async function deadLetters(log: EventLog): Promise<string[]> {
  const found: string[] = [];
  for await (const { value } of messagesOf(log, [topicName('dead-letters')])) {
    const { code, message } = (JSON.parse(String(value)) as { data: { code: string; message: string } }).data;
    found.push(`${code}: ${message}`);
  }
  return found;
}
