import { createHmac } from 'node:crypto';
import type { Party, Signal, UnsiloEvent } from '@unsilo/schemas';
import {
  correctedTime,
  PauseError,
  RetryableError,
  TerminalError,
  verifySignature,
  type ReadItem,
  type WebhookHandler,
} from '../../src/index.js';
import {
  crashAt,
  emptyDurable,
  startFakeServer,
  testRun,
  until,
  virtualClock,
  type TestRun,
} from '../../src/testing.js';
import { cardItem, rolodex, type Card } from './rolodex.js';

const runs: TestRun[] = [];
async function run(...given: Parameters<typeof testRun>): Promise<TestRun> {
  const started = await testRun(...given);
  runs.push(started);
  return started;
}
afterEach(async () => {
  for (const started of runs.splice(0)) await started.close();
});

const read = (world: ReturnType<typeof rolodex>, times: number) =>
  until(`${times} readings have begun`, () => world.readings >= times);
const names = (run: TestRun) =>
  run.events('parties').map((event) => {
    const party = event.data as Party;
    return `${party.ref}@${party.version.major}.${party.version.minor} ${party.state?.name?.full}`;
  });
const signals = (run: TestRun) => run.events('signals').map((event) => (event.data as { name: string }).name);
const traces = (run: TestRun) =>
  run.logged.filter(({ message }) => message.startsWith('The connector failed in an')).map(({ message }) => message);
const idle = (run: TestRun) => until('the reader rests', () => run.clock.sleepers() > 0);

test('what is read reaches the log as valid events, and the checkpoint is kept', async () => {
  const world = rolodex();
  world.cards = [
    { id: '1', name: 'Ada', changed: 100 },
    { id: '2', name: 'Bo', changed: 101 },
  ];
  const first = await run(world.connector, {});
  await idle(first);
  expect(names(first)).toEqual(['rolodex/card/1@100.0 Ada', 'rolodex/card/2@101.0 Bo']);
  expect(signals(first)).toEqual(['system.running', 'snapshot.completed']);
  expect(first.runner.status()).toMatchObject({
    state: 'running',
    snapshotComplete: true,
    counts: { read: 2, appended: 2, repeats: 0 },
  });
  expect(JSON.parse(first.storage.kept.get('checkpoint')!)).toBe(101);
  expect(first.storage.kept.has('pending')).toBe(false);
});

test('under a coarse version another state gets the next counter, and the same state is no event', async () => {
  const world = rolodex();
  world.cards = [{ id: '1', name: 'Ada', changed: 100 }];
  const started = await run(world.connector, {});
  await idle(started);
  for (const name of ['Ada', 'Augusta', 'Augusta', 'Ada']) {
    world.cards[0]!.name = name;
    const before = world.readings;
    started.runner.poke();
    await read(world, before + 1);
    await idle(started);
  }
  expect(names(started)).toEqual([
    'rolodex/card/1@100.0 Ada',
    'rolodex/card/1@100.1 Augusta',
    'rolodex/card/1@100.2 Ada',
  ]);
  expect(started.runner.status().counts.repeats).toBe(2);
});

test('only a reading is given the checkpoint: whatever else runs meanwhile could take it for the present one', async () => {
  const world = rolodex();
  const given: [string, boolean][] = [];
  const note = (what: string, context: object) => void given.push([what, 'checkpoint' in context]);
  const { read: reading, webhook, check } = world.connector;
  const connector: typeof world.connector = {
    ...world.connector,
    read: (context) => (note('read', context), reading!(context)),
    check: (context) => (note('check', context), check(context)),
    webhook: { ...webhook!, handle: (context) => (note('webhook', context), Promise.resolve({ status: 202 })) },
  };
  const started = await run(connector, {});
  await idle(started);
  await started.runner.check();
  const headers = { 'x-token': 'hunter2-token' };
  await started.runner.webhook({ method: 'POST', path: '/', query: {}, headers, raw: Buffer.from('') });
  expect(given).toEqual([
    ['read', true],
    ['check', false],
    ['webhook', false],
  ]);
});

test('a poke during a reading leads to another one', async () => {
  const world = rolodex();
  const started = await run(world.connector, {});
  await idle(started);
  started.runner.poke();
  await read(world, 2);
});

test('the next reading comes after the interval', async () => {
  const world = rolodex();
  const clock = virtualClock();
  const started = await run(world.connector, {}, { clock, reading: { intervalMs: 5000 } });
  await idle(started);
  await clock.advance(4999);
  expect(world.readings).toBe(1);
  await clock.advance(1);
  await read(world, 2);
});

test('a stream that stays silent keeps nothing back', async () => {
  const world = rolodex();
  const silent = { ...world.connector };
  silent.read = async function* (context) {
    yield* world.connector.read!(context);
    await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
  };
  world.cards = [{ id: '1', name: 'Ada', changed: 100 }];
  const started = await run(silent, {});
  await until('the card is on the log', () => names(started).length === 1);
  expect(JSON.parse(started.storage.kept.get('checkpoint')!)).toBe(100);
});

describe('bad input', () => {
  test('is parked once with its coordinates, and its neighbours go on', async () => {
    const world = rolodex();
    world.cards = [{ id: '1', name: 'Ada', changed: 100 }];
    world.extraItems = [
      {
        type: 'bad-input',
        code: 'UNSILO_CSV_ROW',
        message: 'too short',
        at: { file: 'a.csv', line: 7 },
        payload: Buffer.from([0xff, 0x00]),
      },
      {
        type: 'party',
        change: { ref: 'rolodex/card/9', version: { major: 1, minor: 0 }, state: { kind: 'robot' } } as never,
      },
      { type: 'party', change: { ...stateOf('elsewhere/card/1') } },
      { type: 'party', change: stateOf('rolodex/card/2') },
    ];
    const started = await run(world.connector, {});
    await idle(started);
    started.runner.poke();
    await read(world, 2);
    await idle(started);
    const letters = started.events('dead-letters').map((event) => event.data);
    expect(letters).toMatchObject([
      {
        code: 'UNSILO_CSV_ROW',
        at: { file: 'a.csv', line: 7, system: 'rolodex' },
        payload: '/wA=',
        encoding: 'base64',
      },
      { code: 'UNSILO_CONNECTOR_INVALID_CHANGE', at: { ref: 'rolodex/card/9', system: 'rolodex' }, encoding: 'utf8' },
      { code: 'UNSILO_CONNECTOR_FOREIGN_REF' },
    ]);
    expect(names(started)).toEqual(['rolodex/card/1@100.0 Ada', 'rolodex/card/2@5.0 X']);
    expect(started.runner.status().counts.badInput).toBe(3);
  });

  test('half of a surrogate pair is replaced, not passed on', async () => {
    const world = rolodex();
    world.cards = [{ id: '1', name: 'Ada \ud800', changed: 100 }];
    const started = await run(world.connector, {});
    await idle(started);
    expect(names(started)).toEqual(['rolodex/card/1@100.0 Ada \ufffd']);
  });
});

describe('failures of a source', () => {
  test('a retryable one: behind with the reason, then again, what came before it kept', async () => {
    const world = rolodex();
    world.cards = [{ id: '1', name: 'Ada', changed: 100 }];
    world.readErrors = [
      undefined,
      new RetryableError('UNSILO_TEST_DOWN', 'down, token hunter2-token', { retryAfterMs: 90_000 }),
    ];
    world.readErrors.shift();
    const clock = virtualClock();
    const started = await run(world.connector, {}, { clock });
    await until('it is behind', () => started.runner.status().state === 'behind');
    expect(started.runner.status()).toMatchObject({ code: 'UNSILO_TEST_DOWN', reason: 'down, token [hidden]' });
    await clock.advance(89_999);
    expect(world.readings).toBe(1);
    await clock.advance(1);
    await read(world, 2);
    await until('it runs', () => started.runner.status().state === 'running');
    expect(signals(started)).toEqual(['system.behind', 'system.running', 'snapshot.completed']);
    expect(names(started)).toEqual(['rolodex/card/1@100.0 Ada']);
  });

  test('an unknown one is retried and told loudly, without secrets', async () => {
    const world = rolodex();
    world.readErrors = [new TypeError('undefined is not hunter2-token')];
    const started = await run(world.connector, {});
    await read(world, 2);
    await idle(started);
    const line = started.logged.find((one) => one.fields['code'] === 'UNSILO_CONNECTOR_BUG');
    expect(line?.level).toBe('warn');
    expect(JSON.stringify([started.logged, started.events('signals')])).not.toContain('hunter2');
    expect(started.runner.status().state).toBe('running');
  });

  test('a terminal one stands among the dead letters, and reading is tried again', async () => {
    const world = rolodex();
    world.readErrors = [
      new TerminalError('UNSILO_TEST_BROKEN', 'no feed here'),
      new TerminalError('UNSILO_TEST_BROKEN', 'no feed here'),
    ];
    const started = await run(world.connector, {});
    await read(world, 3);
    await idle(started);
    expect(started.events('dead-letters').map((event) => event.data)).toMatchObject([{ code: 'UNSILO_TEST_BROKEN' }]);
  });

  test('a pausing one stops the system until it is resumed', async () => {
    const world = rolodex();
    world.readErrors = [new PauseError('UNSILO_TEST_DENIED', 'the token is no good', { hint: 'make another' })];
    const started = await run(world.connector, {});
    await until('it is paused', () => started.runner.status().state === 'paused');
    expect(started.runner.status()).toMatchObject({ reason: 'the token is no good', hint: 'make another' });
    started.runner.poke();
    expect(world.readings).toBe(1);
    await started.runner.resume();
    await until('it runs', () => started.runner.status().state === 'running');
    expect(signals(started)).toEqual(['system.paused', 'system.running', 'snapshot.completed']);
  });
});

test('pause and resume by hand; close ends even a connector that hangs', async () => {
  const world = rolodex();
  const hanging = { ...world.connector };
  // eslint-disable-next-line require-yield
  hanging.read = async function* () {
    await new Promise(() => undefined);
  };
  const started = await run(hanging, {}, { graceMs: 20 });
  await started.runner.pause('spring cleaning');
  expect(started.runner.status()).toMatchObject({ state: 'paused', reason: 'spring cleaning' });
  await started.runner.resume();
  await started.runner.close();
  expect(started.runner.status().state).toBe('stopped');
});

test('a system without reading is complete at once', async () => {
  const world = rolodex();
  const { read: _, ...writeOnly } = world.connector;
  const started = await run(writeOnly, {});
  await until('signals are there', () => signals(started).length === 2);
  expect(signals(started).sort()).toEqual(['snapshot.completed', 'system.running']);
});

test('a snapshot that was complete before a restart is announced again', async () => {
  const durable = emptyDurable();
  const first = await run(rolodex().connector, {}, { durable });
  await idle(first);
  await first.close();
  const second = await run(rolodex().connector, {}, { durable });
  await idle(second);
  expect(signals(second).filter((name) => name === 'snapshot.completed')).toHaveLength(2);
  expect(second.runner.status().snapshotComplete).toBe(true);
});

test('a snapshot is complete under the mapping that it was read by: after a change it is to be completed again', async () => {
  const durable = emptyDurable();
  const under = async (mapping: string, extraItems: ReadItem[] = []): Promise<TestRun> => {
    const world = rolodex();
    world.cards = [{ id: '1', name: 'Ada', changed: 100 }];
    world.extraItems.push(...extraItems);
    const profile = (...given: Parameters<typeof world.connector.profile>) => ({
      ...world.connector.profile(...given),
      mapping,
    });
    const started = await run({ ...world.connector, profile }, {}, { durable });
    await idle(started);
    return started;
  };
  const completed = (started: TestRun) =>
    started.events('signals').flatMap(({ data }) => {
      const { name, detail } = data as Signal;
      return name === 'snapshot.completed' ? [detail?.['mapping']] : [];
    });
  await (await under('one')).close();
  await (await under('one')).close();
  const changed = await under('two');
  expect(changed.runner.status().snapshotComplete).toBe(false);
  expect(completed(changed)).toEqual(['one', 'one']);
  await changed.close();
  const toldAnew = await under('two', [{ type: 'snapshot-completed' }]);
  expect(toldAnew.runner.status().snapshotComplete).toBe(true);
  expect(completed(toldAnew)).toEqual(['one', 'one', 'two']);
});

test('a check that fails in an unforeseen way leaves its trace in the log', async () => {
  const check = () => Promise.reject(new TypeError('no such thing'));
  const started = await run({ ...rolodex().connector, check }, {});
  expect(await started.runner.check()).toMatchObject([{ ok: false, code: 'UNSILO_CONNECTOR_BUG' }]);
  expect(traces(started)).toEqual([expect.stringMatching(/TypeError: no such thing\n *at /)]);
});

test('a wrong clock of the system is told once', async () => {
  const clock = virtualClock({ auto: 600_000 });
  const server = await startFakeServer(() => ({ headers: { date: new Date(clock.now() + 120_000).toUTCString() } }));
  const { connector } = rolodex();
  const polling = { ...connector };
  // eslint-disable-next-line require-yield
  polling.read = async function* (context) {
    await context.http.request({ url: server.url });
    await context.http.request({ url: server.url });
  };
  const started = await run(polling, {}, { clock });
  await idle(started);
  const told = started
    .events('signals')
    .map((event) => event.data as Signal)
    .filter((signal) => signal.name === 'clock.offset');
  expect(told).toMatchObject([{ system: 'rolodex', detail: { offsetMs: 120_500 } }]);
  await server.close();
});

describe('webhooks', () => {
  const call = (body: unknown, token = 'hunter2-token') => ({
    method: 'POST',
    path: '/hooks/rolodex',
    query: {},
    headers: { 'x-token': token },
    raw: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  });

  test('what an authentic call says is on the log when it is answered', async () => {
    const world = rolodex();
    const started = await run(world.connector, {});
    await idle(started);
    const answer = await started.runner.webhook(call({ id: '7', name: 'Eve', changed: 7 }));
    expect(answer).toEqual({ status: 202 });
    expect(names(started)).toEqual(['rolodex/card/7@7.0 Eve']);
    await read(world, 2);
  });

  test('others are refused without a word of the secret', async () => {
    const started = await run(rolodex().connector, {});
    expect(await started.runner.webhook(call({}, 'guess'))).toEqual({ status: 401, body: 'UNSILO_CONNECTOR_BUG' });
    expect(JSON.stringify(started.logged)).not.toContain('hunter2');
  });

  test('one that carries a record has its times by our clock, and is fresh by the sender’s, also after a restart', async () => {
    const BEHIND_MS = 240_000;
    const clock = virtualClock({ auto: 600_000 });
    const sent = () => clock.now() - BEHIND_MS;
    const server = await startFakeServer(() => ({ headers: { date: new Date(sent()).toUTCString() } }));
    const { connector } = rolodex();
    const webhook: WebhookHandler<{ token: string }> = {
      verify: (given, { token: secret }, now) =>
        verifySignature(
          given,
          {
            secret,
            header: 'x-signature',
            algorithm: 'sha256',
            encoding: 'hex',
            timestamp: { header: 'x-time', unit: 'ms', toleranceMs: 60_000, separator: '.' },
          },
          now,
        ),
      async handle(context, given) {
        const item = cardItem(context.system, JSON.parse(given.raw.toString()) as Card, context.clock.now());
        const { change } = item;
        const changedAt = correctedTime(Date.parse(change.changedAt), context.clockOffsetMs);
        return { status: 202, items: [{ type: 'party', change: { ...change, changedAt } }] };
      },
    };
    const edit = (id: string) => {
      const raw = Buffer.from(JSON.stringify({ id, name: 'Eve', changed: sent() / 1000 }));
      const signature = createHmac('sha256', 'hunter2-token').update(`${sent()}.`).update(raw).digest('hex');
      return { ...call(''), raw, headers: { 'x-time': String(sent()), 'x-signature': signature } };
    };
    const durable = emptyDurable();
    const asking = { ...connector, webhook };
    // eslint-disable-next-line require-yield
    asking.read = async function* (context) {
      await context.http.request({ url: server.url });
    };
    const first = await run(asking, {}, { clock, durable });
    await idle(first);
    expect(await first.runner.webhook(edit('7'))).toEqual({ status: 202 });
    await first.close();
    // eslint-disable-next-line require-yield
    asking.read = async function* () {
      await Promise.resolve();
    };
    const second = await run(asking, {}, { clock, durable });
    expect(await second.runner.webhook(edit('8'))).toEqual({ status: 202 });
    const told = second.events('parties').map((event) => Date.parse((event.data as Party).changedAt) - clock.now());
    // `Date` has whole seconds: half of one is the best guess of the rest.
    expect(told).toEqual([-500, -500]);
    await server.close();
  });

  test('one that makes the connector fail asks the sender to come again', async () => {
    const started = await run(rolodex().connector, {});
    expect(await started.runner.webhook(call('no json'))).toMatchObject({ status: 503 });
    expect(traces(started)).toEqual([expect.stringMatching(/SyntaxError[^]*at [^]*rolodex\.ts/)]);
  });

  test.each(['checkpoint', 'snapshot-completed'])('one does not say how far the system was read: %s', async (type) => {
    const { connector, cards } = rolodex();
    cards.push({ id: '1', name: 'Ada', changed: 100 });
    const handle = () => Promise.resolve({ status: 202, items: [{ type, value: 9999 }] as never });
    const started = await run({ ...connector, webhook: { ...connector.webhook!, handle } }, {});
    await idle(started);
    expect(await started.runner.webhook(call('{}'))).toMatchObject({ status: 503 });
    expect(started.storage.kept.get('checkpoint')).toBe('100');
  });
});

describe('crashes', () => {
  test('at any step nothing is lost and no version names two states', async () => {
    let reached = 0;
    for (let step = 1; step <= 40; step += 1)
      for (const done of [true, false]) {
        const world = rolodex();
        world.cards = Array.from({ length: 6 }, (_, i) => ({
          id: String(i),
          name: `name ${i}`,
          changed: i < 2 ? 100 : 101,
        }));
        const durable = emptyDurable();
        const crash = crashAt(step, done);
        const first = await testRun(
          world.connector,
          {},
          { durable, wrap: crash.wrap, reading: { batchItems: 3 }, graceMs: 1 },
        );
        await until('it crashed or rests', () => crash.hit() || first.clock.sleepers() > 0);
        reached += crash.hit() ? 1 : 0;
        await first.close();
        // Meanwhile somebody edits within the same second.
        for (const card of world.cards.filter((_, i) => i > 1 && i % 2 === 1)) card.name = `${card.name}, edited`;
        const second = await run(world.connector, {}, { durable, reading: { batchItems: 3 } });
        await idle(second);
        const byVersion = new Map<string, string>();
        for (const event of second.events('parties') as Extract<UnsiloEvent, { type: 'unsilo.party.changed' }>[]) {
          const text = JSON.stringify(event.data.state);
          expect(byVersion.get(event.id) ?? text).toBe(text);
          byVersion.set(event.id, text);
        }
        const seen = new Set(
          [...byVersion.values()].map((text) => (JSON.parse(text) as { name: { full: string } }).name.full),
        );
        for (const card of world.cards) expect([...seen]).toContain(card.name);
        await second.close();
      }
    expect(reached).toBeGreaterThan(10);
  });
});

function stateOf(ref: string): Party {
  return {
    ref,
    version: { major: 5, minor: 0 },
    changedAt: '2026-03-01T09:30:00.000Z',
    observedAt: '2026-03-01T09:30:00.000Z',
    state: { kind: 'person', name: { full: 'X' } },
  };
}
