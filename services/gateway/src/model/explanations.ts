import type { CommandTrail, CustomerEvidence, EventTrail, Explanation, PairEvidence, ValueEvidence } from '@unsilo/hub';
import type { Command, Decision, LinkDecision, Outcome, Provenance, Statement } from '@unsilo/schemas';
import { Type } from 'typebox';
import { closed, Count, CustomerId, RefText, Time } from './parts.js';
import { ref, view } from './view.js';

const words = Type.Array(Type.String(), { description: 'The same in words, one sentence each.' });

const Source = ref<Provenance>('Provenance');
export const ValueExplained = view<Explanation<ValueEvidence>>('ValueExplained')(
  Type.Object(
    {
      words,
      detail: Type.Union([Source, Type.Array(Source)], {
        description:
          'Of an attribute of several values where none was named: each element, those that are gone included.',
      }),
    },
    closed,
  ),
);

const Bits = Type.Number({ description: 'Bits; below zero speaks against.' });

const PairComparison = Type.Object(
  {
    model: Type.String({ description: 'Version of the matching model.' }),
    prior: Type.Number({ description: 'Bits for any two records, before anything is compared.' }),
    evidence: Type.Array(
      Type.Object(
        {
          attribute: Type.String(),
          level: Type.String({ description: 'How the two values compare.' }),
          left: Type.String(),
          right: Type.String(),
          bits: Bits,
          words: Type.String(),
        },
        closed,
      ),
      { description: 'What each attribute says, in descending order.' },
    ),
    household: Type.Number({
      description:
        'Bits taken off since people share things or nothing but the names agrees, or given back since who moves changes all of an address.',
    }),
    householdBy: Type.Optional(
      Type.Union([Type.Literal('shared'), Type.Literal('names'), Type.Literal('moved')], {
        description:
          'Why, where that is not 0: people share things; nothing but the names agrees; who moves changes all of an address.',
      }),
    ),
    bits: Type.Number({ description: 'Prior, evidence and household together.' }),
    threshold: Type.Number({ description: 'Bits from which on two records are one party.' }),
    review: Type.Number({ description: 'Bits from which on a steward is asked.' }),
    guard: Type.Number({ description: 'Mean bits between two customers that are needed to join them.' }),
    between: Type.Optional(Type.Number({ description: 'That mean.' })),
    verdict: Type.Union([Type.Literal('match'), Type.Literal('review'), Type.Literal('no match')]),
    proposed: Type.Boolean({ description: 'They share a key under which candidates are found.' }),
    generic: Type.Array(Type.String(), { description: 'Shared values that stand with too many names to count.' }),
  },
  { ...closed, description: 'A waterfall of numbers. Absent where the two are not compared.' },
);

export const PairExplained = view<Explanation<PairEvidence>>('PairExplained')(
  Type.Object(
    {
      words,
      detail: Type.Object(
        {
          a: RefText,
          b: RefText,
          sameCustomer: Type.Boolean(),
          comparison: Type.Optional(PairComparison),
          path: Type.Array(RefText, { description: 'Chain of records that connects them, if they are one customer.' }),
          decisions: Type.Array(ref<Decision>('Decision')),
          standing: Type.Array(ref<LinkDecision>('Decision'), {
            description: 'Those of them that nobody took back, in their order: the last counts.',
          }),
        },
        closed,
      ),
    },
    closed,
  ),
);

const Pair = { a: RefText, b: RefText, bits: Bits };

const Join = Type.Object(
  {
    ...Pair,
    by: Type.Union([Type.Literal('evidence'), Type.Literal('decision'), Type.Literal('creation')], {
      description:
        'What joined the two parts: evidence, a steward who linked the pair, or the hub that made the one record for the other.',
    }),
    left: Type.Array(RefText, { description: 'Records that `a` was with by then.' }),
    right: Type.Array(RefText, { description: 'Records that `b` was with by then.' }),
    between: Type.Number({
      description: 'Mean bits over `pairs`, each counted for 20 at most, either way; 0 where there are none.',
    }),
    pairs: Type.Integer({
      minimum: 0,
      description: 'Pairs between records of the two parts that state something of their own.',
    }),
    against: Type.Integer({ minimum: 0, description: 'Those among them that speak against one party.' }),
    margin: Type.Optional(
      Type.Number({ description: 'Had the pair said so many bits less, it would not have joined the two parts.' }),
    ),
    comparison: PairComparison,
    decision: Type.Optional(ref<Decision>('Decision')),
  },
  { ...closed, description: 'Two parts that became one, by the pair of `a` and `b`.' },
);

const NearMiss = Type.Object(
  {
    a: RefText,
    b: RefText,
    customer: Type.Optional(CustomerId),
    reason: Type.Union(
      [
        Type.Literal('unsure'),
        Type.Literal('weak'),
        Type.Literal('guard'),
        Type.Literal('decision'),
        Type.Literal('exclusive'),
        Type.Literal('crowd'),
      ],
      {
        description:
          'In the review band; below it; the two customers contradict the pair; a steward keeps them apart; an identifier differs of which a party has one; so many records hang together there that only stronger evidence counts.',
      },
    ),
    comparison: PairComparison,
    decision: Type.Optional(ref<Decision>('Decision')),
  },
  { ...closed, description: 'A record `b` outside, of `customer`, and the member `a` that it came closest to.' },
);

export const CustomerExplained = view<Explanation<CustomerEvidence>>('CustomerExplained')(
  Type.Object(
    {
      words,
      detail: Type.Object(
        {
          customer: CustomerId,
          members: Type.Array(RefText),
          model: Type.String({ description: 'Version of the matching model.' }),
          floor: Type.Optional(
            Type.Number({
              description:
                'Bits from which on a pair joins: more than the threshold where so many records hang together that only stronger evidence counts. Absent: only decisions do.',
            }),
          ),
          threshold: Type.Number({ description: 'Bits from which on two records are one party.' }),
          review: Type.Number({ description: 'Bits from which on a steward is asked.' }),
          guard: Type.Number({ description: 'Mean bits between two parts that evidence needs to join them.' }),
          joins: Type.Array(Join, {
            description: 'In the order in which clustering made them: one fewer than members.',
          }),
          weakest: Type.Optional(
            Type.Integer({ minimum: 0, description: 'Place in `joins` of what holds least, counted from 0.' }),
          ),
          pairs: Type.Integer({ minimum: 0, description: 'Pairs of members that state something of their own.' }),
          against: Type.Object(
            { count: Count, strongest: Type.Array(Type.Object(Pair, closed)) },
            { ...closed, description: 'Those that speak against one party: how many, and the strongest of them.' },
          ),
          nearMisses: Type.Array(NearMiss, { description: 'Records outside that came closest, the nearest first.' }),
          isComplete: Type.Boolean({ description: 'False: there are more than were looked at or told.' }),
        },
        closed,
      ),
    },
    closed,
  ),
);

export const CommandExplained = view<Explanation<CommandTrail>>('CommandExplained')(
  Type.Object(
    {
      words,
      detail: Type.Object(
        {
          command: ref<Command>('Command'),
          outcome: Type.Optional(ref<Outcome>('Outcome')),
          statements: Type.Array(
            Type.Object({ attribute: Type.String(), statement: Type.Optional(ref<Statement>('Statement')) }, closed),
            { description: 'For every attribute: the statement that won.' },
          ),
          events: Type.Array(Type.String(), { description: 'Ids of the events that led to it.' }),
        },
        closed,
      ),
    },
    closed,
  ),
);

export const EventExplained = view<Explanation<EventTrail>>('EventExplained')(
  Type.Object(
    {
      words,
      detail: Type.Object(
        {
          id: Type.String(),
          hops: Type.Array(
            Type.Object(
              {
                hop: Type.Union([
                  Type.Literal('log'),
                  Type.Literal('state'),
                  Type.Literal('customer'),
                  Type.Literal('command'),
                  Type.Literal('outcome'),
                  Type.Literal('dead-letter'),
                ]),
                at: Type.Optional(Time),
                detail: Type.String(),
              },
              closed,
            ),
          ),
        },
        closed,
      ),
    },
    closed,
  ),
);
