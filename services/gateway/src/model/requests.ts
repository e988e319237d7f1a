import type { CreateObjectRequest, DecisionList, DecisionRequest, ReplyRequest, Role } from '@unsilo/hub';
import type { Decision, ObjectKind, Visibility } from '@unsilo/schemas';
import { Type } from 'typebox';
import { closed, CustomerId, RefText, SystemName, Time, Value } from './parts.js';
import { ref, view } from './view.js';

/** Bodies of requests, and what answers them. */
const reason = Type.Optional(Type.String({ maxLength: 2000, description: 'Why, in your own words.' }));
const undo = Type.Optional(
  Type.Boolean({
    description:
      'Takes back the decision that `undoes` names, or else the latest that says the same and still stands, and no other.',
  }),
);
const undoes = Type.Optional(ref<string>('Identifier'));

export const Deciding = view<DecisionRequest>('DecisionRequest')(
  Type.Union(
    [
      Type.Object(
        {
          kind: Type.Union([Type.Literal('link'), Type.Literal('unlink')]),
          refs: Type.Unsafe<[string, string]>({
            type: 'array',
            items: { $ref: 'Ref#' },
            minItems: 2,
            maxItems: 2,
            description: 'The two records.',
          }),
          undo,
          undoes,
          reason,
        },
        { ...closed, description: 'Two records are, or are not, the same person or organization.' },
      ),
      Type.Object(
        {
          kind: Type.Literal('keep'),
          ref: RefText,
          attribute: ref<string>('AttributePath'),
          value: Value,
          undo,
          undoes,
          reason,
        },
        { ...closed, description: 'The value stays, whatever the systems say from now on.' },
      ),
      Type.Object(
        { kind: Type.Literal('erase'), refs: Type.Array(RefText, { minItems: 1, maxItems: 1000 }), reason },
        { ...closed, description: 'The records, and all that came from them, are forgotten for ever.' },
      ),
    ],
    { description: 'What a steward says.' },
  ),
);
export const DecisionPage = view<DecisionList>('DecisionPage')(
  Type.Object(
    {
      items: Type.Array(ref<Decision>('Decision')),
      standing: Type.Array(ref<string>('Identifier'), {
        description: 'Ids of those among the items that nobody took back.',
      }),
      next: Type.Optional(Type.String({ description: 'Send it as `cursor` for the next page; absent on the last.' })),
    },
    { ...closed, description: 'Decisions, newest first.' },
  ),
);

export const Replying = view<Omit<ReplyRequest, 'idempotencyKey'>>('ReplyRequest')(
  Type.Object(
    {
      text: Type.String({ minLength: 1, maxLength: 100_000 }),
      visibility: Type.Optional(ref<Visibility>('Visibility')),
    },
    closed,
  ),
);
export const Creating = view<Omit<CreateObjectRequest, 'idempotencyKey'>>('CreateObjectRequest')(
  Type.Object(
    {
      system: SystemName,
      kind: ref<ObjectKind>('ObjectKind'),
      customer: CustomerId,
      name: Type.String({ minLength: 1, maxLength: 1000 }),
      description: Type.Optional(Type.String({ maxLength: 100_000 })),
      priority: Type.Optional(Type.String({ maxLength: 200 })),
      interaction: Type.Optional(RefText),
    },
    closed,
  ),
);
export const Reasoned = Type.Object({ reason: Type.String({ minLength: 1, maxLength: 2000 }) }, closed);
export const Replaying = Type.Object(
  {
    payload: Type.Optional(Type.String({ description: 'The mended input. Absent: as it came.' })),
    dryRun: Type.Boolean({ description: 'Only say what would happen.' }),
  },
  closed,
);

export const SessionStart = Type.Object(
  { key: Type.String({ minLength: 1, maxLength: 200, description: 'The API key.' }) },
  closed,
);
export interface SessionInfo {
  name: string;
  tenant: string;
  roles: Role[];
  endsAt?: string;
}
export const Session = view<SessionInfo>('Session')(
  Type.Object(
    {
      name: Type.String({ description: 'Name of the key.' }),
      tenant: Type.String(),
      roles: Type.Array(
        Type.Unsafe<Role>({ type: 'string', enum: ['reader', 'source', 'agent', 'steward', 'operator', 'admin'] }),
      ),
      endsAt: Type.Optional(Time),
    },
    { ...closed, description: 'Who is logged in, and what the key may do.' },
  ),
);
