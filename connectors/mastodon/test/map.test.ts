import { join } from 'node:path';
import fc from 'fast-check';
import { validate } from '@unsilo/schemas';
import { fixtureCases } from '@unsilo/connector-sdk/testing';
import { instant, readAccount, readInstance, readNotification, readStatus } from '../src/api.js';
import { accountParty, goneInteraction, statusInteraction, type Seen, type StatusFacts } from '../src/map.js';

const seen: Seen = { system: 'social', selfId: '100', domain: 'social.example', now: Date.UTC(2026, 2, 1, 9, 30) };

interface Input {
  account?: unknown;
  status?: unknown;
  facts?: StatusFacts;
}

describe.each(fixtureCases(join(__dirname, 'fixtures')))('$name', ({ input, expected }) => {
  const { account, status, facts } = input as Input;

  test('becomes what is expected, within the contract', () => {
    const change =
      account === undefined
        ? statusInteraction(readStatus(status)!, facts!, seen)
        : accountParty(readAccount(account)!, seen);
    expect(JSON.parse(JSON.stringify(change))).toEqual(expected);
    expect(validate(account === undefined ? 'interaction' : 'party', change)).toMatchObject({ ok: true });
  });
});

/** Values of any kind in the places of an entity. */
const anything = fc.oneof(
  fc.anything({ maxDepth: 1 }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(null, undefined, '', '2026-02-31T00:00:00Z', '__proto__', '<p>', 'javascript:alert(1)', 2 ** 60),
);

test('no account and no status breaks the contract, whatever a server puts into them', () => {
  const account = fc.record({
    id: fc.constant('7'),
    acct: fc.oneof(fc.constant('a@b.example'), fc.string({ unit: 'binary', minLength: 1 })),
  });
  const names = ['display_name', 'note', 'url', 'uri', 'bot', 'group', 'created_at', 'emojis', 'moved'] as const;
  const more = fc.record(Object.fromEntries(names.map((name) => [name, anything])));
  const fields = fc.array(fc.record({ name: anything, value: anything, verified_at: anything }), { maxLength: 4 });
  fc.assert(
    fc.property(account, more, fields, (base, rest, list) => {
      const read = readAccount({ ...rest, ...base, fields: list });
      if (read === undefined) return;
      expect(validate('party', accountParty(read, seen))).toMatchObject({ ok: true });
    }),
  );
  const parts = [
    'edited_at',
    'in_reply_to_id',
    'spoiler_text',
    'visibility',
    'language',
    'url',
    'content',
    'mentions',
  ] as const;
  const also = fc.record(Object.fromEntries([...parts, 'media_attachments', 'poll'].map((name) => [name, anything])));
  fc.assert(
    fc.property(account, also, (base, rest) => {
      const read = readStatus({ ...rest, id: '1', created_at: '2026-03-01T09:00:00Z', account: base });
      if (read === undefined) return;
      expect(validate('interaction', statusInteraction(read, { thread: '1' }, seen))).toMatchObject({ ok: true });
    }),
  );
});

test('what has no id, author or time is not read', () => {
  const account = { id: '1', acct: 'a' };
  expect(readStatus({ id: '1', account, created_at: '2026-02-31T00:00:00Z' })).toBeUndefined();
  expect(readStatus({ id: '1', created_at: '2026-02-01T00:00:00Z' })).toBeUndefined();
  expect(readStatus({ account, created_at: '2026-02-01T00:00:00Z' })).toBeUndefined();
  expect(readStatus({ id: 'a/../b', account, created_at: '2026-02-01T00:00:00Z' })).toBeUndefined();
  expect(readAccount({ id: '1' })).toBeUndefined();
  expect(readNotification(null)).toBeUndefined();
  expect(readNotification({ id: 12, type: 'mention' })).toMatchObject({ id: '12' });
});

test('times are those that exist', () => {
  expect(instant('2026-03-01T09:00:00.123456Z')).toBe(Date.UTC(2026, 2, 1, 9, 0, 0, 123));
  expect(instant('2026-03-01T09:00:00+02:00')).toBe(Date.UTC(2026, 2, 1, 7));
  for (const broken of ['2026-02-30T00:00:00Z', '2026-03-01', '2026-03-01T25:00:00Z', 7, null, 'now'])
    expect(instant(broken)).toBeUndefined();
});

test('instances of both versions are understood', () => {
  const statuses = { max_characters: 5000, characters_reserved_per_url: 25 };
  expect(
    readInstance({
      domain: 'web.example',
      account_domain: 'a.example',
      version: '4',
      configuration: { statuses, urls: { streaming: 'wss://s' } },
    }),
  ).toEqual({
    domain: 'a.example',
    version: '4',
    maxCharacters: 5000,
    charactersPerUrl: 25,
    streaming: 'wss://s',
  });
  expect(readInstance({ uri: 'old.example', version: '3', urls: { streaming_api: 'wss://o' } })).toMatchObject({
    domain: 'old.example',
    maxCharacters: undefined,
    streaming: 'wss://o',
  });
  expect(readInstance('nonsense')).toMatchObject({ version: 'unknown' });
});

test('a deletion keeps to the order of what was deleted', () => {
  expect(goneInteraction('1', 17, seen)).toMatchObject({
    ref: 'social/status/1',
    version: { major: 17, minor: 0 },
    deleted: true,
  });
});
