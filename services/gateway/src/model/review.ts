import type { MatchingReport, ModelPlan, ReviewQueue, TrainingLine } from '@unsilo/hub';
import { Type } from 'typebox';
import { closed, CustomerId, RefText } from './parts.js';
import { view } from './view.js';

const count = Type.Integer({ minimum: 0 });

export const ReviewList = view<ReviewQueue>('ReviewQueue')(
  Type.Object(
    {
      items: Type.Array(
        Type.Object(
          {
            a: RefText,
            b: RefText,
            customers: Type.Unsafe<[string, string]>({
              type: 'array',
              items: CustomerId,
              minItems: 2,
              maxItems: 2,
              description: 'Whose the two records are.',
            }),
            bits: Type.Number({ description: 'What the pair says for one party, in bits.' }),
            reason: Type.Union([Type.Literal('unsure'), Type.Literal('contradicted'), Type.Literal('exclusive')], {
              description:
                'In the review band; above the threshold, but other records of the two speak against it; an identifier differs of which a party has one.',
            }),
            effect: Type.Object(
              { records: count, customers: count, writes: count },
              {
                ...closed,
                description: 'Records and customers that a link concerns, and records that it would write.',
              },
            ),
          },
          closed,
        ),
      ),
      waiting: Type.Integer({ minimum: 0, description: 'Pairs of customers that wait.' }),
      isComplete: Type.Boolean({ description: 'False: there are more than were looked at.' }),
    },
    closed,
  ),
);

export const Planning = Type.Object(
  {
    model: Type.Unknown({ description: 'Content of a model file, as `unsilo train` writes it.' }),
    limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Most changes in the answer.' }),
  },
  closed,
);

export const ModelPlanned = view<ModelPlan>('ModelPlan')(
  Type.Object(
    {
      from: Type.String({ description: 'Version of the model in force.' }),
      to: Type.String({ description: 'Version of the other one.' }),
      records: count,
      customers: Type.Object({ before: count, after: count }, closed),
      merges: count,
      splits: count,
      writes: Type.Integer({ minimum: 0, description: 'Records that would be written.' }),
      changes: Type.Array(
        Type.Object(
          {
            kind: Type.Union([Type.Literal('merged'), Type.Literal('split')]),
            customers: Type.Array(CustomerId, { description: 'Those that there are.' }),
            groups: Type.Array(Type.Array(RefText), { description: 'Records of those that there would be.' }),
            writes: count,
          },
          closed,
        ),
        { description: 'Those first that write most.' },
      ),
      isComplete: Type.Boolean({ description: 'False: writes are worked out for the first changes only.' }),
    },
    closed,
  ),
);

export const MatchingReported = view<MatchingReport>('MatchingReport')(
  Type.Object(
    {
      model: Type.String({ description: 'Version of the matching model.' }),
      records: count,
      keys: count,
      retiredKeys: Type.Integer({
        minimum: 0,
        description: 'More records share them than the model allows: they propose nobody.',
      }),
      largestKey: Type.Integer({ minimum: 0, description: 'Records that share the largest key.' }),
      values: Type.Integer({ minimum: 0, description: 'E-mail addresses, phone numbers, accounts and pages.' }),
      genericValues: Type.Integer({ minimum: 0, description: 'Those that too many share: they are no evidence.' }),
      customers: count,
      largestCustomer: Type.Object({ id: Type.Optional(CustomerId), records: count }, closed),
      partedComponents: Type.Integer({
        minimum: 0,
        description: 'Groups of records that hang together by evidence, and that contradictions keep apart.',
      }),
    },
    closed,
  ),
);

type Settings = Extract<TrainingLine, { type: 'settings' }>;
type Profile = Extract<TrainingLine, { type: 'record' }>['profile'];

const text = Type.String();
const profile = Type.Unsafe<Profile>(
  Type.Object(
    {
      ref: RefText,
      kind: Type.Union([Type.Literal('person'), Type.Literal('organization')]),
      names: Type.Array(
        Type.Object(
          { given: text, middle: text, surname: text, suffix: text, guess: Type.Optional(Type.Literal(true)) },
          closed,
        ),
      ),
      addresses: Type.Array(
        Type.Object(
          {
            number: text,
            street: text,
            unit: text,
            locality: text,
            region: text,
            postcode: text,
            country: text,
          },
          closed,
        ),
      ),
      values: Type.Record(Type.String(), Type.Array(text), { description: 'Canonical values by attribute.' }),
    },
    { ...closed, description: 'A record as it is compared: canonical, without placeholders.' },
  ),
);

// Lines of a stream, which no route can name as its answer.
view<TrainingLine>('TrainingLine')(
  Type.Union(
    [
      Type.Object(
        {
          type: Type.Literal('settings'),
          model: Type.String({ description: 'Version of the model in force.' }),
          kinds: Type.Unsafe<Settings['kinds']>(
            Type.Record(Type.String(), Type.String(), {
              description: 'What `extra.*` attributes are compared as.',
            }),
          ),
        },
        closed,
      ),
      Type.Object({ type: Type.Literal('record'), profile }, closed),
      Type.Object(
        {
          type: Type.Literal('judgement'),
          a: RefText,
          b: RefText,
          same: Type.Boolean({ description: 'Linked, or kept apart.' }),
          reversed: Type.Boolean({
            description: 'Somebody had said the opposite before, and had not taken it back.',
          }),
        },
        closed,
      ),
    ],
    { description: 'What a matching model is trained on: the settings first, then records, then judged pairs.' },
  ),
);
