import type { Command, KindProfile, Outcome, Party, PartyState, Version } from '@unsilo/schemas';
import {
  addCommand,
  addObservation,
  addOutcome,
  createNormaliser,
  emptyRecord,
  erase,
  evaluate,
  type RecordFacts,
} from '../../src/domain.js';
import { belongsBelow, moveCheckpoint, wholeRecord, type HistoryChunk } from '../../src/domain/checkpoint.js';
import { answersOf } from '../../src/domain/compaction.js';
import { random, type Rng } from '../application/history.js';

/** More by `CHECKPOINT_SEEDS=20000 npx jest services/hub/test/domain/checkpoints`; from another one on by `FIRST_SEED` as well. */
const SEEDS = Number(process.env['CHECKPOINT_SEEDS'] ?? 600);
const FIRST = Number(process.env['FIRST_SEED'] ?? 1);

const ref = 'crm/contact/1';
const T0 = Date.UTC(2026, 2, 1);
const MINUTE = 60_000;
const profile: KindProfile = {
  kind: 'contact',
  party: 'person',
  create: 'none',
  delete: true,
  conditional: true,
  attributes: {
    'name.given': { writable: true, rewrites: [{ rule: 'upper' }] },
    note: { writable: true },
    emails: { writable: true, rewrites: [{ rule: 'lower' }] },
  },
};
const context = { normaliser: createNormaliser('DE'), profile };

type Fact = { party: Party } | { command: Command } | { outcome: Outcome } | { erasedAt: number };

const at = (minute: number): string => new Date(T0 + minute * MINUTE).toISOString();
const version = (major: number): Version => ({ major, minor: 0 });

/** Few values, so that equal ones meet, and some that a system makes of others. */
function state(rng: Rng): PartyState {
  const said: PartyState = { kind: 'person' };
  if (rng.chance(0.8)) said.name = { given: rng.pick(['Anna', 'Bo', 'BO']) };
  if (rng.chance(0.5)) said.note = rng.pick(['x', 'xy']);
  if (rng.chance(0.5)) said.emails = [{ address: 'p@x.org' }, ...(rng.chance(0.3) ? [{ address: 'q@x.org' }] : [])];
  return said;
}

/** The states of one record of which polling sees most, writes to it with answers of every kind, and maybe its erasure. */
function factsOf(rng: Rng): Fact[] {
  const facts: Fact[] = [];
  const last = 4 + rng.int(5);
  const states = Array.from({ length: last + 1 }, () => state(rng));
  for (let v = 1; v <= last; v += 1) {
    if (v > 1 && rng.chance(0.2)) continue;
    const minute = v * 10;
    facts.push({
      party: {
        ref,
        version: version(v),
        changedAt: at(rng.chance(0.2) ? minute - 25 : minute),
        observedAt: at(minute + 1),
        ...(rng.chance(0.5) && { createdAt: at(1) }),
        ...(rng.chance(0.12) ? { deleted: true } : { state: states[v] as PartyState }),
      },
    });
  }
  for (let n = 1 + rng.int(2); n > 0; n -= 1) {
    const base = 1 + rng.int(last - 1);
    const command = written(rng, `c${n}`, base, states);
    facts.push({ command });
    if (rng.chance(0.1)) continue;
    for (let m = 1 + rng.int(2); m > 0; m -= 1)
      facts.push({ outcome: answer(rng, command.id, base, states, base * 10 + 4 + rng.int(20)) });
  }
  if (rng.chance(0.1)) facts.push({ erasedAt: T0 + rng.int(last * 10 + 10) * MINUTE });
  return facts;
}

function written(rng: Rng, id: string, base: number, states: readonly PartyState[]): Command {
  const minute = base * 10;
  const common = {
    id,
    system: 'crm',
    cause: { kind: 'plan' as const },
    issuedAt: at(minute + 2),
    deadline: at(minute + 9),
    attempt: 1,
    ref,
    base: version(base),
  };
  if (rng.chance(0.08)) return { ...common, action: 'delete' };
  // Often what a state after it shows.
  const { name, note, emails } = states[base + 1 + rng.int(4)] ?? state(rng);
  const asOf = (): number => T0 + rng.int(states.length * 10) * MINUTE;
  const set: Extract<Command, { action: 'update' }>['set'] = {};
  if (rng.chance(0.7)) set['name.given'] = { value: name?.given ?? null, asOf: asOf(), from: 'other/contact/1' };
  if (rng.chance(0.5)) set['note'] = { value: note ?? null, asOf: asOf(), from: 'other/contact/1' };
  if (rng.chance(0.5) || Object.keys(set).length === 0)
    set['emails'] = { value: emails ?? null, asOf: asOf(), from: 'other/contact/2' };
  return { ...common, action: 'update', set };
}

function answer(rng: Rng, command: string, base: number, states: readonly PartyState[], minute: number): Outcome {
  const status = rng.pick([
    'applied',
    'applied',
    'applied',
    'rejected',
    'conflict',
    'not-applied',
    'uncertain',
  ] as const);
  const outcome: Outcome = { command, system: 'crm', status, ref, reportedAt: at(minute) };
  // Sometimes a version that nobody will ever see, or the one that the write found there.
  const v = base + (rng.chance(0.1) ? 0 : 1 + rng.int(3));
  const pre = Math.max(base, v - 1 - rng.int(2));
  const shown = { left: states[v] ?? { kind: 'person' as const } };
  if (status === 'applied' && rng.chance(0.5)) {
    const before = states[v - 1];
    return {
      ...outcome,
      version: version(v),
      exact: true,
      changedAt: at(v * 10),
      ...(rng.chance(0.8) && shown),
      ...(rng.chance(0.5) && { pre: version(v - 1), ...(rng.chance(0.5) && before && { before }) }),
    };
  }
  if (status === 'applied')
    return { ...outcome, version: version(v), exact: false, changedAt: at(v * 10), ...shown, pre: version(pre) };
  if ((status === 'conflict' || status === 'not-applied') && rng.chance(0.8))
    return { ...outcome, version: version(v), pre: version(rng.chance(0.5) ? base : pre), exact: false };
  return outcome;
}

/** Mostly as they happened, with what is late, early and told twice; sometimes in any order. */
function asTheyCame(rng: Rng, facts: readonly Fact[]): Fact[] {
  const told = rng.shuffle([...facts, ...facts.filter(() => rng.chance(0.2))]);
  if (rng.chance(0.1)) return told;
  const arrival = new Map(told.map((fact) => [fact, happenedAt(fact) + rng.int(15) * MINUTE]));
  return told.sort((a, b) => (arrival.get(a) ?? 0) - (arrival.get(b) ?? 0));
}

function happenedAt(fact: Fact): number {
  if ('party' in fact) return Date.parse(fact.party.observedAt);
  if ('command' in fact) return Date.parse(fact.command.issuedAt);
  return 'outcome' in fact ? Date.parse(fact.outcome.reportedAt) : fact.erasedAt;
}

/** As the hub adds them: an outcome that comes first waits for its command. */
function inTurn(facts: readonly Fact[]): Fact[] {
  const known = new Set<string>();
  const turns: Fact[] = [];
  const early: Fact[] = [];
  for (const fact of facts) {
    if ('outcome' in fact && !known.has(fact.outcome.command)) {
      early.push(fact);
      continue;
    }
    turns.push(fact);
    if (!('command' in fact)) continue;
    known.add(fact.command.id);
    turns.push(...early.filter((f) => 'outcome' in f && f.outcome.command === fact.command.id));
  }
  return turns;
}

function add(record: RecordFacts, fact: Fact): RecordFacts {
  if ('party' in fact) return addObservation(record, fact.party);
  if ('command' in fact) return addCommand(record, fact.command);
  return 'outcome' in fact ? addOutcome(record, fact.outcome, 'commands') : erase(record, fact.erasedAt);
}

function needsPast(record: RecordFacts, fact: Fact): boolean {
  if ('party' in fact) return belongsBelow.observation(record, fact.party);
  if ('command' in fact) return belongsBelow.command(record, fact.command);
  return 'outcome' in fact ? belongsBelow.outcome(record, fact.outcome) : true;
}

const stored = <Row>(row: Row): Row => JSON.parse(JSON.stringify(row)) as Row;

/** Maps by name: which came first tells nothing. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return plain(Object.fromEntries(value));
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, plain(member)]),
  );
}

function shown(record: RecordFacts): unknown {
  const { open, ...rest } = evaluate(record, context);
  return plain({ ...rest, open: open?.command.id, answers: answersOf(record, context.normaliser) });
}

it('a record with checkpoints says after every fact what the whole record says', () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
    const rng = random(seed);
    const facts = inTurn(asTheyCame(rng, factsOf(rng)));
    let whole = emptyRecord(ref);
    let record = whole;
    let chunks: HistoryChunk[] = [];
    for (const [step, fact] of facts.entries()) {
      whole = add(whole, fact);
      if (needsPast(record, fact)) [record, chunks] = [wholeRecord(record, chunks), []];
      record = add(record, fact);
      const moved = moveCheckpoint(record, chunks.length === 0, context);
      if (moved) [record, chunks] = [stored(moved.record), [...chunks, stored(moved.chunk)]];
      expect({ seed, step, ...(shown(record) as object) }).toEqual({ seed, step, ...(shown(whole) as object) });
      expect({ seed, step, whole: wholeRecord(record, chunks) }).toEqual({ seed, step, whole });
    }
  }
});
