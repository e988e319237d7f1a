import fc from 'fast-check';
import type { ReplyCommand } from '@unsilo/schemas';
import { readInstance, readStatus, type Status } from '../src/api.js';
import { composeReply, countCharacters } from '../src/reply.js';

const instance = readInstance({
  configuration: { statuses: { max_characters: 500, characters_reserved_per_url: 23 } },
});
const parent = (more: object = {}): Status =>
  readStatus({
    id: '111',
    created_at: '2026-03-01T09:00:00Z',
    visibility: 'public',
    language: 'de',
    account: { id: '7', acct: 'ada@other.example' },
    ...more,
  })!;
const command = (text: string, more: Partial<ReplyCommand> = {}): ReplyCommand => ({
  id: 'c',
  system: 'social',
  cause: { kind: 'user' },
  issuedAt: '2026-03-01T09:00:00Z',
  deadline: '2026-03-01T10:00:00Z',
  attempt: 1,
  action: 'reply',
  inReplyTo: 'social/status/111',
  text,
  ...more,
});
const compose = (text: string, status = parent(), more: Partial<ReplyCommand> = {}) =>
  composeReply(command(text, more), status, '100', instance);

test('mentions the author, and is as visible as what it answers, under the same warning', () => {
  expect(compose(' Hello ', parent({ visibility: 'unlisted', spoiler_text: 'engines' }))).toEqual({
    body: {
      status: '@ada@other.example Hello',
      in_reply_to_id: '111',
      visibility: 'unlisted',
      spoiler_text: 'engines',
      language: 'de',
    },
  });
});

test.each([
  ['@ada@other.example hello', '@ada@other.example hello'],
  ['Hello @Ada@other.example!', 'Hello @Ada@other.example!'],
  ['@ada hello', '@ada@other.example @ada hello'],
  ['x@ada@other.example', '@ada@other.example x@ada@other.example'],
  ['@ada@other.example.org hi', '@ada@other.example @ada@other.example.org hi'],
])('%s is sent as %s', (text, sent) => expect(compose(text)).toMatchObject({ body: { status: sent } }));

test('our own statuses are answered without mentioning ourselves', () => {
  const own = parent({ account: { id: '100', acct: 'support' } });
  expect(compose('More', own)).toMatchObject({ body: { status: 'More' } });
});

test('a reply can be less public than what it answers, never more', () => {
  expect(compose('x', parent(), { visibility: 'direct' })).toMatchObject({ body: { visibility: 'direct' } });
  expect(compose('x', parent({ visibility: 'direct' }), { visibility: 'public' })).toMatchObject({
    problem: { code: 'UNSILO_MASTODON_TOO_PUBLIC' },
  });
  // Whatever a server's own word means, the reply gets it too.
  expect(compose('x', parent({ visibility: 'mutuals_only' }))).toMatchObject({ body: { visibility: 'mutuals_only' } });
});

test('what is too long, or empty, is refused with the numbers', () => {
  const room = 500 - '@ada '.length;
  expect(compose('x'.repeat(room))).toHaveProperty('body');
  expect(compose('x'.repeat(room + 1))).toEqual({
    problem: {
      code: 'UNSILO_MASTODON_TOO_LONG',
      message: 'The reply counts 501 characters, with its mention and content warning; the instance takes 500',
    },
  });
  expect(compose('x'.repeat(room), parent({ spoiler_text: 'w' }))).toHaveProperty('problem');
  expect(compose(' \n ')).toMatchObject({ problem: { code: 'UNSILO_MASTODON_EMPTY' } });
});

test.each([
  ['abc', 3],
  ['👩‍👩‍👧‍👦 🇺🇳 e\u0301', 5],
  [`https://example.com/${'x'.repeat(500)}`, 23],
  ['see https://a.b.', 4 + 23 + 1],
  ['(http://example.com/x)', 25],
  ['@ada@other.example hi', '@ada hi'.length],
  ['mail ada@other.example', 'mail ada@other.example'.length],
])('%s counts %i characters', (text, count) => expect(countCharacters(text, 23)).toBe(count));

test('a text of any length is counted, and as if it were counted in one go', () => {
  expect(countCharacters('x'.repeat(1_000_000), 23)).toBe(1_000_000);
  expect(countCharacters('é'.normalize('NFD').repeat(100_000), 23)).toBe(100_000);
  const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });
  const parts = fc.constantFrom('a', ' ', '7', '\n', 'e\u0301', '👩‍👩‍👧‍👦', '🇺🇳', 'Å', '漢', '-', '\u200d');
  fc.assert(
    fc.property(fc.array(parts, { minLength: 400, maxLength: 900 }), (list) => {
      const text = list.join('');
      expect(countCharacters(text, 23)).toBe([...segmenter.segment(text)].length);
    }),
  );
});

test('counting never counts more than there is but for short addresses', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const short = (text.match(/https?:\/\//gi) ?? []).length * 23;
      expect(countCharacters(text, 23)).toBeLessThanOrEqual(text.length + short);
    }),
  );
});
