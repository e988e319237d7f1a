import {
  commandEvent,
  decisionEvent,
  placeOf,
  type Command,
  type Decision,
  type Party,
  type UnsiloEvent,
} from '@unsilo/schemas';
import { emptyDurable, testRun, until, type TestRun } from '@unsilo/connector-sdk/testing';
import { csv } from '../src/index.js';
import { FILES_FROM, folders, type Folders } from './folder.js';

let files: Folders;
let started: TestRun | undefined;
beforeEach(() => (files = folders()));
afterEach(async () => {
  await started?.close();
  files.remove();
});

const DECIDED = FILES_FROM + 3_600_000;
const ADA = '1,Ada,ada@example.org\n';
const BO = '2,Bo,bo@example.org\n';
const HEAD = 'id,first,email\n';

async function run(durable = emptyDurable(), out: object = {}): Promise<TestRun> {
  started = await testRun(
    csv,
    {
      folder: files.in,
      id: 'id',
      settleMs: 0,
      mapping: { fields: { first: 'name.given', email: 'emails' } },
      out: { folder: files.out, delayMs: 0, ...out },
    },
    { durable },
  );
  await until('it was read', () => started!.runner.status().counts.readings > 0);
  return started;
}
async function say(...events: UnsiloEvent[]): Promise<void> {
  await started!.log.append(events.map((event) => ({ ...placeOf(event), value: JSON.stringify(event) })));
}
async function erase(...ids: string[]): Promise<void> {
  const refs = ids.map((id) => `csv/contact/${id}`);
  const decided = { id: 'd1', kind: 'erase', refs, author: 'steward', decidedAt: new Date(DECIDED).toISOString() };
  await say(decisionEvent('acme', decided as Decision));
}
async function drop(name: string, text: string): Promise<void> {
  const { runner } = started!;
  const { readings } = runner.status().counts;
  files.drop(name, text);
  runner.poke();
  await until('it was read', () => runner.status().counts.readings > readings);
}
const told = () => started!.events('parties').map(({ data }) => data as Party);
function update(id: string, base: Party['version'], given: string): Command {
  return {
    id,
    system: 'csv',
    cause: { kind: 'plan' },
    issuedAt: new Date(FILES_FROM).toISOString(),
    deadline: '2027-01-01T00:00:00.000Z',
    attempt: 1,
    action: 'update',
    ref: 'csv/contact/1',
    base,
    set: { 'name.given': { value: given, asOf: 0 } },
  };
}

test('an erased row leaves the memory and the file that is written; the others stay', async () => {
  const durable = emptyDurable();
  files.drop('a.csv', HEAD + ADA + BO);
  await run(durable, { rows: 'all' });
  await say(commandEvent('acme', update('c1', told()[0]!.version, 'Augusta')));
  await until(
    'it is written out',
    () => files.writtenNames().includes('csv.csv') && files.written().includes('Augusta'),
  );
  await erase('1');
  await until('it is written out without her', () => files.written() === HEAD + BO);
  const kept = [...durable.storage.values()].join('\n');
  expect(kept).not.toMatch(/Ada|ada@|Augusta/);
  expect(kept).toContain('bo@example.org');
});

test('files that say once more what they said, or what was written out, bring nothing back', async () => {
  files.drop('a.csv', HEAD + ADA + BO);
  await run();
  await say(commandEvent('acme', update('c1', told()[0]!.version, 'Augusta')));
  await until('it is written out', () => files.writtenNames().includes('csv.csv'));
  const before = told().length;
  await erase('1');
  await until('it is written out without her', () => !files.written().includes('Augusta'));
  await drop('b.csv', HEAD + ADA + BO);
  await drop('c.csv', `${HEAD}1,Augusta,ada@example.org\n${BO}`);
  expect(told()).toHaveLength(before);
});

test('what is said of the row afterwards is news, and whole', async () => {
  files.drop('a.csv', HEAD + ADA);
  await run();
  await erase('1');
  await until('it is forgotten', () => ![...started!.durable.storage.values()].join('').includes('Ada'));
  await drop('b.csv', `${HEAD}1,Ada,ada@new.example\n`);
  expect(told()).toHaveLength(2);
  const [first, second] = told();
  expect(second?.state).toMatchObject({ name: { given: 'Ada' }, emails: [{ address: 'ada@new.example' }] });
  expect(second!.version.major).toBeGreaterThan(first!.version.major);
});

test('a command for an erased row is refused', async () => {
  files.drop('a.csv', HEAD + ADA);
  await run();
  await erase('1');
  await until('it is forgotten', () => ![...started!.durable.storage.values()].join('').includes('Ada'));
  await say(commandEvent('acme', update('c1', told()[0]!.version, 'Augusta')));
  await until('it is answered', () => started!.events('outcomes').length === 1);
  expect(started!.events('outcomes')[0]?.data).toMatchObject({
    status: 'rejected',
    error: { code: 'UNSILO_CSV_ROW_ERASED' },
  });
});
