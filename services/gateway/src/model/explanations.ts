import type { CommandTrail, EventTrail, Explanation, PairEvidence } from '@unsilo/hub';
import type { Command, Decision, Outcome, Provenance, Statement } from '@unsilo/schemas';
import { Type } from 'typebox';
import { closed, RefText, Time } from './parts.js';
import { ref, view } from './view.js';

const words = Type.Array(Type.String(), { description: 'The same in words, one sentence each.' });

export const ValueExplained = view<Explanation<Provenance>>('ValueExplained')(
  Type.Object({ words, detail: ref<Provenance>('Provenance') }, closed),
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
        'Bits taken off since households share things, or given back since who moves changes all of an address.',
    }),
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
