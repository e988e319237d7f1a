import type { Command, Outcome, Party, RecordSummary, UpdateCommand } from '@unsilo/schemas';
import fc from 'fast-check';
import {
  addCommand,
  addObservation,
  addOutcome,
  compact,
  createNormaliser,
  emptyRecord,
  erase,
  evaluate,
  type RecordFacts,
} from '../../src/domain.js';
import { nextHorizon } from '../../src/domain/compaction.js';
import { bindCreated, inOrder, isOpen } from '../../src/domain/facts.js';
import { absorb, toSummary } from '../../src/domain/rebuild.js';

const ref = 'crm/contact/1';
const context = { normaliser: createNormaliser('DE'), profile: undefined };
const minute = (n: number): number => Date.UTC(2026, 2, 1, 9, n);
const at = (n: number): string => new Date(minute(n)).toISOString();
const version = (major: number) => ({ major, minor: 0 });

function seen(major: number, given: string, when = major): Party {
  const state = { kind: 'person' as const, name: { given } };
  return { ref, version: version(major), changedAt: at(when), observedAt: at(when), state };
}

const routine = { system: 'crm', cause: { kind: 'plan' as const }, attempt: 1 };

function update(id: string, base: number, given: string): UpdateCommand {
  const set = { 'name.given': { value: given, asOf: minute(base) } };
  const times = { issuedAt: at(base), deadline: at(base + 5) };
  return { ...routine, ...times, id, action: 'update', ref, base: version(base), set };
}

const create: Command = {
  ...routine,
  id: 'k',
  issuedAt: at(0),
  deadline: at(5),
  action: 'create',
  kind: 'contact',
  externalKey: 'x',
  createdFor: 'shop/row/1',
  set: { 'name.given': { value: 'Ada', asOf: 1 } },
};

function applied(command: string, major: number, given: string, pre?: number): Outcome {
  const state = { kind: 'person' as const, name: { given } };
  const before = pre === undefined ? {} : { pre: version(pre) };
  const told = { command, system: 'crm', status: 'applied' as const, ref, reportedAt: at(30) };
  return { ...told, ...before, version: version(major), exact: true, left: state };
}

/** As it comes out of the topic. */
function published(record: RecordFacts): RecordSummary {
  return JSON.parse(JSON.stringify(toSummary(record))) as RecordSummary;
}

function rebuilt(...publications: RecordSummary[]): RecordFacts {
  return publications.reduce(absorb, emptyRecord(ref));
}

const history = (record: RecordFacts, ...parties: Party[]): RecordFacts => parties.reduce(addObservation, record);

describe('erased', () => {
  const known = compact(
    history(emptyRecord(ref), seen(1, 'Anna'), seen(2, 'Anna'), seen(3, 'Annabel')),
    version(2),
    context,
  );
  const before = published(known);

  it('what was published before brings nothing back, in any order with the erasure and with what was published after it', () => {
    const after = published(erase(known, minute(20)));
    const decided = (record: RecordFacts): RecordFacts => erase(record, minute(20));
    const ways = [
      absorb(decided(emptyRecord(ref)), before),
      decided(rebuilt(before)),
      rebuilt(before, after),
      rebuilt(after, before),
      rebuilt(after),
    ];
    for (const record of ways) {
      expect(JSON.stringify(record)).not.toContain('Ann');
      expect(record).toEqual(ways[0]);
    }
  });

  it('a version that was erased is not news to a record that was rebuilt, when it is shown again', () => {
    const record = rebuilt(published(erase(known, minute(20))));
    expect(addObservation(record, seen(3, 'Annabel', 40)).observations).toEqual([]);
  });

  it('what came after the erasure stays, summed up or not', () => {
    const back = history(erase(known, minute(20)), seen(4, 'Bea', 24), seen(5, 'Bea', 25), seen(6, 'Beate', 26));
    const after = published(compact(back, version(5), context));
    for (const record of [rebuilt(after), rebuilt(before, after), rebuilt(after, before)])
      expect(evaluate(record, context).scalars.get('name.given')?.testimony).toMatchObject({ value: 'Beate' });
  });
});

it('a record knows which create made it after that was summed up', () => {
  let record = bindCreated(emptyRecord(ref), { ref: 'shop/row/1', command: 'k' });
  record = addOutcome(addCommand(record, create), applied('k', 1, 'Ada'), 'commands');
  record = compact(history(record, seen(1, 'Ada'), seen(2, 'Ada'), seen(3, 'Ada')), version(2), context);
  expect(record.commands).toEqual([]);
  expect(rebuilt(published(record)).createdFor).toEqual({ ref: 'shop/row/1', command: 'k' });
});

it('a command that was open when it was published has ended where a later publication sums it up', () => {
  const open = addCommand(history(emptyRecord(ref), seen(1, 'Anna')), update('c', 1, 'Bo'));
  const ended = history(addOutcome(open, applied('c', 2, 'Bo', 1), 'commands'), seen(2, 'Bo'), seen(3, 'Cy'));
  const later = history(compact(ended, version(3), context), seen(4, 'Dora'));
  for (const record of [rebuilt(published(open), published(later)), rebuilt(published(later), published(open))]) {
    expect(record.commands.filter(isOpen)).toEqual([]);
    expect(record).toEqual(rebuilt(published(later)));
  }
});

it('a write that was planned below the horizon and landed above it is still known when the record is rebuilt', () => {
  let record = addCommand(history(emptyRecord(ref), seen(1, 'Anna'), seen(3, 'Anna')), update('c', 1, 'Bo'));
  record = addOutcome(record, applied('c', 5, 'Bo', 3), 'commands');
  record = compact(history(record, seen(4, 'Anne')), version(4), context);
  expect(record.commands).toHaveLength(1);
  expect(rebuilt(published(record))).toEqual(inOrder(record));
});

/** One step in the life of a record. */
type Step = { kind: 'seen' | 'asked' | 'ended' | 'summed' | 'published' | 'made'; word: string } | { kind: 'erased' };

/** What the record knows in the end, and all that was published of it meanwhile, last what it knows in the end. */
function live(steps: readonly Step[]): { record: RecordFacts; publications: RecordSummary[] } {
  let record = emptyRecord(ref);
  const publications: RecordSummary[] = [];
  let last = 0;
  for (const [n, step] of steps.entries()) {
    const clock = n + 1;
    if (step.kind === 'erased') record = erase(record, minute(clock));
    else if (step.kind === 'seen') record = addObservation(record, seen((last += 1), step.word, clock));
    else if (step.kind === 'asked')
      record = addCommand(record, { ...update(`c${n}`, last, step.word), issuedAt: at(clock) });
    else if (step.kind === 'made' && n === 0)
      record = addCommand(bindCreated(record, { ref: 'shop/row/1', command: 'k' }), create);
    else if (step.kind === 'ended') {
      const open = record.commands.find(isOpen)?.command;
      if (!open) continue;
      const pre = open.action === 'create' ? undefined : last;
      last += 1;
      record = addOutcome(record, { ...applied(open.id, last, step.word, pre), reportedAt: at(clock) }, 'commands');
    } else if (step.kind === 'summed') {
      const horizon = nextHorizon(record, { age: 0, versions: 1 });
      if (horizon) record = compact(record, horizon, context);
    } else if (step.kind === 'published') publications.push(published(record));
  }
  return { record, publications: [...publications, published(record)] };
}

it('publications of one record, the earlier ones in any order and with repeats, make what the last one makes: the record itself', () => {
  const word = fc.constantFrom('Anna', 'Bo', 'Cy', 'Dora');
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('seen' as const), word }) },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constantFrom('asked', 'ended', 'summed', 'published', 'made'), word }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'erased' as const }) },
  );
  const lives = fc.array(step, { minLength: 3, maxLength: 24 });
  fc.assert(
    fc.property(lives, fc.infiniteStream(fc.nat()), (steps, chance) => {
      const { record, publications } = live(steps);
      const order = publications
        .flatMap((p) => (chance.next().value % 3 === 0 ? [p, p] : [p]))
        .map((p) => ({ p, place: chance.next().value }))
        .sort((a, b) => a.place - b.place)
        .map(({ p }) => p);
      const last = publications.slice(-1);
      expect(inOrder({ ...rebuilt(...order, ...last), late: 0 })).toEqual(inOrder({ ...record, late: 0 }));
    }),
    { numRuns: Number(process.env['REBUILD_RUNS'] ?? 500) },
  );
});
