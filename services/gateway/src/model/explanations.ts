import type { CommandTrail, EventTrail, Explanation, PairEvidence } from '@unsilo/hub';
import type { Command, Decision, Outcome, Provenance, Statement } from '@unsilo/schemas';
import { Type } from 'typebox';
import { closed, RefText, Time } from './parts.js';
import { ref, view } from './view.js';

const words = Type.Array(Type.String(), { description: 'The same in words, one sentence each.' });

export const ValueExplained = view<Explanation<Provenance>>('ValueExplained')(
  Type.Object({ words, detail: ref<Provenance>('Provenance') }, closed),
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
          evidence: Type.Array(
            Type.Object(
              {
                kind: Type.String(),
                value: Type.String(),
                weight: Type.Number({ description: 'In 1/1024 bit; below zero speaks against.' }),
                generic: Type.Boolean(),
              },
              closed,
            ),
            { description: 'What they share or contradict.' },
          ),
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
