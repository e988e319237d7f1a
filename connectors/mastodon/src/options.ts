import { secret } from '@unsilo/connector-sdk';
import { Type, type Static } from 'typebox';

export const MastodonOptionsSchema = Type.Object(
  {
    url: Type.String({
      pattern: '^https?://',
      description: 'Address of the instance: `https://social.example`. Anything that speaks the client API will do',
    }),
    token: Type.String({
      ...secret,
      minLength: 1,
      description:
        'Access token with the scopes `read` and `write:statuses` (Preferences, Development, New application)',
    }),
    streaming: Type.Boolean({
      default: true,
      description:
        'Listens to the stream of the account, so that changes come within a second instead of at the next reading',
    }),
    interval: Type.Integer({
      minimum: 1,
      default: 60,
      description: 'With `streaming`: seconds between two readings all the same',
    }),
    followers: Type.Boolean({
      default: false,
      description: 'Takes in the accounts that follow, not only those that write',
    }),
    watchDays: Type.Integer({
      minimum: 0,
      maximum: 3650,
      default: 14,
      description: 'How long posts are looked at again for edits, deletions and replies, in days',
    }),
    watchMax: Type.Integer({
      minimum: 0,
      maximum: 5000,
      default: 500,
      description: 'How many posts are looked at again at most; the newest count',
    }),
    recheckSeconds: Type.Integer({
      minimum: 0,
      default: 300,
      description: 'Least time in seconds between two looks at a post; grows with its age to at most six hours',
    }),
    maxLength: Type.Integer({
      minimum: 1,
      default: 500,
      description:
        'Longest reply that is shown as possible; what counts is what the instance says when a reply is sent',
    }),
  },
  { additionalProperties: false },
);

export type MastodonOptions = Static<typeof MastodonOptionsSchema>;
