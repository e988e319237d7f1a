import {
  ServiceError,
  type CommandTrail,
  type CustomerEvidence,
  type EventTrail,
  type Explanation,
  type PairEvidence,
} from '@unsilo/hub';
import type { Decision, Provenance } from '@unsilo/schemas';
import type { Sent } from './commands.js';
import type { LiveBuffer } from './live-buffer.js';
import type { People } from './people.js';

/** Explanations about the made-up company, in the shape of the real ones. */
export function explainValue(
  people: People,
  id: string,
  attribute: string,
  element?: string,
): Explanation<Provenance | Provenance[]> {
  const { provenance } = people.customer(people.get(id));
  const entry = provenance.find((one) => one.attribute === attribute && one.element === element);
  const elements = provenance.filter((one) => one.attribute === attribute);
  if (!entry && element === undefined && elements.length > 0)
    return { words: elements.map(({ from }) => `${from.ref} says so.`), detail: elements };
  if (!entry) throw new ServiceError('not-found', 'UNSILO_NO_VALUE', 'The customer has no such value.');
  const others = entry.alternatives.length;
  return {
    words: [
      `${entry.from.ref} says so since ${new Date(entry.from.asOf).toISOString()}.`,
      `The rule “${entry.rule}” picked it.`,
      others === 0
        ? 'Nobody says anything else.'
        : `It stands before ${others} other statement${others > 1 ? 's' : ''}.`,
    ],
    detail: entry,
  };
}

export function explainPair(people: People, a: string, b: string, all: readonly Decision[]): Explanation<PairEvidence> {
  const home = people.ofRecord(a);
  if (!home) throw new ServiceError('not-found', 'UNSILO_NO_RECORD', 'No such record is known.');
  const sameCustomer = home.records.some((record) => record.ref === b);
  const email = 'ada@analytical.example';
  const evidence = [
    { attribute: 'emails', level: 'exact', left: email, right: email, bits: 15.8, words: 'emails: are the same' },
  ];
  return {
    words: [sameCustomer ? 'They are one customer: they share an e-mail address.' : 'They share nothing.'],
    detail: {
      a,
      b,
      sameCustomer,
      comparison: {
        model: 'shipped-2',
        prior: -15,
        evidence: sameCustomer ? evidence : [],
        household: 0,
        bits: sameCustomer ? 0.8 : -15,
        threshold: -2,
        review: -6,
        guard: -3,
        verdict: sameCustomer ? 'match' : 'no match',
        proposed: sameCustomer,
        generic: [],
      },
      path: sameCustomer ? [a, b] : [],
      decisions: all.filter((decision) => 'refs' in decision && decision.refs.includes(a)),
      standing: [],
    },
  };
}

/** Its records join one after the other, and somebody of the same name stays outside. */
export function explainCustomer(people: People, id: string): Explanation<CustomerEvidence> {
  const group = people.groups.find((one) => one.id === id || one.aliases.includes(id));
  if (!group) throw new ServiceError('not-found', 'UNSILO_NO_CUSTOMER', 'No customer has this id.');
  const members = group.records.map(({ ref }) => ref).sort();
  const [first = ''] = members;
  const { comparison } = explainPair(people, first, first, []).detail;
  if (!comparison) throw new Error('the two are compared');
  const joins = members.slice(1).map((b, i) => ({
    by: 'evidence' as const,
    a: first,
    b,
    bits: comparison.bits,
    left: members.slice(0, i + 1),
    right: [b],
    between: i === 0 ? comparison.bits : -1.2,
    pairs: i + 1,
    against: i,
    margin: i === 0 ? 2.8 : 1.8,
    comparison,
  }));
  const stranger = 'mastodon/account/7';
  return {
    words: [`${members.length} records are one customer.`],
    detail: {
      customer: group.id,
      members,
      model: 'shipped-2',
      floor: -2,
      threshold: -2,
      review: -6,
      guard: -3,
      joins,
      ...(joins.length > 0 && { weakest: joins.length - 1 }),
      pairs: (members.length * (members.length - 1)) / 2,
      against:
        members.length > 2
          ? { count: 1, strongest: [{ a: members[1] ?? '', b: members[2] ?? '', bits: -3.2 }] }
          : { count: 0, strongest: [] },
      nearMisses: [
        {
          a: first,
          b: stranger,
          customer: 'cus-2',
          reason: 'unsure',
          comparison: { ...comparison, bits: -3.2, verdict: 'review', between: -9.5 },
        },
      ],
      isComplete: true,
    },
  };
}

export function explainCommand(sent: Sent | undefined): Explanation<CommandTrail> {
  if (!sent) throw new ServiceError('not-found', 'UNSILO_NO_COMMAND', 'No such command is known.');
  const { command, outcome } = sent;
  return {
    words: [`${command.cause.user ?? 'The hub'} asked ${command.system} for it at ${command.issuedAt}.`],
    detail: { command, ...(outcome && { outcome }), statements: [], events: [] },
  };
}

export function explainEvent(flow: LiveBuffer, id: string): Explanation<EventTrail> {
  const event = flow.all().find((one) => one.id === id);
  if (!event) throw new ServiceError('not-found', 'UNSILO_NO_EVENT', 'No such event is known.');
  return {
    words: ['It was kept, and changed a customer.'],
    detail: {
      id,
      hops: [
        { hop: 'log', at: event.at, detail: `topic ${event.topic}` },
        { hop: 'state', detail: event.subject },
      ],
    },
  };
}
