import { lastCheckpoint, readItems, testContext, virtualClock, type VirtualClock } from '@unsilo/connector-sdk/testing';
import { PauseError, RetryableError, type ReadItem } from '@unsilo/connector-sdk';
import { feed } from '../src/index.js';
import { startFakeFeeds, type FakeFeeds } from './fake-feeds.js';

let fake: FakeFeeds;
let clock: VirtualClock;
let stored: ReadonlyMap<string, string>;
let checkpoint: unknown;

beforeEach(async () => {
  fake = await startFakeFeeds();
  clock = virtualClock({ auto: 600_000 });
  stored = new Map();
  checkpoint = undefined;
});
afterEach(() => fake.close());

/** One reading that goes on from the one before. */
async function read(options: object): Promise<{ items: ReadItem[]; warnings: string[]; error?: unknown }> {
  const context = testContext(feed, options, { clock, stored, checkpoint });
  const items: ReadItem[] = [];
  let error: unknown;
  try {
    await readItems(feed, context, (item) => {
      items.push(item);
      return false;
    });
  } catch (thrown) {
    error = thrown;
  }
  checkpoint = lastCheckpoint(items) ?? checkpoint;
  stored = context.stored;
  const warnings = context.logged.filter((line) => line.level === 'warn').map((line) => String(line.fields['code']));
  await context.close();
  return { items, warnings, ...(error === undefined ? {} : { error }) };
}

const changes = (items: readonly ReadItem[]) =>
  items.flatMap((item) => (item.type === 'interaction' && item.change.state !== undefined ? [item.change] : []));
const subjects = (items: readonly ReadItem[]) => changes(items).map((change) => change.state.subject);

const HOUR = 3_600_000;

describe('reading a feed', () => {
  test('is conditional, and an unchanged feed tells nothing', async () => {
    fake.feeds.set('/a', [{ guid: 'urn:1', title: 'One' }]);
    const options = { feeds: [fake.url('/a')], interval: 60 };
    expect(subjects((await read(options)).items)).toEqual(['One']);
    await clock.advance(60_000);
    expect(subjects((await read(options)).items)).toEqual([]);
    expect(fake.server.requests[1]!.headers['if-none-match']).toMatch(/^"[0-9a-f]+"$/);
  });

  test('uses Last-Modified where there is no ETag, and the bytes where there is neither', async () => {
    let body = '<rss><channel><item><guid>urn:1</guid><title>One</title></item></channel></rss>';
    fake.answers.set('/m', () => ({ body, headers: { 'last-modified': 'Sun, 01 Mar 2026 09:00:00 GMT' } }));
    const options = { feeds: [fake.url('/m')], interval: 0 };
    expect(subjects((await read(options)).items)).toEqual(['One']);
    expect(subjects((await read(options)).items)).toEqual([]);
    expect(fake.server.requests[1]!.headers['if-modified-since']).toBe('Sun, 01 Mar 2026 09:00:00 GMT');
    body = body.replace('One', 'Two');
    expect(subjects((await read(options)).items)).toEqual(['Two']);
  });

  test('waits for its interval, and longer where server or feed ask for it', async () => {
    fake.feeds.set('/a', [{ guid: 'urn:1', title: 'One' }]);
    fake.headers['cache-control'] = 'public, max-age=7200';
    fake.headers['age'] = '3600';
    const options = { feeds: [fake.url('/a')], interval: 60 };
    await read(options);
    await clock.advance(59 * 60_000);
    await read(options);
    expect(fake.server.requests).toHaveLength(1);
    await clock.advance(60_000);
    await read(options);
    expect(fake.server.requests).toHaveLength(2);
  });

  test('respects ttl, but no longer than maxInterval', async () => {
    fake.answers.set('/t', () => ({ body: '<rss><channel><ttl>99999</ttl></channel></rss>' }));
    const options = { feeds: [fake.url('/t')], interval: 60, maxInterval: 7200 };
    await read(options);
    await clock.advance(2 * HOUR - 1);
    await read(options);
    expect(fake.server.requests).toHaveLength(1);
    await clock.advance(1);
    await read(options);
    expect(fake.server.requests).toHaveLength(2);
  });

  test('a clock that was put back does not stop it', async () => {
    fake.feeds.set('/a', [{ guid: 'urn:1', title: 'One' }]);
    const options = { feeds: [fake.url('/a')], interval: 60 };
    await read(options);
    clock = virtualClock({ auto: 600_000, start: clock.now() - 365 * 24 * HOUR });
    await read(options);
    expect(fake.server.requests).toHaveLength(2);
  });
});

describe('entries', () => {
  test('that are edited are new versions of the same interaction, with or without a date', async () => {
    const options = { feeds: [fake.url('/a')], interval: 0 };
    const told = [];
    for (const [title, updated] of [
      ['First', '2026-02-01T00:00:00Z'],
      ['Second', '2026-02-02T00:00:00Z'],
      ['Date put back', '2026-01-01T00:00:00Z'],
      ['No date', undefined],
    ] as const) {
      fake.feeds.set('/a', [{ guid: 'urn:1', title, ...(updated === undefined ? {} : { updated }) }]);
      told.push(...changes((await read(options)).items));
    }
    expect(new Set(told.map(({ ref }) => ref)).size).toBe(1);
    const days = [1, 2, 2, 2].map((day) => Date.UTC(2026, 1, day));
    // Under one major the runner counts the states.
    expect(told.map(({ version }) => version)).toEqual(days.map((major) => ({ major, minor: 0 })));
  });

  test('whose date alone is touched are not changed', async () => {
    const options = { feeds: [fake.url('/a')], interval: 0 };
    fake.feeds.set('/a', [{ guid: 'urn:1', title: 'One', updated: '2026-02-01T00:00:00Z' }]);
    const [before] = changes((await read(options)).items);
    fake.feeds.set('/a', [{ guid: 'urn:1', title: 'One', updated: '2026-02-02T00:00:00Z' }]);
    const [after] = changes((await read(options)).items);
    expect(after).toMatchObject({ ref: before!.ref, version: before!.version });
  });

  test('that left the feed are not deleted, and undated ones keep the time when they were first seen', async () => {
    const options = { feeds: [fake.url('/a')], interval: 0 };
    fake.feeds.set('/a', [{ guid: 'urn:1', title: 'One' }]);
    const [first] = changes((await read(options)).items);
    await clock.advance(HOUR);
    fake.feeds.set('/a', [{ guid: 'urn:2', title: 'Two' }]);
    const { items } = await read(options);
    expect(items.filter((item) => item.type === 'interaction' && item.change.deleted === true)).toEqual([]);
    await clock.advance(HOUR);
    fake.feeds.set('/a', [{ guid: 'urn:1', title: 'One again' }]);
    const [later] = changes((await read(options)).items);
    expect(later!.state.publishedAt).toBe(first!.state.publishedAt);
  });

  test('that several feeds have are told by the first of them, until it is taken out', async () => {
    const both = { feeds: [fake.url('/a'), fake.url('/b')], interval: 0 };
    fake.feeds.set('/a', [{ guid: 'urn:shared', title: 'Whole' }]);
    fake.feeds.set('/b', [
      { guid: 'urn:shared', title: 'Teaser' },
      { guid: 'own', title: 'B only' },
    ]);
    expect(subjects((await read(both)).items)).toEqual(['Whole', 'B only']);
    fake.feeds.set('/b', [{ guid: 'urn:shared', title: 'Teaser, edited' }]);
    expect(subjects((await read(both)).items)).toEqual([]);
    expect(subjects((await read({ feeds: [fake.url('/b')], interval: 0 })).items)).toEqual([]);
    fake.feeds.set('/b', [{ guid: 'urn:shared', title: 'Now its own' }]);
    expect(subjects((await read({ feeds: [fake.url('/b')], interval: 0 })).items)).toEqual(['Now its own']);
  });

  test('of two feeds that count their entries are kept apart', async () => {
    fake.feeds.set('/a', [{ guid: '1', title: 'A' }]);
    fake.feeds.set('/b', [{ guid: '1', title: 'B' }]);
    const told = changes((await read({ feeds: [fake.url('/a'), fake.url('/b')] })).items);
    expect(new Set(told.map(({ ref }) => ref)).size).toBe(2);
  });
});

describe('feeds that fail', () => {
  test('do not hold up the others, and are tried again later and later', async () => {
    fake.feeds.set('/good', [{ guid: 'urn:1', title: 'Good' }]);
    fake.answers.set('/bad', () => ({ status: 500 }));
    const options = { feeds: [fake.url('/bad'), fake.url('/good'), fake.url('/missing')], interval: 3600 };
    const { items, warnings, error } = await read(options);
    expect(error).toBeUndefined();
    expect(subjects(items)).toEqual(['Good']);
    expect(warnings).toEqual(['UNSILO_HTTP_UNAVAILABLE', 'UNSILO_FEED_NOT_FOUND']);
    const tries = () => fake.server.requests.filter(({ path }) => path === '/missing').length;
    await read(options);
    expect(tries()).toBe(1);
    await clock.advance(60_000);
    await read(options);
    expect(tries()).toBe(2);
    await clock.advance(60_000);
    await read(options);
    expect(tries()).toBe(2);
  });

  test('are announced as a failure of the system only when all do', async () => {
    fake.answers.set('/bad', () => ({ status: 404 }));
    const { error } = await read({ feeds: [fake.url('/bad')], interval: 3600 });
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({ code: 'UNSILO_FEED_NOT_FOUND', retryAfterMs: 60_000 });
  });

  test('pause the system when all of them want credentials', async () => {
    fake.answers.set('/bad', () => ({ status: 401 }));
    const { error } = await read({ feeds: [fake.url('/bad')], interval: 3600 });
    expect(error).toBeInstanceOf(PauseError);
    fake.answers.clear();
    fake.feeds.set('/bad', [{ guid: 'urn:1', title: 'Let in' }]);
    expect(subjects((await read({ feeds: [fake.url('/bad')], interval: 3600 })).items)).toEqual(['Let in']);
  });

  test('that are too large go to the dead letters, with their address but not its token', async () => {
    fake.answers.set('/big', () => ({ body: `<rss><channel>${' '.repeat(5000)}</channel></rss>` }));
    const { items } = await read({ feeds: [fake.url('/big?token=hunter2-hunter2')], maxBodyBytes: 2048 });
    expect(items[0]).toMatchObject({
      type: 'bad-input',
      code: 'UNSILO_HTTP_BODY_TOO_LARGE',
      at: { url: fake.url('/big?token=…') },
    });
    expect(JSON.stringify(items)).not.toContain('hunter2');
  });

  test('that are gone for good are left alone', async () => {
    fake.answers.set('/gone', () => ({ status: 410 }));
    const options = { feeds: [fake.url('/gone')], interval: 60, maxInterval: 86_400 };
    await read(options);
    await clock.advance(23 * HOUR);
    const { error } = await read(options);
    expect(error).toMatchObject({ code: 'UNSILO_FEED_GONE' });
    expect(fake.server.requests).toHaveLength(1);
  });

  test('that have moved for good are read, and the log asks for the new address', async () => {
    fake.feeds.set('/new', [{ guid: 'urn:1', title: 'Moved', link: 'page' }]);
    fake.answers.set('/old', () => ({ status: 301, headers: { location: '/new' } }));
    const { items, warnings } = await read({ feeds: [fake.url('/old')] });
    expect(changes(items)[0]!.state.url).toBe(fake.url('/page'));
    expect(warnings).toEqual(['UNSILO_FEED_MOVED']);
  });

  test('that answer with a web page are dead letters, and read again when they are mended', async () => {
    fake.answers.set('/a', () => ({ body: '<html><body>Under construction</body></html>' }));
    const options = { feeds: [fake.url('/a')], interval: 0 };
    expect((await read(options)).items[0]).toMatchObject({ type: 'bad-input', code: 'UNSILO_FEED_IS_A_PAGE' });
    fake.answers.clear();
    fake.feeds.set('/a', [{ guid: 'urn:1', title: 'Mended' }]);
    expect(subjects((await read(options)).items)).toEqual(['Mended']);
  });
});

test('addresses that are none are told, the others are read', async () => {
  fake.feeds.set('/a', [{ guid: 'urn:1', title: 'One' }]);
  const { items, warnings } = await read({ feeds: ['gopher://old.example/', fake.url('/a'), fake.url('/a')] });
  expect(subjects(items)).toEqual(['One']);
  expect(warnings).toEqual(['UNSILO_FEED_BAD_ADDRESS']);
  expect(fake.server.requests).toHaveLength(1);
});

test('the first reading of all feeds ends the snapshot, once', async () => {
  fake.feeds.set('/a', [{ guid: 'urn:1', title: 'One' }]);
  const options = { feeds: [fake.url('/a'), fake.url('/missing')], interval: 0 };
  const ends = (items: readonly ReadItem[]) => items.filter((item) => item.type === 'snapshot-completed').length;
  expect(ends((await read(options)).items)).toBe(1);
  expect(ends((await read(options)).items)).toBe(0);
});
