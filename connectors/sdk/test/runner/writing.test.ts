import { commandEvent, placeOf, type Command, type Outcome } from '@unsilo/schemas';
import { PauseError, RetryableError, TerminalError, type WriteResult } from '../../src/index.js';
import { emptyDurable, testRun, until, virtualClock, type TestRun, type TestRunOptions } from '../../src/testing.js';
import { rolodex } from './rolodex.js';

const runs: TestRun[] = [];
async function run(world: ReturnType<typeof rolodex>, settings: TestRunOptions = {}): Promise<TestRun> {
  const started = await testRun(world.connector, {}, settings);
  runs.push(started);
  return started;
}
afterEach(async () => {
  for (const started of runs.splice(0)) await started.close();
});

const NOW = Date.UTC(2026, 2, 1, 9, 30);

function update(id: string, given: Partial<Command & { action: 'update' }> = {}): Command & { action: 'update' } {
  return {
    id,
    system: 'rolodex',
    cause: { kind: 'plan' },
    issuedAt: new Date(NOW).toISOString(),
    deadline: new Date(NOW + 3_600_000).toISOString(),
    attempt: 1,
    action: 'update',
    ref: 'rolodex/card/1',
    base: { major: 100, minor: 0 },
    set: { 'name.full': { value: 'Augusta', asOf: 0 } },
    ...given,
  };
}

async function issue(started: TestRun, ...commands: Command[]): Promise<void> {
  await started.log.append(
    commands.map((command) => {
      const event = commandEvent('acme', command);
      return { ...placeOf(event), value: JSON.stringify(event) };
    }),
  );
}
const outcomes = (started: TestRun) => started.events('outcomes').map((event) => event.data as Outcome);
const reported = (started: TestRun, count: number) =>
  until(`${count} outcomes are reported`, () => outcomes(started).length >= count);

function world() {
  const made = rolodex();
  made.cards = [{ id: '1', name: 'Ada', changed: 100 }];
  return made;
}

test('a command is carried out once, and its outcome has the versions around it', async () => {
  const cards = world();
  const started = await run(cards);
  await until('the card is read', () => started.events('parties').length === 1);
  await issue(started, update('c1'));
  await reported(started, 1);
  expect(outcomes(started)).toEqual([
    {
      command: 'c1',
      system: 'rolodex',
      status: 'applied',
      ref: 'rolodex/card/1',
      version: { major: NOW / 1000, minor: 0 },
      changedAt: new Date(NOW).toISOString(),
      pre: { major: 100, minor: 0 },
      before: { kind: 'person', name: { full: 'Ada' } },
      left: { kind: 'person', name: { full: 'Augusta' } },
      exact: true,
      reportedAt: expect.any(String) as string,
    },
  ]);
  expect(started.runner.status().counts).toMatchObject({ commands: 1, applied: 1 });
});

test('a write that comes back by reading is known already; two writes in one second have two versions', async () => {
  const cards = world();
  const started = await run(cards, { clock: virtualClock() });
  await until('the card is read', () => started.events('parties').length === 1);
  await issue(started, update('c1'), update('c2', { set: { 'name.full': { value: 'Bo', asOf: 0 } } }));
  await reported(started, 2);
  expect(outcomes(started).map(({ pre, version }) => [pre, version])).toEqual([
    [
      { major: 100, minor: 0 },
      { major: NOW / 1000, minor: 0 },
    ],
    [
      { major: NOW / 1000, minor: 0 },
      { major: NOW / 1000, minor: 1 },
    ],
  ]);
  started.runner.poke();
  await until('it was read again', () => cards.readings === 2 && started.runner.status().counts.repeats === 1);
  expect(started.events('parties')).toHaveLength(1);
});

test('a record that we deleted is no news when it is read as deleted', async () => {
  const cards = world();
  const version = { major: 200, minor: 0 };
  cards.writes = [{ status: 'applied', ref: 'rolodex/card/1', version, exact: true }];
  const started = await run(cards);
  await until('the card is read', () => started.events('parties').length === 1);
  const { set: _, ...header } = update('c1');
  await issue(started, { ...header, action: 'delete' });
  await reported(started, 1);
  const at = new Date(NOW).toISOString();
  cards.cards = [];
  cards.extraItems = [
    { type: 'party', change: { ref: 'rolodex/card/1', version, changedAt: at, observedAt: at, deleted: true } },
  ];
  started.runner.poke();
  await until('it was read again', () => started.runner.status().counts.repeats === 1);
  expect(started.events('parties')).toHaveLength(1);
});

test('a command that is delivered again gets the same outcome, without another write', async () => {
  const cards = world();
  const durable = emptyDurable();
  const first = await run(cards, { durable });
  await issue(first, update('c1'));
  await reported(first, 1);
  await first.close();
  durable.log.groups.clear();
  const second = await run(cards, { durable });
  await reported(second, 2);
  const [one, two] = second.events('outcomes');
  expect(two).toEqual(one);
  expect(cards.written).toHaveLength(1);
});

describe('after a crash in the middle of a write', () => {
  async function crashed(cards: ReturnType<typeof rolodex>) {
    cards.writes = [() => new Promise(() => undefined)];
    const durable = emptyDurable();
    const first = await run(cards, { durable, graceMs: 1 });
    await issue(first, update('c1'));
    await until('it writes', () => cards.written.length === 1);
    await first.close();
    return durable;
  }

  test('the next try knows that it may be the second', async () => {
    const cards = world();
    const durable = await crashed(cards);
    await reported(await run(cards, { durable }), 1);
    expect(cards.written).toEqual([
      { id: 'c1', number: 1, unclear: false },
      { id: 'c1', number: 1, unclear: true },
    ]);
  });

  test('past the deadline nothing more is written, and the command is not said to be undone', async () => {
    const cards = world();
    const durable = await crashed(cards);
    const second = await run(cards, { durable, clock: virtualClock({ start: NOW + 7_200_000, auto: 600_000 }) });
    await reported(second, 1);
    expect(outcomes(second)[0]!.status).toBe('uncertain');
    expect(cards.written).toHaveLength(1);
  });
});

describe('what becomes of failures', () => {
  const one = async (
    writes: ReturnType<typeof rolodex>['writes'],
    command: Command = update('c1'),
    prepare: (cards: ReturnType<typeof rolodex>) => void = () => undefined,
  ) => {
    const cards = world();
    cards.writes = writes;
    prepare(cards);
    const started = await run(cards);
    await issue(started, command);
    await reported(started, 1);
    return { started, cards, outcome: outcomes(started)[0]! };
  };
  const down = (mayHaveApplied?: boolean) =>
    new RetryableError(
      'UNSILO_TEST_DOWN',
      'down, hunter2-token',
      mayHaveApplied === undefined ? {} : { mayHaveApplied },
    );

  test('terminal: rejected, without secrets', async () => {
    const { outcome } = await one([new TerminalError('UNSILO_TEST_BAD', 'no such field for hunter2-token')]);
    expect(outcome).toMatchObject({
      status: 'rejected',
      error: { code: 'UNSILO_TEST_BAD', message: 'no such field for [hidden]' },
    });
  });

  test('past its deadline: not applied, and never tried', async () => {
    const { outcome, cards } = await one([], update('c1', { deadline: new Date(NOW - 1).toISOString() }));
    expect(outcome).toMatchObject({ status: 'not-applied', error: { code: 'UNSILO_COMMAND_EXPIRED' } });
    expect(cards.written).toEqual([]);
  });

  test('retryable: tried again and told so', async () => {
    const { outcome, cards } = await one([down(false), down()]);
    expect(outcome.status).toBe('applied');
    expect(cards.written).toEqual([
      { id: 'c1', number: 1, unclear: false },
      { id: 'c1', number: 2, unclear: false },
      { id: 'c1', number: 3, unclear: true },
    ]);
  });

  test('down until the deadline, and surely never reached: not applied', async () => {
    const { outcome } = await one(Array.from({ length: 100 }, () => down(false)));
    expect(outcome).toMatchObject({
      status: 'not-applied',
      error: { code: 'UNSILO_TEST_DOWN', message: 'down, [hidden]' },
    });
  });

  test('down until the deadline, perhaps reached: settled by reading', async () => {
    const { outcome } = await one(
      Array.from({ length: 100 }, () => down()),
      update('c1'),
      (cards) => {
        cards.settle = () =>
          Promise.resolve({
            status: 'applied',
            ref: 'rolodex/card/1',
            version: { major: 200, minor: 0 },
            exact: false,
          });
      },
    );
    expect(outcome).toMatchObject({ status: 'applied', exact: false });
  });

  test('neither known nor found out: uncertain, and read again at once', async () => {
    const { outcome, cards } = await one(Array.from({ length: 100 }, () => down()));
    expect(outcome.status).toBe('uncertain');
    await until('it reads again', () => cards.readings === 2);
  });

  test('refused after an unclear try: uncertain, since the refusal may be of our own write', async () => {
    const { outcome } = await one([down(), new TerminalError('UNSILO_TEST_DUPLICATE', 'exists')]);
    expect(outcome.status).toBe('uncertain');
  });

  test.each(['rolodex/card/19', 'elsewhere/card/1'])('an answer about another record, %s: uncertain', async (ref) => {
    const { outcome } = await one([
      { status: 'applied', ref, version: { major: 200, minor: 0 }, left: { kind: 'person' }, exact: true },
    ]);
    expect(outcome).toMatchObject({ status: 'uncertain', error: { code: 'UNSILO_CONNECTOR_INVALID_OUTCOME' } });
    expect(outcome).not.toHaveProperty('ref');
  });

  test('a record made in another system: uncertain', async () => {
    const cards = world();
    const started = await run(cards);
    const { ref: _, base: __, ...common } = update('c1');
    cards.writes.push({ status: 'applied', ref: 'elsewhere/card/1', version: { major: 1, minor: 0 } });
    await issue(started, {
      ...common,
      action: 'create',
      kind: 'card',
      externalKey: 'k1',
      createdFor: 'elsewhere/card/1',
    });
    await reported(started, 1);
    expect(outcomes(started)).toMatchObject([{ status: 'uncertain' }]);
  });

  test('an answer that breaks the contract: uncertain', async () => {
    const { outcome } = await one([{ status: 'applied', left: { kind: 'robot' } } as never]);
    expect(outcome).toMatchObject({ status: 'uncertain', error: { code: 'UNSILO_CONNECTOR_INVALID_OUTCOME' } });
  });

  test('a connector that only reads: rejected', async () => {
    const cards = world();
    const { write: _, ...readOnly } = cards.connector;
    const started = await testRun(readOnly, {});
    runs.push(started);
    await issue(started, update('c1'));
    await reported(started, 1);
    expect(outcomes(started)[0]).toMatchObject({ status: 'rejected', error: { code: 'UNSILO_CONNECTOR_READ_ONLY' } });
  });

  test('pausing: kept, and carried out after resuming', async () => {
    const cards = world();
    cards.writes = [new PauseError('UNSILO_TEST_DENIED', 'no right to write')];
    const started = await run(cards);
    await issue(started, update('c1'));
    await until('it is paused', () => started.runner.status().state === 'paused');
    expect(outcomes(started)).toEqual([]);
    await started.runner.resume();
    await reported(started, 1);
    expect(outcomes(started)[0]!.status).toBe('applied');
  });
});

test('commands of one record keep their order, others pass a slow one by', async () => {
  const cards = world();
  cards.cards.push({ id: '2', name: 'Bo', changed: 100 });
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  cards.writes = [async () => (await held, { status: 'conflict' })];
  const started = await run(cards);
  await issue(started, update('a1'), update('a2'), update('b1', { ref: 'rolodex/card/2' }));
  await reported(started, 1);
  expect(outcomes(started).map((outcome) => outcome.command)).toEqual(['b1']);
  release();
  await reported(started, 3);
  expect(outcomes(started).map((outcome) => outcome.command)).toEqual(['b1', 'a1', 'a2']);
});

describe('outcomes that wait for each other', () => {
  const card = (id: string) => `rolodex/card/${id}`;

  /** Holds the first outcome on its way to the log, and lets the others gather behind it. */
  async function gathered(
    cards: ReturnType<typeof world>,
    commands: Command[],
  ): Promise<{ run: TestRun; appends: number[] }> {
    const appends: number[] = [];
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const started = await run(cards, {
      wrap: ({ log, storage }) => ({
        storage,
        log: {
          ...log,
          async append(messages) {
            const told = messages.filter(({ topic }) => topic.includes('outcomes')).length;
            if (told > 0) appends.push(told);
            if (told > 0 && appends.length === 1) await held;
            return log.append(messages);
          },
        },
      }),
    });
    await issue(started, ...commands);
    await until('all are written', () => cards.written.length === commands.length && appends.length === 1);
    release();
    await reported(started, commands.length);
    return { run: started, appends };
  }

  test('are kept and told together', async () => {
    const cards = world();
    const ids = ['1', '2', '3', '4'];
    cards.cards = ids.map((id) => ({ id, name: 'Ada', changed: 100 }));
    const { run: started, appends } = await gathered(
      cards,
      ids.map((id) => update(`c${id}`, { ref: card(id) })),
    );
    expect(appends.reduce((sum, told) => sum + told, 0)).toBe(4);
    expect(appends.length).toBeLessThanOrEqual(2);
    expect(outcomes(started).map(({ status }) => status)).toEqual(['applied', 'applied', 'applied', 'applied']);
  });

  test('see what those before them are about to leave: two states of one record have two versions', async () => {
    const cards = world();
    cards.cards = ['1', '2', '3', '9'].map((id) => ({ id, name: 'Ada', changed: 100 }));
    const made = (name: string): WriteResult => ({
      status: 'applied',
      ref: card('9'),
      version: { major: 200, minor: 0 },
      changedAt: new Date(NOW).toISOString(),
      left: { kind: 'person', name: { full: name } },
      exact: false,
    });
    cards.writes = [{ status: 'conflict', ref: card('1') }, made('Ada'), made('Bo')];
    const create = (id: string): Command => {
      const { ref: _, base: __, action: ___, ...rest } = update(id);
      return { ...rest, action: 'create', kind: 'card', externalKey: id, createdFor: `crm/contact/${id}` };
    };
    const { run: started } = await gathered(cards, [update('c1'), create('c2'), create('c3')]);
    const versions = outcomes(started).flatMap(({ ref, version }) => (ref === card('9') ? [version] : []));
    expect(versions).toEqual([
      { major: 200, minor: 0 },
      { major: 200, minor: 1 },
    ]);
  });
});

test('broken commands are parked with where they stood; those of other tenants are left alone', async () => {
  const cards = world();
  const started = await run(cards);
  const foreign = commandEvent('other', update('x'));
  const elsewhere = commandEvent('acme', { ...update('y'), system: 'other' });
  await started.log.append([
    { topic: 'unsilo.commands.rolodex.v1', key: 'acme/x', value: '{' },
    { topic: 'unsilo.commands.rolodex.v1', key: 'acme/y', value: JSON.stringify(elsewhere) },
    { ...placeOf(foreign), value: JSON.stringify(foreign) },
  ]);
  await issue(started, update('c1'));
  await reported(started, 1);
  expect(started.events('dead-letters').map((event) => event.data)).toMatchObject([
    { code: 'UNSILO_NOT_JSON', at: { topic: 'unsilo.commands.rolodex.v1', offset: 0, partition: 0 }, payload: '{' },
    { code: 'UNSILO_COMMAND_MISPLACED', at: { offset: 1 } },
  ]);
  expect(cards.written.map(({ id }) => id)).toEqual(['c1']);
});
