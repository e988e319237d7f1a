import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import type { Position } from '@unsilo/event-log';
import {
  type DeadLetter,
  type RecordSummary,
  deadLetterEvent,
  declareTopics,
  decisionEvent,
  objectEvent,
  recordEvent,
  signalEvent,
  topicName,
  type UnsiloEvent,
} from '@unsilo/schemas';
import { admin, crm, openTestHub, planned, policyFor, seen, type TestHub } from './test-hub.js';

interface Case {
  title: string;
  /** Default: the parties' topic. */
  topic?: string;
  value: string | Buffer | null;
  code: string;
  /** Part of the message that people read. */
  says: RegExp;
}

const parties = topicName('parties');
const at = '2026-03-01T12:00:00.000Z';
const good = seen('a/contact/bad', 1, { name: { given: 'Ada' }, note: 'NOTE' });
const text = JSON.stringify(good);
/** The good event with one piece of its text replaced. */
function spoilt(piece: string | RegExp, by: string): string {
  const result = text.replace(piece, () => by);
  if (result === text) throw new Error(`${String(piece)} is not in the event`);
  return result;
}

const saying = { id: 'd1', author: 's', decidedAt: at };
const decision = decisionEvent('acme', {
  ...saying,
  kind: 'link',
  refs: ['a/contact/1', 'a/contact/2'],
});
const object = objectEvent('acme', {
  ref: 'a/case/1',
  version: { major: 1, minor: 0 },
  createdAt: at,
  changedAt: at,
  observedAt: at,
  state: { kind: 'case', name: 'Late order', status: 'new', parties: [] },
});

const summarised = (summary: RecordSummary['summary'] & object): string => {
  const rest = { observations: [], commands: [], outcomes: [] };
  const record = { ref: 'a/contact/9', horizon: { major: 1, minor: 0 }, summary, ...rest };
  return JSON.stringify(recordEvent('acme', record, { revision: 1, at }));
};

const cases: Case[] = [
  { title: 'no JSON', value: '{"specversion": "1.0", ', code: 'UNSILO_NOT_JSON', says: /line 1, column \d+/ },
  { title: 'nothing', value: '', code: 'UNSILO_NOT_JSON', says: /line 1/ },
  { title: 'NaN', value: spoilt('"major":1', '"major":NaN'), code: 'UNSILO_NOT_JSON', says: /column/ },
  { title: 'a truncated event', value: text.slice(0, text.length / 2), code: 'UNSILO_NOT_JSON', says: /column/ },
  { title: 'XML', value: '<?xml version="1.0"?><event/>', code: 'UNSILO_NOT_JSON', says: /column 1 / },
  { title: 'Latin-1', value: Buffer.from(spoilt('NOTE', 'café'), 'latin1'), code: 'UNSILO_NOT_UTF8', says: /byte \d+/ },
  { title: 'UTF-16', value: Buffer.from(`\ufeff${text}`, 'utf16le'), code: 'UNSILO_NOT_UTF8', says: /byte 0/ },
  { title: 'bytes', value: Buffer.from([0, 255, 254, 1, 2, 128]), code: 'UNSILO_NOT_UTF8', says: /byte 1/ },
  { title: 'half a surrogate pair', value: spoilt('NOTE', '\\ud83d'), code: 'UNSILO_INVALID', says: /surrogate/ },
  {
    title: '__proto__ in a state',
    value: spoilt('"note":', '"__proto__":{"admin":true},"note":'),
    code: 'UNSILO_INVALID',
    says: /__proto__/,
  },
  {
    title: '__proto__ in the envelope',
    value: spoilt('{', '{"__proto__":{"tenant":"acme"},'),
    code: 'UNSILO_INVALID',
    says: /__proto__/,
  },
  {
    title: 'a number past 2^53',
    value: spoilt('"major":1', '"major":9007199254740993'),
    code: 'UNSILO_INVALID',
    says: /version\/major/,
  },
  {
    title: 'a number past all numbers',
    value: spoilt('"major":1', '"major":1e999'),
    code: 'UNSILO_INVALID',
    says: /version\/major/,
  },
  {
    title: 'a day that does not exist',
    value: spoilt(/"changedAt":"[^"]*"/, '"changedAt":"2026-02-30T12:00:00Z"'),
    code: 'UNSILO_INVALID',
    says: /changedAt/,
  },
  {
    title: 'a month that does not exist',
    value: spoilt(/"changedAt":"[^"]*"/, '"changedAt":"2026-13-01T12:00:00Z"'),
    code: 'UNSILO_INVALID',
    says: /changedAt/,
  },
  {
    title: 'an unknown field',
    value: spoilt('"note":', '"shoeSize":43,"note":'),
    code: 'UNSILO_INVALID',
    says: /shoeSize/,
  },
  {
    title: 'a control character in a ref',
    value: text.replaceAll('a/contact/bad', 'a/contact/b\\u0000d'),
    code: 'UNSILO_INVALID',
    says: /ref|subject|id/,
  },
  { title: 'no event at all', value: '{"hello":"world"}', code: 'UNSILO_INVALID', says: /./ },
  { title: 'null as JSON', value: 'null', code: 'UNSILO_INVALID', says: /./ },
  { title: 'a list', value: `[${text}]`, code: 'UNSILO_INVALID', says: /./ },
  {
    title: 'bottomless nesting',
    value: spoilt('"NOTE"', `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    code: 'UNSILO_INVALID',
    says: /note/,
  },
  { title: 'bottomless nesting without end', value: '{"a":'.repeat(100_000), code: 'UNSILO_NOT_JSON', says: /column/ },
  {
    title: "a stranger's event",
    value: spoilt('unsilo.party.changed', 'com.example.order.placed'),
    code: 'UNSILO_INVALID',
    says: /type/,
  },
  {
    title: 'an event of another version of CloudEvents',
    value: spoilt('"1.0"', '"0.3"'),
    code: 'UNSILO_INVALID',
    says: /specversion/,
  },
  {
    title: "another tenant's event",
    value: spoilt('"tenant":"acme"', '"tenant":"globex"'),
    code: 'UNSILO_OTHER_TENANT',
    says: /tenant/,
  },
  { title: 'a tombstone', value: null, code: 'UNSILO_UNEXPECTED_TOMBSTONE', says: /compacted/ },
  {
    title: 'a decision among the parties',
    value: JSON.stringify(decision),
    code: 'UNSILO_MISPLACED_EVENT',
    says: /decision/,
  },
  {
    title: 'an object among the parties',
    value: JSON.stringify(object),
    code: 'UNSILO_MISPLACED_EVENT',
    says: /object/,
  },
  {
    title: 'a signal among the parties',
    value: JSON.stringify(signalEvent('acme', { name: 'snapshot.completed', system: 'a', at })),
    code: 'UNSILO_MISPLACED_EVENT',
    says: /signal/,
  },
  {
    title: 'a party among the interactions',
    topic: topicName('interactions'),
    value: text,
    code: 'UNSILO_MISPLACED_EVENT',
    says: /party/,
  },
  {
    title: 'a party among the decisions',
    topic: topicName('decisions'),
    value: text,
    code: 'UNSILO_MISPLACED_EVENT',
    says: /party/,
  },
  {
    title: 'a party among the commands',
    topic: topicName('commands', 'a'),
    value: text,
    code: 'UNSILO_MISPLACED_EVENT',
    says: /party/,
  },
  {
    title: 'a decision to keep what no record could hold',
    topic: topicName('decisions'),
    value: JSON.stringify(
      decisionEvent('acme', { ...saying, kind: 'keep', ref: 'a/contact/9', attribute: 'emails', value: [{}] }),
    ),
    code: 'UNSILO_INVALID',
    says: /\/data\/value\/0\/address/,
  },
  {
    title: 'a command that writes what can not be read',
    topic: topicName('commands', 'a'),
    value: JSON.stringify(
      planned({
        id: 'c9',
        system: 'a',
        action: 'update',
        ref: 'a/contact/9',
        base: { major: 1, minor: 0 },
        set: { phones: { value: [{ adress: 'x' }], asOf: 1 } },
      }),
    ),
    code: 'UNSILO_INVALID',
    says: /\/data\/set\/phones/,
  },
  {
    title: 'a record as a later version of the hub sums it up',
    topic: topicName('records'),
    value: summarised({ format: 9 }),
    code: 'UNSILO_UNKNOWN_FORM',
    says: /this hub writes form 1/,
  },
  {
    title: 'a record whose summary is nothing',
    topic: topicName('records'),
    value: summarised({ format: 1, state: {}, answered: [], asOf: [] }),
    code: 'UNSILO_UNKNOWN_FORM',
    says: /can't be read/,
  },
  {
    title: 'a value of several megabytes',
    value: spoilt('NOTE', 'x'.repeat(5_000_000)),
    code: 'UNSILO_INVALID',
    says: /note/,
  },
  { title: 'several megabytes of nothing', value: Buffer.alloc(5_000_000), code: 'UNSILO_NOT_JSON', says: /column 1 / },
];

describe('input that can not be used is parked with its place, and its neighbours are processed', () => {
  let hub: TestHub;
  const places = new Map<string, Position>();
  const neighbours = (i: number, side: 'before' | 'after'): UnsiloEvent =>
    seen(`a/contact/${i}-${side}`, 1, { name: { given: `Ada${i}${side}` } });

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'unsilo-bad-input-'));
    const environment = await openEnvironment({ folder });
    const log = openLmdbEventLog(environment);
    await log.declare(declareTopics(['a']));
    for (const [i, { title, value, topic = parties }] of cases.entries()) {
      // One key is one partition: the good ones stand right before and right behind the bad one where the topic is theirs.
      const key = `acme/a/contact/bad-${i}`;
      const [, place] = await log.append([
        { topic: parties, key, value: JSON.stringify(neighbours(i, 'before')) },
        { topic, key, value },
        { topic: parties, key, value: JSON.stringify(neighbours(i, 'after')) },
      ]);
      if (place) places.set(title, place);
    }
    await log.close();
    await environment.close();
    hub = await openTestHub({ systems: [crm('a')], policy: policyFor([]), folder });
    await hub.hub.settled();
  });
  afterAll(() => hub.close());

  it.each(cases)('$title', async ({ title, code, says }) => {
    const { topic, partition, offset } = places.get(title) as Position;
    const letter = await hub.hub.service.deadLetter(admin, `${topic}/${partition}/${offset}`);
    expect(letter).toMatchObject({ code, state: 'open', at: { topic, partition, offset } });
    expect(letter.message).toMatch(says);
    expect(Buffer.byteLength(letter.payload ?? '')).toBeLessThan(100_000);
    const i = cases.findIndex((c) => c.title === title);
    for (const side of ['before', 'after'] as const) {
      const found = await hub.hub.service.searchCustomers(admin, { text: `Ada${i}${side}`, limit: 10 });
      expect(found.items).toHaveLength(1);
    }
  });

  it('nothing else is parked, and nothing of it has become a customer, a decision or an object', async () => {
    expect((await hub.hub.service.deadLetters(admin, { limit: 1000 })).items).toHaveLength(cases.length);
    expect((await hub.hub.service.searchCustomers(admin, { limit: 1000 })).items).toHaveLength(2 * cases.length);
    expect((await hub.hub.service.decisions(admin, { limit: 10 })).items).toEqual([]);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  it('a restart parks nothing again', async () => {
    await hub.reopen();
    await hub.hub.settled();
    expect((await hub.hub.service.deadLetters(admin, { limit: 1000 })).items).toHaveLength(cases.length);
  });
});

describe('what a connector could not read', () => {
  let hub: TestHub;
  const parked = (id: string, place: DeadLetter['at'], payload: string): UnsiloEvent =>
    deadLetterEvent('acme', {
      id,
      code: 'UNSILO_CSV_ROW',
      message: 'm',
      at: place,
      payload,
      encoding: 'utf8',
      parkedAt: at,
    });

  beforeAll(async () => {
    hub = await openTestHub({ systems: [crm('a')], policy: policyFor([]) });
    await hub.append(
      parked('row', { system: 'a', file: 'in/people.csv', line: 7 }, 'R-12,"Jo'),
      parked('field', { system: 'a', ref: 'a/contact/1' }, '{"birthdate":"soon"}'),
      parked('page', { system: 'a', url: 'https://a.example/feed' }, '<entry/>'),
      parked('event', { system: 'a', topic: topicName('commands', 'a'), partition: 0, offset: 3 }, '{}'),
    );
    await hub.hub.settled();
  });
  afterAll(() => hub.close());

  it('says that it is no event to replay, and what mends it', async () => {
    const { items } = await hub.hub.service.deadLetters(admin, { limit: 10 });
    const letters = new Map(items.map((letter) => [letter.id, letter]));
    expect(letters.get('row')).toMatchObject({ replayable: false, instead: expect.stringContaining('the file') });
    expect(letters.get('field')).toMatchObject({ replayable: false, instead: expect.stringContaining('the record') });
    expect(letters.get('page')).toMatchObject({ replayable: false, instead: expect.stringContaining('it comes from') });
    expect(letters.get('event')).toMatchObject({ replayable: true });
    expect(letters.get('event')).not.toHaveProperty('instead');
  });

  it.each([{}, { payload: 'R-12,"Jo"' }])(
    'is not replayed as %j, and the refusal says what mends it',
    async (given) => {
      const { instead } = await hub.hub.service.deadLetter(admin, 'row');
      const replay = hub.hub.service.replayDeadLetter(admin, 'row', { ...given, dryRun: true });
      await expect(replay).rejects.toMatchObject({ kind: 'invalid', code: 'UNSILO_NOT_AN_EVENT', hint: instead });
    },
  );

  it('is replayed once it was made an event', async () => {
    const replay = hub.hub.service.replayDeadLetter(admin, 'row', { payload: text, dryRun: true });
    await expect(replay).resolves.toMatchObject({ status: 'would-append', event: good.id });
  });
});
