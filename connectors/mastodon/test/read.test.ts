import type { Interaction, Party } from '@unsilo/schemas';
import type { ReadItem } from '@unsilo/connector-sdk';
import { lastCheckpoint, readItems, testContext, virtualClock, type VirtualClock } from '@unsilo/connector-sdk/testing';
import { mastodon } from '../src/index.js';
import { SELF, startFakeMastodon, type FakeMastodon } from './fake-mastodon.js';

let fake: FakeMastodon;
let clock: VirtualClock;
let stored: ReadonlyMap<string, string>;
let checkpoint: unknown;

beforeEach(async () => {
  fake = await startFakeMastodon();
  clock = virtualClock({ auto: 600_000, start: Date.UTC(2026, 2, 1, 9, 30) });
  stored = new Map();
  checkpoint = undefined;
});
afterEach(() => fake.close());

/** One reading that goes on from the one before; `enough` breaks it off. */
async function read(options: object = {}, enough?: (item: ReadItem) => boolean): Promise<ReadItem[]> {
  const given = { url: fake.server.url, token: fake.token, streaming: false, recheckSeconds: 0, ...options };
  const context = testContext(mastodon, given, { clock, stored, checkpoint });
  const items = await readItems(mastodon, context, (item) => enough?.(item) ?? false);
  checkpoint = lastCheckpoint(items) ?? checkpoint;
  stored = context.stored;
  await context.close();
  return items;
}

const interactions = (items: readonly ReadItem[]): Interaction[] =>
  items.flatMap((item) => (item.type === 'interaction' ? [item.change] : []));
const parties = (items: readonly ReadItem[]): Party[] =>
  items.flatMap((item) => (item.type === 'party' ? [item.change] : []));
const of = (items: readonly ReadItem[], id: string) =>
  interactions(items).findLast(({ ref }) => ref === `mastodon/status/${id}`);
const asked = (path: RegExp) => fake.server.requests.filter((request) => path.test(request.path));

describe('mentions', () => {
  test('are read page by page from the oldest up, however many there are', async () => {
    const ada = fake.account('ada@other.example');
    const ids = Array.from({ length: 95 }, (_, n) => fake.write(ada.id, `@support ${n}`).id);
    const items = await read();
    expect([...new Set(interactions(items).map(({ ref }) => ref))]).toEqual(ids.map((id) => `mastodon/status/${id}`));
    expect(asked(/notifications/).map(({ query }) => query.get('min_id'))).toEqual(['0', '40', '80', '95']);
  });

  test('that come between two pages are not missed', async () => {
    const ada = fake.account('ada@other.example');
    for (let n = 0; n < 60; n += 1) fake.write(ada.id, `@support ${n}`);
    let late: string | undefined;
    const items = await read({}, (item) => {
      if (item.type === 'checkpoint' && late === undefined) late = fake.write(ada.id, '@support late').id;
      return false;
    });
    expect(of(items, late!)).toBeDefined();
  });

  test('go on after a break from the last page that was confirmed', async () => {
    const ada = fake.account('ada@other.example');
    const ids = Array.from({ length: 60 }, (_, n) => fake.write(ada.id, `@support ${n}`).id);
    fake.later(600_000);
    const first = await read({}, (item) => item.type === 'checkpoint');
    const second = await read();
    const all = new Set([...interactions(first), ...interactions(second)].map(({ ref }) => ref));
    expect(all.size).toBe(ids.length);
    expect(asked(/notifications/)[1]!.query.get('min_id')).toBe('40');
  });

  test('whose lower id appears after a higher one are found, since the last minutes are read again', async () => {
    const ada = fake.account('ada@other.example');
    fake.write(ada.id, '@support one');
    fake.write(ada.id, '@support two');
    const hidden = fake.notifications.splice(0, 1)[0]!;
    await read();
    fake.notifications.unshift(hidden);
    expect(of(await read(), hidden.status!)).toBeDefined();
  });

  test('that the server can not say rightly are dead letters, their neighbours are read', async () => {
    const ada = fake.account('ada@other.example');
    const good = fake.write(ada.id, '@support good');
    const entity = { id: '1', created_at: '2026-02-31T00:00:00Z', account: { id: '9', acct: 'x' } };
    const notification = { id: '77', type: 'mention', created_at: '2026-03-01T09:00:00Z', status: entity };
    fake.answers.set('GET /api/v1/notifications', ({ query }) => {
      if (query.get('min_id') !== '0') return { body: [] };
      const status = { ...entity, id: good.id, created_at: '2026-03-01T09:00:00Z' };
      return { body: ['nonsense', { ...notification, id: '78', status }, notification] };
    });
    const items = await read();
    expect(of(items, good.id)).toBeDefined();
    expect(items.filter((item) => item.type === 'bad-input').map(({ code }) => code)).toEqual([
      'UNSILO_MASTODON_BAD_ENTITY',
      'UNSILO_MASTODON_BAD_ENTITY',
    ]);
  });
});

test('an own post that was odd in one answer is asked for again: what is said below it would be missed for good', async () => {
  const post = fake.write(SELF, 'What do you think?');
  fake.later(3600_000);
  const twist = (body: string): string => body.replaceAll(/"created_at":"[^"]*"/g, '"created_at":null');
  fake.server.fault({ kind: 'odd', path: /\/statuses$/, twist });
  const items = await read();
  expect(of(items, post.id)).toBeDefined();
  expect(items.filter(({ type }) => type === 'bad-input')).toEqual([]);
  const answer = fake.write(fake.account('ada@other.example').id, 'A lot', { inReplyTo: post.id, mentions: [] });
  expect(of(await read(), answer.id)).toBeDefined();
});

describe('conversations', () => {
  test('under own posts are read whole, also what does not mention us', async () => {
    const [ada, bob] = [fake.account('ada@other.example'), fake.account('bob')];
    const post = fake.write(SELF, 'Hello');
    const answer = fake.write(ada.id, '@support hi', { inReplyTo: post.id });
    const aside = fake.write(bob.id, '@ada@other.example indeed', { inReplyTo: answer.id, mentions: [ada.id] });
    const items = await read();
    expect(of(items, post.id)!.state).toMatchObject({ kind: 'post', direction: 'outbound' });
    expect(of(items, aside.id)!.state).toMatchObject({
      kind: 'reply',
      direction: 'inbound',
      thread: `mastodon/status/${post.id}`,
      inReplyTo: `mastodon/status/${answer.id}`,
      audience: [`mastodon/account/${ada.id}`],
    });
    expect(parties(items).map(({ ref }) => ref)).toContain(`mastodon/account/${bob.id}`);
    expect(parties(items).map(({ ref }) => ref)).not.toContain(`mastodon/account/${SELF}`);
  });

  test('keep their beginning, even when a post in them is deleted', async () => {
    const ada = fake.account('ada@other.example');
    const root = fake.write(ada.id, 'Nothing for you', { mentions: [] });
    const middle = fake.write(ada.id, 'Nor this', { mentions: [], inReplyTo: root.id });
    const mention = fake.write(ada.id, '@support but this', { inReplyTo: middle.id });
    const thread = `mastodon/status/${root.id}`;
    expect(of(await read(), mention.id)!.state!.thread).toBe(thread);
    fake.remove(root.id);
    fake.remove(middle.id);
    const after = of(await read(), mention.id)!;
    expect(after.state).toMatchObject({ thread });
    expect(after.state!.inReplyTo).toBeUndefined();
    // Without the watch list too.
    expect(of(await read({ watchMax: 0 }), mention.id)!.state!.thread).toBe(thread);
    expect(asked(/context/)).toHaveLength(1);
  });
});

describe('what becomes of posts', () => {
  test('an edit is a newer version', async () => {
    const ada = fake.account('ada@other.example');
    const { id } = fake.write(ada.id, '@support hepl');
    const before = of(await read(), id)!;
    await clock.advance(600_000);
    fake.edit(id, '@support help');
    const after = of(await read(), id)!;
    expect(after.state!.text).toBe('@support help');
    expect(after.version.major).toBeGreaterThan(before.version.major);
  });

  test('a deletion is told once, in the order of what was deleted', async () => {
    const ada = fake.account('ada@other.example');
    const { id } = fake.write(ada.id, '@support oops');
    const before = of(await read(), id)!;
    fake.remove(id);
    const gone = of(await read(), id)!;
    expect(gone).toMatchObject({ deleted: true, version: before.version });
    expect(of(await read(), id)).toBeUndefined();
  });

  test('with the posts of a deleted or suspended account the account goes', async () => {
    const [ada, bob] = [fake.account('ada@other.example'), fake.account('bob@other.example')];
    const statuses = [fake.write(ada.id, '@support a'), fake.write(bob.id, '@support b')];
    await read();
    for (const { id } of statuses) fake.remove(id);
    ada.gone = true;
    bob.suspended = true;
    const gone = parties(await read()).filter((party) => party.deleted === true);
    expect(gone.map(({ ref }) => ref).sort()).toEqual([`mastodon/account/${ada.id}`, `mastodon/account/${bob.id}`]);
  });

  test('a profile that changes is a change of the party', async () => {
    const ada = fake.account('ada@other.example');
    fake.write(ada.id, '@support hi');
    await read();
    ada.displayName = 'Ada King';
    ada.fields = [{ name: 'Web', value: 'https://ada.example', verified_at: null }];
    expect(parties(await read()).at(-1)!.state).toMatchObject({
      name: { full: 'Ada King' },
      links: [{ uri: 'https://ada.example/', label: 'Web' }],
    });
  });

  test('old posts are left alone, and a reading looks at no more than thirty', async () => {
    const ada = fake.account('ada@other.example');
    for (let n = 0; n < 45; n += 1) fake.write(ada.id, `@support ${n}`);
    await read();
    const looks = asked(/\/statuses\/\d+$/).length;
    expect(looks).toBe(30);
    await clock.advance(15 * 86_400_000);
    await read();
    expect(asked(/\/statuses\/\d+$/)).toHaveLength(looks);
  });
});

test('followers are taken in when that is wanted', async () => {
  fake.follow('bob@other.example');
  expect(parties(await read())).toEqual([]);
  checkpoint = undefined;
  expect(parties(await read({ followers: true }))).toMatchObject([{ state: { name: { full: 'bob' } } }]);
});

test('the first reading ends the snapshot, once', async () => {
  const ends = (items: readonly ReadItem[]) => items.filter((item) => item.type === 'snapshot-completed').length;
  expect(ends(await read())).toBe(1);
  expect(ends(await read())).toBe(0);
});

test('an answer that is no JSON is a failure that passes, not a loss', async () => {
  fake.answers.set('GET /api/v1/notifications', () => ({ body: '<html>Maintenance</html>' }));
  await expect(read()).rejects.toMatchObject({ code: 'UNSILO_MASTODON_BAD_ANSWER' });
});

test('an address where no Mastodon is found says so', async () => {
  fake.answers.set('GET /api/v1/accounts/verify_credentials', () => ({ status: 404 }));
  await expect(read()).rejects.toMatchObject({ code: 'UNSILO_MASTODON_NOT_MASTODON', hint: expect.any(String) });
});

test('a token that is refused pauses with what to do', async () => {
  await expect(read({ token: 'another-token' })).rejects.toMatchObject({
    name: 'PauseError',
    code: 'UNSILO_MASTODON_UNAUTHORIZED',
    hint: expect.stringContaining('access token'),
  });
});
