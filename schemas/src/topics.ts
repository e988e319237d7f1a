import type { EventType, UnsiloEvent } from './envelope.js';
import type { Command } from './generated/types.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** What is true of one topic for everybody who writes, reads or declares it. */
export interface Topic {
  title: string;
  /** Types of the events in it. */
  events: readonly EventType[];
  /** What follows the tenant in the key of its messages. */
  key: string;
  /** `compact`: the last message of each key stays. `delete`: messages stay for `retentionMs`. */
  cleanup: 'compact' | 'delete';
  /** Milliseconds. */
  retentionMs?: number;
  /** How many partitions it gets unless the configuration says otherwise. */
  partitions: number;
  /** Who writes it. */
  owners: readonly Owner[];
  /** There is one topic of this kind for each system. */
  bySystem?: true;
}
export type Owner = 'connectors' | 'hub' | 'gateway';

export const topics = {
  parties: {
    title: 'People and organizations as each system sees them, whole state at each change',
    events: ['unsilo.party.changed'],
    key: 'ref',
    cleanup: 'delete',
    // Well past the hub's compaction horizon (7 days), so that a rebuild from `records` finds every later fact here.
    retentionMs: 30 * DAY_MS,
    partitions: 12,
    owners: ['connectors', 'gateway'],
  },
  objects: {
    title: 'Opportunities, cases and campaign responses, whole state at each change',
    events: ['unsilo.object.changed'],
    key: 'ref',
    cleanup: 'delete',
    // No summary stands in for objects and interactions: what is older than this is gone from a timeline that is rebuilt.
    retentionMs: 400 * DAY_MS,
    partitions: 12,
    owners: ['connectors', 'gateway'],
  },
  interactions: {
    title: 'Posts, replies, messages, calls: what passed between parties and us',
    events: ['unsilo.interaction.changed'],
    key: 'ref',
    cleanup: 'delete',
    retentionMs: 400 * DAY_MS,
    partitions: 12,
    owners: ['connectors', 'gateway'],
  },
  commands: {
    title: 'Writes that the hub asks one system to make',
    events: ['unsilo.command.issued'],
    key: 'ref of the record or interaction written, of the member that a record is made for, or the external key of a new object',
    cleanup: 'delete',
    retentionMs: 30 * DAY_MS,
    partitions: 3,
    owners: ['hub'],
    bySystem: true,
  },
  outcomes: {
    title: 'How commands ended',
    events: ['unsilo.outcome.reported'],
    key: 'ref of the record written, or the id of the command where there is none',
    cleanup: 'delete',
    retentionMs: 30 * DAY_MS,
    partitions: 12,
    owners: ['connectors'],
  },
  decisions: {
    title: 'What stewards said: link, unlink, keep, erase',
    events: ['unsilo.decision.made'],
    key: 'id of the decision',
    cleanup: 'compact',
    // The order of the decisions of one tenant is the order of the log: it must be one partition.
    partitions: 1,
    owners: ['gateway'],
  },
  records: {
    title: 'All that the hub knows of each ref, to rebuild from',
    events: ['unsilo.record.summarised'],
    key: 'ref',
    cleanup: 'compact',
    partitions: 12,
    owners: ['hub'],
  },
  customers: {
    title: 'The merged record of each customer, and what became of ids that are customers no more',
    events: ['unsilo.customer.changed', 'unsilo.customer.gone'],
    key: 'id of the customer',
    cleanup: 'compact',
    partitions: 12,
    owners: ['hub'],
  },
  signals: {
    title: 'What those who run the hub should know',
    events: ['unsilo.signal.raised'],
    key: 'name of the system, or `hub`',
    cleanup: 'delete',
    retentionMs: 30 * DAY_MS,
    partitions: 1,
    owners: ['connectors', 'hub', 'gateway'],
  },
  'dead-letters': {
    title: 'Input that could not be used, to be mended and replayed, and what became of it',
    events: ['unsilo.dead-letter.parked', 'unsilo.dead-letter.settled'],
    key: 'id of the dead letter',
    cleanup: 'delete',
    retentionMs: 90 * DAY_MS,
    partitions: 3,
    owners: ['connectors', 'hub', 'gateway'],
  },
} as const satisfies Record<string, Topic>;

export type TopicKind = keyof typeof topics;

/** As the log is told to declare it. */
export interface DeclaredTopic {
  name: string;
  partitions: number;
  cleanup: 'compact' | 'delete';
  retentionMs?: number;
}

/** `unsilo.parties.v1`; for commands `unsilo.commands.<system>.v1`. */
export function topicName(kind: 'commands', system: string): string;
export function topicName(kind: Exclude<TopicKind, 'commands'>): string;
export function topicName(kind: TopicKind, system?: string): string {
  return kind === 'commands' ? `unsilo.commands.${system}.v1` : `unsilo.${kind}.v1`;
}

/** The systems whose commands have a topic among these: their outcomes say something only beside them. */
export function systemsOfTopics(names: readonly string[]): string[] {
  const [before = '', after = ''] = topicName('commands', '/').split('/');
  return names
    .filter((name) => name.startsWith(before) && name.endsWith(after))
    .map((name) => name.slice(before.length, -after.length));
}

/** Every topic that a hub with these systems needs. `partitions` replaces the default of topics that may have several. */
export function declareTopics(systems: readonly string[], options: { partitions?: number } = {}): DeclaredTopic[] {
  return Object.entries<Topic>(topics).flatMap(([kind, topic]) => {
    const names = topic.bySystem
      ? [...new Set(systems)].map((system) => topicName('commands', system))
      : [topicName(kind as Exclude<TopicKind, 'commands'>)];
    const partitions = topic.partitions === 1 ? 1 : (options.partitions ?? topic.partitions);
    const rest = topic.retentionMs === undefined ? {} : { retentionMs: topic.retentionMs };
    return names.map((name) => ({ name, partitions, cleanup: topic.cleanup, ...rest }));
  });
}

/** Key of a message: the tenant, then the ref or id that orders it. A tenant's name holds no slash, so no two pairs share a key. */
export function eventKey(tenant: string, refOrId: string): string {
  return `${tenant}/${refOrId}`;
}

/** The topic that an event belongs to, and its key there. */
export function placeOf(event: UnsiloEvent): { topic: string; key: string } {
  const [topic, id] = placeWithinTenant(event);
  return { topic, key: eventKey(event.tenant, id) };
}

function placeWithinTenant(event: UnsiloEvent): [topic: string, id: string] {
  switch (event.type) {
    case 'unsilo.party.changed':
      return [topicName('parties'), event.data.ref];
    case 'unsilo.object.changed':
      return [topicName('objects'), event.data.ref];
    case 'unsilo.interaction.changed':
      return [topicName('interactions'), event.data.ref];
    case 'unsilo.command.issued':
      return [topicName('commands', event.data.system), commandTarget(event.data)];
    case 'unsilo.outcome.reported':
      return [topicName('outcomes'), event.data.ref ?? event.data.command];
    case 'unsilo.decision.made':
      return [topicName('decisions'), event.data.id];
    case 'unsilo.record.summarised':
      return [topicName('records'), event.data.ref];
    case 'unsilo.customer.changed':
    case 'unsilo.customer.gone':
      return [topicName('customers'), event.data.id];
    case 'unsilo.signal.raised':
      return [topicName('signals'), event.data.system ?? 'hub'];
    case 'unsilo.dead-letter.parked':
    case 'unsilo.dead-letter.settled':
      return [topicName('dead-letters'), event.data.id];
  }
}

/** What a command is about: the ref that it writes, serves or answers; for a new object its external key. */
export function commandTarget(command: Command): string {
  switch (command.action) {
    case 'update':
    case 'delete':
      return command.ref;
    case 'create':
      return command.createdFor;
    case 'reply':
      return command.inReplyTo;
    case 'create-object':
      return command.object.interaction ?? command.externalKey;
  }
}
