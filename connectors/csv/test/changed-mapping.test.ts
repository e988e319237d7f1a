import {
  commandEvent,
  decisionEvent,
  placeOf,
  type AttributeValue,
  type Command,
  type Decision,
  type Outcome,
  type Party,
  type Version,
} from '@unsilo/schemas';
import { crashAt, emptyDurable, testRun, until, type TestRun } from '@unsilo/connector-sdk/testing';
import { csv } from '../src/index.js';
import { FILES_FROM, folders, type Folders } from './folder.js';

let files: Folders;
let durable = emptyDurable();
let started: TestRun | undefined;
beforeEach(() => {
  files = folders();
  durable = emptyDurable();
});
afterEach(async () => {
  await started?.close();
  files.remove();
});

const NAMES = { vn: 'name.given', nn: 'name.surname' };
const ROWS = 'id,vn,nn,Seg,city\n1,Otto,Zander,VIP,Bonn\n2,Uwe,Lang,STD,Kiel\n';

/** Starts the system, as after a restart. */
async function run(fields: object, options: object = {}): Promise<TestRun> {
  await started?.close();
  const given = { folder: files.in, id: 'id', settleMs: 0, mapping: { fields } };
  started = await testRun(csv, { ...given, out: { folder: files.out, delayMs: 0 }, ...options }, { durable });
  await until('it was read', () => started!.runner.status().counts.readings > 0);
  return started;
}
const parties = () => started!.events('parties').map(({ data }) => data as Party);
const told = () =>
  parties().map(
    ({ ref, state, changedAt }) => `${ref} ${state?.name?.given} ${state?.note ?? '-'} ${changedAt.slice(0, 16)}`,
  );
async function carryOut(id: string, base: Version, value: AttributeValue, attribute = 'note'): Promise<Outcome> {
  const command: Command = {
    id,
    system: 'csv',
    cause: { kind: 'plan' },
    issuedAt: new Date(started!.clock.now()).toISOString(),
    deadline: new Date(started!.clock.now() + 3_600_000).toISOString(),
    attempt: 1,
    action: 'update',
    ref: 'csv/contact/1',
    base,
    set: { [attribute]: { value, asOf: 0 } },
  };
  const event = commandEvent('acme', command);
  await started!.log.append([{ ...placeOf(event), value: JSON.stringify(event) }]);
  const found = () =>
    started!
      .events('outcomes')
      .map(({ data }) => data as Outcome)
      .find((outcome) => outcome.command === id);
  await until('the command has ended', () => found() !== undefined);
  return found()!;
}

test('a column that joins the mapping is told of every row, in a version of its own and with the time of its file', async () => {
  files.drop('a.csv', ROWS, FILES_FROM);
  await run(NAMES);
  await run({ ...NAMES, seg: 'note' });
  expect(told()).toEqual([
    'csv/contact/1 Otto - 2026-02-01T00:00',
    'csv/contact/2 Uwe - 2026-02-01T00:00',
    'csv/contact/1 Otto VIP 2026-02-01T00:00',
    'csv/contact/2 Uwe STD 2026-02-01T00:00',
  ]);
  const [first, , second] = parties();
  expect(second!.version.major).toBeGreaterThan(first!.version.major);
  await run({ ...NAMES, seg: 'note' });
  expect(told()).toHaveLength(4);
});

test('a write that was planned before the mapping changed meets a row that has moved on; the next one knows the column', async () => {
  files.drop('a.csv', ROWS, FILES_FROM);
  await run(NAMES);
  const { version: old } = parties()[0]!;
  await run({ ...NAMES, seg: 'note' });
  expect(await carryOut('c1', old, 'bitte anrufen')).toMatchObject({ status: 'conflict' });
  expect(files.writtenNames()).toEqual([]);
  const { version } = parties().at(-2)!;
  const outcome = await carryOut('c2', version, 'bitte anrufen');
  expect(outcome).toMatchObject({ status: 'applied', before: { note: 'VIP' }, left: { note: 'bitte anrufen' } });
  await until('it is written', () => files.writtenNames().includes('csv.csv'));
  expect(files.written()).toBe('id,vn,nn,seg,city\n1,Otto,Zander,bitte anrufen,Bonn\n');
});

test('a row that says the same under another mapping can still be written', async () => {
  files.drop('a.csv', ROWS, FILES_FROM);
  await run({ ...NAMES, Seg: 'note' });
  await run({ ...NAMES, Seg: 'note', fax: 'phones' });
  expect(await carryOut('c1', parties().at(-2)!.version, 'x')).toMatchObject({ status: 'applied' });
});

test.each([2, 5, 8])(
  'a process that ends while rows are told anew goes on with those that are left: step %i',
  async (step) => {
    const many = Array.from({ length: 1200 }, (_, i) => `${i},N${i},S${i}\n`).join('');
    files.drop('a.csv', `id,vn,seg\n${many}`, FILES_FROM);
    await run(NAMES);
    await started!.close();
    const crash = crashAt(step, step % 2 === 0);
    const given = { folder: files.in, id: 'id', settleMs: 0, mapping: { fields: { ...NAMES, seg: 'note' } } };
    started = await testRun(csv, given, { durable, wrap: crash.wrap });
    await until('it ended', () => crash.hit());
    await run({ ...NAMES, seg: 'note' });
    const notes = new Map(parties().map(({ ref, state }) => [ref, state?.note]));
    expect([...notes.values()].filter((note) => note !== undefined)).toHaveLength(1200);
    const { version } = parties().findLast(({ ref }) => ref === 'csv/contact/1')!;
    expect(await carryOut('c1', version, 'x')).toMatchObject({ status: 'applied' });
  },
);

test('rows of which a steward erased everything stay so when the mapping spells a column otherwise', async () => {
  files.drop('a.csv', ROWS, FILES_FROM);
  await run(NAMES);
  const decided = new Date(FILES_FROM + 1000).toISOString();
  const refs = ['csv/contact/1'];
  const event = decisionEvent('acme', {
    id: 'd1',
    kind: 'erase',
    refs,
    author: 'steward',
    decidedAt: decided,
  } as Decision);
  await started!.log.append([{ ...placeOf(event), value: JSON.stringify(event) }]);
  await until('it is forgotten', () => ![...durable.storage.values()].join('').includes('Otto'));
  await run({ ...NAMES, seg: 'note' });
  files.drop('b.csv', ROWS, FILES_FROM + 5000);
  const { readings } = started!.runner.status().counts;
  started!.runner.poke();
  await until('it was read again', () => started!.runner.status().counts.readings > readings);
  expect(told().filter((line) => line.includes('/1 '))).toHaveLength(1);
});

describe('an attribute that the mapping no longer has', () => {
  test('is not told as emptied, neither by readings nor by writes', async () => {
    files.drop('a.csv', 'id,vn,seg,city\n1,Otto,G,Bonn\n', FILES_FROM);
    await run({ ...NAMES, seg: 'extra.tier', city: 'addresses.locality' });
    await run({ ...NAMES, seg: 'note' });
    const { state, version } = parties().at(-1)!;
    expect(state).toMatchObject({ note: 'G', extra: { tier: 'G' }, addresses: [{ locality: 'Bonn' }] });
    const kept = { extra: { tier: 'G' }, addresses: [{ locality: 'Bonn' }] };
    expect(await carryOut('c1', version, 'x')).toMatchObject({
      before: { note: 'G', ...kept },
      left: { note: 'x', ...kept },
    });
    files.drop('b.csv', 'id,vn,seg,city\n1,Udo,G,Kiel\n', FILES_FROM + 9000);
    const { readings } = started!.runner.status().counts;
    started!.runner.poke();
    await until('it was read again', () => started!.runner.status().counts.readings > readings);
    expect(parties().at(-1)!.state).toMatchObject({ name: { given: 'Udo' }, ...kept });
  });

  test('says what its column has once it is mapped again', async () => {
    files.drop('a.csv', 'id,vn,seg\n1,Otto,G\n', FILES_FROM);
    await run({ ...NAMES, seg: 'extra.tier' });
    await run(NAMES);
    expect(parties().at(-1)!.state?.extra).toEqual({ tier: 'G' });
    files.drop('b.csv', 'id,vn,seg\n1,Otto,\n', FILES_FROM + 9000);
    await run({ ...NAMES, seg: 'extra.tier' });
    expect(parties().at(-1)!.state?.extra).toBeUndefined();
  });

  test('nor is one column of several that make a list, until somebody writes the list', async () => {
    files.drop('a.csv', 'id,vn,Mail,mail2\n1,Otto,z@x.example,a@x.example\n', FILES_FROM);
    await run({ ...NAMES, Mail: 'emails', mail2: 'emails' });
    await run({ ...NAMES, mail: 'emails' });
    const { state, version } = parties().at(-1)!;
    expect(state?.emails).toEqual([{ address: 'z@x.example' }, { address: 'a@x.example' }]);
    const outcome = await carryOut('c1', version, [{ address: 'n@x.example' }], 'emails');
    expect(outcome).toMatchObject({ status: 'applied', before: { emails: state!.emails } });
    expect(outcome.left?.emails).toEqual([{ address: 'n@x.example' }]);
    await until('it is written', () => files.writtenNames().includes('csv.csv'));
    expect(files.written()).toBe('id,vn,mail,mail2\n1,Otto,n@x.example,a@x.example\n');
  });

  test('nor is a constant that is taken out', async () => {
    files.drop('a.csv', 'id,vn,nn\n1,Otto,Zander\n', FILES_FROM);
    await run(NAMES, { mapping: { fields: NAMES, constants: { language: 'de' } } });
    await run(NAMES);
    expect(parties()).toHaveLength(2);
    expect(parties().at(-1)!.state).toMatchObject({ name: { given: 'Otto' }, language: 'de' });
  });
});
