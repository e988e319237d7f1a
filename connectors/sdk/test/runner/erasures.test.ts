import {
  commandEvent,
  decisionEvent,
  placeOf,
  type Command,
  type Decision,
  type Outcome,
  type UnsiloEvent,
} from '@unsilo/schemas';
import { emptyDurable, testRun, until, type Durable, type TestRun, type TestRunOptions } from '../../src/testing.js';
import { rolodex } from './rolodex.js';

const runs: TestRun[] = [];
afterEach(async () => {
  for (const started of runs.splice(0)) await started.close();
});

const NOW = Date.UTC(2026, 2, 1, 9, 30);
const iso = (ms: number) => new Date(ms).toISOString();

function update(id: string, issuedAt = NOW): Command {
  return {
    id,
    system: 'rolodex',
    cause: { kind: 'plan' },
    issuedAt: iso(issuedAt),
    deadline: iso(NOW + 3_600_000),
    attempt: 1,
    action: 'update',
    ref: 'rolodex/card/1',
    base: { major: 100, minor: 0 },
    set: { 'name.full': { value: 'Augusta', asOf: 0 } },
  };
}
function erase(refs: string[], decidedAt = NOW + 1000): Decision {
  return { id: `erase ${decidedAt}`, kind: 'erase', refs, author: 'steward', decidedAt: iso(decidedAt) } as Decision;
}

async function say(started: TestRun, ...events: UnsiloEvent[]): Promise<void> {
  await started.log.append(events.map((event) => ({ ...placeOf(event), value: JSON.stringify(event) })));
}
const command = (given: Command) => commandEvent('acme', given);
const decision = (given: Decision, tenant = 'acme') => decisionEvent(tenant, given);
const outcomes = (started: TestRun) => started.events('outcomes').map((event) => event.data as Outcome);
const kept = ({ storage }: Durable) => [...storage.entries()].flat().join('\n');

/** A rolodex whose connector notes which records it was told to forget. */
function world() {
  const made = rolodex();
  made.cards = [{ id: '1', name: 'Ada', changed: 100 }];
  const forgotten: (readonly string[])[] = [];
  made.connector.forget = async (_, refs) => void forgotten.push(refs);
  return { ...made, forgotten };
}
async function run(connector: ReturnType<typeof world>['connector'], settings: TestRunOptions): Promise<TestRun> {
  const started = await testRun(connector, {}, settings);
  runs.push(started);
  await until('it was read', () => started.runner.status().counts.readings > 0);
  return started;
}

test('an erasure takes the values out of the outcomes that are kept, and tells the connector about its own records', async () => {
  const durable = emptyDurable();
  const { connector, forgotten } = world();
  const started = await run(connector, { durable });
  await say(started, command(update('c1')));
  await until('it is written', () => outcomes(started).length === 1);
  expect(kept(durable)).toContain('Augusta');
  await say(started, decision(erase(['rolodex/card/1', 'shop/row/1'])));
  await until('the connector is told', () => forgotten.length === 1);
  expect(forgotten).toEqual([['rolodex/card/1']]);
  expect(kept(durable)).not.toMatch(/Ada|Augusta/);
  // A command that is delivered once more is still answered and not carried out again.
  await say(started, command(update('c1')));
  await until('it is answered', () => outcomes(started).length === 2);
  const { before: _, left: __, ...bare } = outcomes(started)[0]!;
  expect(outcomes(started)[1]).toEqual(bare);
  expect(started.runner.status().counts.commands).toBe(1);
});

test('the state that was erased is not told again by the next reading', async () => {
  const { connector, forgotten } = world();
  const started = await run(connector, {});
  await say(started, decision(erase(['rolodex/card/1'])));
  await until('the connector is told', () => forgotten.length === 1);
  started.runner.poke();
  await until('it was read again', () => started.runner.status().counts.readings === 2);
  expect(started.events('parties')).toHaveLength(1);
});

test('a write under way while its record is erased keeps no values; a later one does', async () => {
  const durable = emptyDurable();
  const { connector, writes, forgotten } = world();
  let answer: () => void = () => undefined;
  const left = { kind: 'person' as const, name: { full: 'Augusta' } };
  const version = { major: 101, minor: 0 };
  const result = { status: 'applied', ref: 'rolodex/card/1', version, left, exact: false } as const;
  writes.push(() => new Promise((resolve) => (answer = () => resolve(result))));
  const started = await run(connector, { durable });
  await say(started, command(update('c1')));
  await until('it is being written', () => started.runner.status().counts.commands === 1);
  await say(started, decision(erase(['rolodex/card/1'])));
  await until('the connector is told', () => forgotten.length === 1);
  answer();
  await until('it is written', () => outcomes(started).length === 1);
  await until('the connector is told again', () => forgotten.length === 2);
  expect(kept(durable)).not.toContain('Augusta');
  await say(started, command({ ...update('c2', NOW + 2000) }));
  await until('it is written', () => outcomes(started).length === 2);
  expect(kept(durable)).toContain('Augusta');
});

test('a paused system forgets, one that was off meanwhile forgets when it starts, and other tenants are let be', async () => {
  const durable = emptyDurable();
  const first = world();
  const started = await run(first.connector, { durable });
  await say(started, command(update('c1')));
  await until('it is written', () => outcomes(started).length === 1);
  await started.runner.pause('holidays');
  await say(started, decision(erase(['rolodex/card/1'], NOW + 1000), 'other'), decision(erase(['rolodex/card/2'])));
  await until('the connector is told', () => first.forgotten.length === 1);
  expect(first.forgotten).toEqual([['rolodex/card/2']]);
  await started.runner.close();
  await say(started, decision(erase(['rolodex/card/1'], NOW + 5000)));
  expect(kept(durable)).toContain('Augusta');
  const second = world();
  await run(second.connector, { durable });
  await until('the connector is told', () => second.forgotten.length === 1);
  expect(kept(durable)).not.toMatch(/Ada|Augusta/);
});

test('a connector that could not forget is told again', async () => {
  const { connector } = world();
  let tries = 0;
  connector.forget = async () => {
    tries += 1;
    if (tries === 1) throw new Error('busy');
  };
  const started = await run(connector, {});
  await say(started, decision(erase(['rolodex/card/1'])));
  await until('it was tried twice', () => tries === 2);
  expect(started.logged.some(({ message }) => message.includes('An erasure will be tried again'))).toBe(true);
});
