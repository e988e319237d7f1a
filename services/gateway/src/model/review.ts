import type { ReviewQueue } from '@unsilo/hub';
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
