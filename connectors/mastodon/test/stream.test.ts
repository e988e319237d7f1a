import type { Interaction } from '@unsilo/schemas';
import { testRun, until, virtualClock, type TestRun } from '@unsilo/connector-sdk/testing';
import { streamAddress } from '../src/client.js';
import { mastodon } from '../src/index.js';
import { SELF, startFakeMastodon, type FakeMastodon } from './fake-mastodon.js';

describe('with a stream', () => {
  let fake: FakeMastodon;
  let run: TestRun;

  /** Intervals of ten minutes pass only when told to: what is seen before came by the stream. */
  async function start(options: object = {}): Promise<void> {
    run = await testRun(
      mastodon,
      { url: fake.server.url, token: fake.token, interval: 600, ...options },
      { clock: virtualClock({ start: Date.UTC(2026, 2, 1, 9, 30), auto: 60_000 }) },
    );
    await until('it is running', () => run.runner.status().snapshotComplete);
  }
  const told = (id: string): Interaction[] =>
    run
      .events('interactions')
      .map((event) => event.data as Interaction)
      .filter(({ ref }) => ref === `mastodon/status/${id}`);

  beforeEach(async () => void (fake = await startFakeMastodon()));
  afterEach(async () => {
    await run.close();
    await fake.close();
  });

  test('a mention, an edit and a deletion come at once, by REST', async () => {
    const ada = fake.account('ada@other.example');
    await start();
    await until('it listens', () => fake.stream.sockets.size === 1);
    const { id } = fake.write(ada.id, '@support help');
    await until('the mention is read', () => told(id).length === 1);
    fake.edit(id, '@support please help');
    await until('the edit is read', () => told(id).some(({ state }) => state?.text === '@support please help'));
    fake.remove(id);
    await until('the deletion is read', () => told(id).some(({ deleted }) => deleted === true));
  });

  test('our own posts come at once, those of others that we follow are not ours to read', async () => {
    const ada = fake.account('ada@other.example');
    await start();
    await until('it listens', () => fake.stream.sockets.size === 1);
    const timeline = fake.write(ada.id, 'to the world', { mentions: [] });
    const own = fake.write(SELF, 'Hello');
    await until('our post is read', () => told(own.id).length === 1);
    expect(told(timeline.id)).toEqual([]);
  });

  test('what the stream says is not believed: only what REST confirms is told', async () => {
    const ada = fake.account('ada@other.example');
    const { id } = fake.write(ada.id, '@support help');
    await start();
    await until('it listens', () => fake.stream.sockets.size === 1);
    const before = fake.server.requests.length;
    fake.tell('delete', id);
    fake.tell('notification', '{"id":"999999","status":{"id":"999999"}}');
    fake.tell('status.update', 'not json {');
    fake.tell('notification', '[1, 2');
    await until('it looked', () => fake.server.requests.length > before + 2);
    expect(told(id).every(({ deleted }) => deleted !== true)).toBe(true);
    expect(told('999999')).toEqual([]);
    expect(run.events('dead-letters')).toEqual([]);
  });

  test('what REST shows a moment after the stream told of it is found', async () => {
    const ada = fake.account('ada@other.example');
    const { id } = fake.write(ada.id, '@support help');
    fake.later(3_600_000);
    await start();
    await until('it listens', () => fake.stream.sockets.size === 1);
    const before = fake.server.requests.length;
    const looks = () =>
      fake.server.requests.slice(before).filter(({ path }) => path === `/api/v1/statuses/${id}`).length;
    fake.tell('status.update', JSON.stringify({ id }));
    await until('it looked too early', () => looks() === 1);
    fake.stream.silent = true;
    fake.edit(id, '@support please help');
    await until('it looked again', () => told(id).some(({ state }) => state?.text === '@support please help'));
  });

  test('a connection that breaks is made again, and what came meanwhile is read then', async () => {
    const ada = fake.account('ada@other.example');
    await start();
    await until('it listens', () => fake.stream.sockets.size === 1);
    fake.stream.silent = true;
    const { id } = fake.write(ada.id, '@support help');
    for (const socket of fake.stream.sockets) socket.terminate();
    await until('it listens again', () => fake.stream.opened > 1);
    await until('the mention is read', () => told(id).length === 1);
    expect(run.runner.status().state).toBe('running');
  });

  test('without a stream everything comes at the interval', async () => {
    fake.stream.silent = true;
    const ada = fake.account('ada@other.example');
    await start();
    const { id } = fake.write(ada.id, '@support help');
    await until('it is asleep', () => run.clock.sleepers() > 0);
    await until('the mention is read', async () => {
      await run.clock.advance(600_000);
      return told(id).length === 1;
    });
  });

  test('the token goes in a header, not in the address', async () => {
    await start();
    await until('it listens', () => fake.stream.sockets.size === 1);
    expect(fake.stream.headers[0]).toMatchObject({
      authorization: `Bearer ${fake.token}`,
      url: '/api/v1/streaming?stream=user',
    });
  });

  test('a reading that ends closes its connection', async () => {
    await start();
    await until('it listens', () => fake.stream.sockets.size === 1);
    await run.runner.pause('a break');
    await until('it no longer listens', () => fake.stream.sockets.size === 0);
  });
});

test.each([
  ['https://social.example', 'wss://stream.example', 'wss://stream.example/api/v1/streaming?stream=user'],
  ['https://social.example', 'ws://stream.example', 'wss://stream.example/api/v1/streaming?stream=user'],
  ['https://social.example', 'https://stream.example/x?y', 'wss://stream.example/api/v1/streaming?stream=user'],
  ['https://social.example', undefined, 'wss://social.example/api/v1/streaming?stream=user'],
  ['https://social.example', 'nonsense', 'wss://social.example/api/v1/streaming?stream=user'],
  ['http://localhost:8780', 'wss://localhost:8780', 'ws://localhost:8780/api/v1/streaming?stream=user'],
])('the stream of %s that announces %s is at %s', (base, streaming, expected) => {
  expect(streamAddress(base, streaming).href).toBe(expected);
});
