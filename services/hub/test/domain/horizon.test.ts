import type { Outcome, Party, UpdateCommand } from '@unsilo/schemas';
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
import { belongsBelow, moveCheckpoint } from '../../src/domain/checkpoint.js';

const ref = 'crm/contact/1';
const context = { normaliser: createNormaliser('DE'), profile: undefined };
const at = (minute: number): string => new Date(Date.UTC(2026, 2, 1, 9, minute)).toISOString();

function seen(version: number, given: string, minute = version): Party {
  const time = at(minute);
  const state = { kind: 'person' as const, name: { given } };
  return { ref, version: { major: version, minor: 0 }, changedAt: time, observedAt: time, state };
}

function command(id: string, base: number, given: string): UpdateCommand {
  return {
    id,
    system: 'crm',
    cause: { kind: 'plan' },
    issuedAt: at(base),
    deadline: at(base + 5),
    attempt: 1,
    action: 'update',
    ref,
    base: { major: base, minor: 0 },
    set: { 'name.given': { value: given, asOf: Date.parse(at(base)) } },
  };
}

function ended(id: string, status: Outcome['status'], more: Partial<Outcome> = {}): Outcome {
  return { command: id, system: 'crm', status, ref, reportedAt: at(30), ...more };
}

function record(...changes: ((r: RecordFacts) => RecordFacts)[]): RecordFacts {
  return changes.reduce((r, change) => change(r), emptyRecord(ref));
}

const shows = (party: Party) => (r: RecordFacts) => addObservation(r, party);
const asks = (c: UpdateCommand) => (r: RecordFacts) => addCommand(r, c);
const ends = (o: Outcome) => (r: RecordFacts) => addOutcome(r, o, 'commands');
const summarised = (version: number) => (r: RecordFacts) => compact(r, { major: version, minor: 0 }, context);

const applied = ended('c', 'applied', {
  version: { major: 2, minor: 0 },
  pre: { major: 1, minor: 0 },
  exact: false,
  left: { kind: 'person', name: { given: 'Bo' } },
});

it('a better outcome of a command that was planned on the state at the horizon counts', () => {
  const facts = [shows(seen(1, 'Anna')), asks(command('c', 1, 'Bo')), ends(ended('c', 'rejected'))];
  const late = [shows(seen(2, 'Bo')), ends(applied)];
  const kept = record(...facts, summarised(1), ...late);
  expect(evaluate(kept, context)).toEqual(evaluate(record(...facts, ...late), context));
  expect(evaluate(kept, context).scalars.get('name.given')?.run.echo).toBe(true);
  expect(kept.late).toBe(0);
});

it('one of a command that was planned below the horizon is dropped and counted', () => {
  const facts = [
    shows(seen(1, 'Anna')),
    asks(command('c', 1, 'Bo')),
    ends(ended('c', 'rejected')),
    shows(seen(3, 'Cleo')),
  ];
  const kept = record(...facts, summarised(3));
  expect(ends(applied)(kept)).toEqual({ ...kept, late: 1 });
});

describe('a write that was overtaken before a reading found it undone', () => {
  const undone = ended('c', 'conflict', { version: { major: 3, minor: 0 }, pre: { major: 1, minor: 0 }, exact: false });
  const facts = [shows(seen(1, 'Anna')), asks(command('c', 1, 'Bo')), shows(seen(2, 'Bo')), shows(seen(3, 'Cleo'))];

  it('is an echo where a state in between shows it', () => {
    const { scalars } = evaluate(record(...facts.slice(0, 3), ends(undone)), context);
    expect(scalars.get('name.given')?.run).toMatchObject({ value: 'Bo', echo: true });
    expect(scalars.get('name.given')?.testimony?.value).toBe('Anna');
  });

  it('has been seen by whoever typed over it', () => {
    const slow = { ...seen(3, 'Cleo'), changedAt: at(0) };
    const { scalars } = evaluate(record(...facts.slice(0, 3), shows(slow), ends(undone)), context);
    expect(scalars.get('name.given')?.testimony).toMatchObject({ value: 'Cleo', asOf: Date.parse(at(1)) + 1 });
  });

  it('leaves the value to the system where the write itself was answered by a conflict', () => {
    const refused = record(...facts.slice(0, 3), ends(undone), ends(ended('c', 'conflict')));
    expect(evaluate(refused, context).scalars.get('name.given')?.run.echo).toBe(false);
    expect(record(...facts.slice(0, 3), ends(ended('c', 'conflict')), ends(undone))).toEqual(refused);
  });

  it('is the same after it was summarised, wherever the horizon lies', () => {
    const more = [shows(seen(4, 'Bo')), shows(seen(5, 'Dora'))];
    const whole = evaluate(record(...facts, ends(undone), ...more), context);
    for (const horizon of [1, 2, 3, 4])
      expect(evaluate(record(...facts, ends(undone), summarised(horizon), ...more), context)).toEqual(whole);
  });
});

it('a deletion at the horizon is not the state that a write replaced', () => {
  const left = { kind: 'person' as const, name: { given: 'Bo', surname: 'New' } };
  const written = { version: { major: 3, minor: 0 }, pre: { major: 2, minor: 0 }, exact: true, left };
  const { state: _, ...gone } = seen(2, '');
  const facts = [shows(seen(1, 'Anna')), shows({ ...gone, deleted: true })];
  const late = [asks(command('c', 2, 'Bo')), ends(ended('c', 'applied', written))];
  const whole = evaluate(record(...facts, ...late), context);
  expect(whole.scalars.get('name.surname')?.testimony?.value).toBe('New');
  expect(evaluate(record(...facts, summarised(2), ...late), context)).toEqual(whole);
  expect(evaluate(record(...facts, summarised(1), summarised(2), ...late), context)).toEqual(whole);
});

it('who edits after an applied write has seen it, even if nobody else saw what it left', () => {
  const written = ended('c', 'applied', { version: { major: 3, minor: 0 }, exact: true });
  const { state: _, ...gone } = seen(3, '');
  const facts = [shows(seen(1, 'Anna')), shows({ ...gone, deleted: true }), asks(command('c', 3, 'Bo')), ends(written)];
  const slow = shows({ ...seen(4, 'Cleo'), changedAt: at(0) });
  const whole = evaluate(record(...facts, slow), context);
  expect(whole.scalars.get('name.given')?.testimony?.asOf).toBe(Date.parse(at(3)) + 1);
  expect(evaluate(record(...facts, summarised(3), slow), context)).toEqual(whole);
});

describe('an erasure', () => {
  const erased = (r: RecordFacts): RecordFacts => erase(r, Date.parse(at(10)));
  const found = ended('c', 'applied', {
    version: { major: 2, minor: 0 },
    changedAt: at(2),
    exact: false,
    left: { kind: 'person', name: { given: 'Bo' } },
  });
  const asked = command('c', 20, 'Bo');

  it('is not undone by an outcome that shows the old state, in whatever order they come', () => {
    const facts = [shows(seen(1, 'Anna')), shows(seen(2, 'Bo')), asks(asked), ends(found), erased];
    const once = record(...facts);
    expect(JSON.stringify(once)).not.toContain('given":"Bo');
    expect(evaluate(once, context).version).toBeUndefined();
    for (const order of [
      [4, 0, 1, 2, 3],
      [3, 2, 4, 1, 0],
      [2, 3, 1, 4, 0],
      [0, 4, 3, 1, 2],
    ])
      expect(record(...order.map((i) => facts[i] as (typeof facts)[number]))).toEqual(once);
  });

  it('lets a later state through', () => {
    const later = { ...found, version: { major: 3, minor: 0 }, changedAt: at(25) };
    const facts = record(shows(seen(1, 'Anna')), erased, asks(asked), ends(later));
    expect(evaluate(facts, context).shadow.scalars.get('name.given')).toBe('Bo');
  });
});

describe('a write that was under way at an erasure', () => {
  const erased = (r: RecordFacts): RecordFacts => erase(r, Date.parse(at(2)));
  const asked = command('c', 1, 'Bo');
  asked.set['emails'] = { value: [{ address: 'bo@example.org' }], asOf: Date.parse(at(1)) };
  const shown = (version: number, given: string): Party => ({
    ref,
    version: { major: version, minor: 0 },
    changedAt: at(version + 2),
    observedAt: at(version + 2),
    state: { kind: 'person', name: { given, surname: 'Byron' }, emails: [{ address: 'bo@example.org' }] },
  });
  const written = (exact: boolean): Outcome => ({ ...applied, exact, changedAt: at(4), reportedAt: at(4) });

  it.each([
    ['a reading', 2, false],
    ['a reading, whose state is gone and was not seen', 3, false],
    ['its own answer', 2, true],
    ['its own answer, whose state is gone and was not seen', 3, true],
  ])('leaves no statement of the system, whatever says that it was applied: %s', (_, version, exact) => {
    const facts = [shows(seen(1, 'Anna')), asks(asked), erased, shows(shown(version, 'Bo')), ends(written(exact))];
    const { scalars, lists } = evaluate(record(...facts), context);
    expect(scalars.get('name.given')).toMatchObject({ run: { value: 'Bo', echo: true } });
    expect(scalars.get('name.given')).not.toHaveProperty('testimony');
    expect([...(lists.get('emails')?.values() ?? [])]).toMatchObject([{ run: { echo: true } }]);
    expect(scalars.get('name.surname')?.testimony?.value).toBe('Byron');
    const edited = evaluate(record(...facts, shows(shown(version + 1, 'Cleo'))), context);
    expect(edited.scalars.get('name.given')?.testimony?.value).toBe('Cleo');
  });

  it('may have left what it wrote to, and nothing else', () => {
    const left = ends({ ...written(true), version: { major: 4, minor: 0 }, pre: { major: 3, minor: 0 } });
    const facts = record(
      shows(seen(1, 'Anna')),
      asks(asked),
      erased,
      shows(seen(3, 'Anna')),
      left,
      shows(shown(5, 'Bo')),
    );
    const { scalars } = evaluate(facts, context);
    expect(scalars.get('name.given')?.testimony?.value).toBe('Anna');
    expect(scalars.get('name.surname')?.testimony?.value).toBe('Byron');
  });

  it('says nothing of a state after the floor when what it left lies below', () => {
    const gone = shows({ ...seen(3, 'Anna'), changedAt: at(0) });
    const facts = record(shows(seen(1, 'Anna')), asks(asked), ends(written(true)), gone, erased, shows(shown(4, 'Bo')));
    expect(evaluate(facts, context).scalars.get('name.given')?.testimony?.value).toBe('Bo');
  });
});

describe('the checkpoint', () => {
  const unseen = ended('c', 'applied', { version: { major: 5, minor: 0 }, pre: { major: 2, minor: 0 }, exact: true });
  const moved = (facts: RecordFacts): RecordFacts => moveCheckpoint(facts, true, context)?.record ?? facts;

  it('stays below a write that nobody has seen yet: what is planned meanwhile starts from what was seen', () => {
    const written = moved(
      record(shows(seen(1, 'Anna')), shows(seen(2, 'Anna')), asks(command('c', 2, 'Bo')), ends(unseen)),
    );
    expect(written.horizon).toEqual({ major: 2, minor: 0 });
    const planned = asks(command('d', 2, 'Cy'))(written);
    expect(planned.commands.map((k) => k.command.id)).toEqual(['c', 'd']);
    expect(planned.late).toBe(0);
  });

  it('lets an outcome replace one that landed below it', () => {
    const nothing = ended('c', 'applied', { version: { major: 2, minor: 0 }, exact: false, left: { kind: 'person' } });
    const first = moved(
      record(shows(seen(1, 'Anna')), shows(seen(2, 'Anna')), asks(command('c', 2, 'Bo')), ends(nothing)),
    );
    expect(first.horizon).toEqual({ major: 2, minor: 0 });
    expect(belongsBelow.outcome(first, { ...unseen, left: { kind: 'person', name: { given: 'Bo' } } })).toBe(true);
  });

  it('stays below the window of a reading that found a write undone until the end of that is seen', () => {
    const undone = ended('c', 'conflict', {
      version: { major: 5, minor: 0 },
      pre: { major: 2, minor: 0 },
      exact: false,
    });
    const facts = record(
      ...[1, 2].map((v) => shows(seen(v, 'Anna'))),
      asks(command('c', 2, 'Bo')),
      shows(seen(3, 'Anna')),
    );
    const waiting = moved(ends(undone)(facts));
    expect(waiting.horizon).toEqual({ major: 2, minor: 0 });
    expect(moved([shows(seen(4, 'Bo')), shows(seen(5, 'Cy'))].reduce((r, show) => show(r), waiting)).horizon).toEqual({
      major: 5,
      minor: 0,
    });
  });

  it('lets an answer take the place of a reading whose window began below it', () => {
    const read = { ...applied, version: { major: 3, minor: 0 } };
    const first = moved(
      record(
        shows(seen(1, 'Anna')),
        shows(seen(2, 'Bo')),
        asks(command('c', 1, 'Bo')),
        asks(command('d', 2, 'Cy')),
        ends(read),
      ),
    );
    expect(first.horizon).toEqual({ major: 2, minor: 0 });
    expect(belongsBelow.outcome(first, { ...read, pre: { major: 2, minor: 0 }, exact: true })).toBe(true);
  });
});
