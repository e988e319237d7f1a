import {
  addCommand,
  addObservation,
  addOutcome,
  answersOf,
  compact,
  evaluate,
  isOpen,
  kindOf,
  systemOf,
} from '../../src/domain.js';
import type { Evaluation, RecordFacts, Register } from '../../src/domain.js';
import type { Judge } from './findings.js';
import { randomFor } from './random.js';
import { difference, normaliser, ReferenceHub } from './reference-hub.js';
import { speak, type Spoken } from './reference-register.js';
import type { World } from './world.js';

/** Properties 1, 2, 3 and 15: the customers are a function of a set. */
export function checkSets(world: World, judge: Judge, round: number): void {
  const whole = new ReferenceHub({ ...world.setting, compacts: false });
  whole.receive(world.facts);
  const random = randomFor(world.scenario.seed, 'permutation', round);
  const other = new ReferenceHub({ ...world.setting, compacts: false });
  const facts = random.shuffle([...world.facts, ...world.facts.filter(() => random.chance(0.3))]);
  while (facts.length > 0) other.receive(facts.splice(0, random.between(1, 30)));
  judge.hold(1, whole.fingerprint() === other.fingerprint(), () => difference(whole, other));
  const planned = other.plan(world.clock.now).commands;
  judge.hold(15, planned.length === 0, () => `a replay sends ${JSON.stringify(planned.map((c) => c.id))}`);
  const lean = new ReferenceHub({ ...world.setting, compacts: false, checkpoints: true });
  const again = random.shuffle([...world.facts, ...world.facts.filter(() => random.chance(0.1))]);
  // Mostly in their order, as facts come; some much later.
  const late = random.chance(0.5) ? again : world.facts.filter((_, i) => i % 7 !== 3);
  for (const batch of [late, world.facts])
    for (let i = 0; i < batch.length; i += 5) lean.receive(batch.slice(i, i + 5));
  judge.hold(3, whole.fingerprint() === lean.fingerprint(), () => `with checkpoints: ${difference(whole, lean)}`);
  const leanPlan = lean.plan(world.clock.now).commands;
  judge.hold(15, leanPlan.length === 0, () => `with checkpoints ${JSON.stringify(leanPlan)} would be sent`);
  for (const [ref, record] of whole.records) {
    const above = lean.records.get(ref);
    if (above) checkIncremental(world, judge, ref, record, above);
    checkSummary(world, judge, ref, record, random.float());
    const kept = world.hub.records.get(ref);
    if (kept) checkIncremental(world, judge, ref, record, kept);
  }
}

/** Property 2: a random horizon that passes no open command. */
function checkSummary(world: World, judge: Judge, ref: string, record: RecordFacts, where: number): void {
  const context = world.hub.contextOf(ref);
  let { observations } = record;
  for (const known of record.commands.filter(isOpen)) {
    const { command } = known;
    observations = 'base' in command ? observations.filter((o) => compare(o.version, command.base) <= 0) : [];
  }
  const horizon = observations[Math.floor(observations.length * where)]?.version;
  if (!horizon) return;
  const isAbove = (k: RecordFacts['commands'][number]): boolean =>
    'base' in k.command && compare(k.command.base, horizon) >= 0;
  const below: RecordFacts = {
    ...record,
    observations: record.observations.filter((o) => compare(o.version, horizon) <= 0),
    commands: record.commands.filter((k) => !isAbove(k)),
  };
  let summed = compact(below, horizon, context);
  for (const o of record.observations) {
    if (compare(o.version, horizon) <= 0) continue;
    const { version, changedAt, observedAt, createdAt } = o;
    const header = { ref, version, changedAt, observedAt, ...(createdAt === undefined ? {} : { createdAt }) };
    summed = addObservation(summed, o.state ? { ...header, state: o.state } : { ...header, deleted: true });
  }
  for (const known of record.commands.filter(isAbove)) {
    summed = addCommand(summed, known.command);
    if (known.outcome) summed = addOutcome(summed, known.outcome, 'commands');
  }
  const wrong = unlike(digestOf(evaluate(summed, context), summed), digestOf(evaluate(record, context), record));
  judge.hold(2, wrong === undefined, () => `${ref} above ${horizon.major}.${horizon.minor}: ${wrong ?? ''}`);
}

function checkIncremental(world: World, judge: Judge, ref: string, whole: RecordFacts, kept: RecordFacts): void {
  const context = world.hub.contextOf(ref);
  const wrong = unlike(digestOf(evaluate(kept, context), kept), digestOf(evaluate(whole, context), whole));
  judge.hold(3, wrong === undefined, () => `${ref}: ${wrong ?? ''}`);
  if (whole.erasedAt !== undefined) return;
  const profile = world.setting.profiles.get(systemOf(ref))?.kinds.find((k) => k.kind === kindOf(ref));
  const reference = speak(whole, profile);
  const registers = registersOf(evaluate(whole, context));
  for (const name of new Set([...reference.keys(), ...registers.keys()])) {
    const [x, y] = [text(registers.get(name)), text(reference.get(name))];
    judge.hold(3, x === y, () => `${ref} ${name}: ${x}, by the letter ${y}`);
  }
}

function registersOf(evaluation: Evaluation): Map<string, Register> {
  const all = new Map<string, Register>(evaluation.scalars);
  for (const [path, elements] of evaluation.lists) for (const [key, r] of elements) all.set(`${path}|${key}`, r);
  return all;
}

function text(spoken: Spoken | Register | undefined): string {
  if (!spoken) return 'nothing';
  const { run, testimony } = spoken;
  return JSON.stringify([
    run.value ?? null,
    run.echo,
    run.held,
    testimony ? [testimony.value ?? null, testimony.asOf] : null,
  ]);
}

/** Everything that matters of an evaluation, by name. */
function digestOf(evaluation: Evaluation, record: RecordFacts): Map<string, string> {
  const { deleted, version, createdAt, shadow } = evaluation;
  const all: [string, unknown][] = [
    ['itself', { deleted, version, createdAt }],
    ...[...shadow.scalars].map(([path, value]): [string, unknown] => [`shadow ${path}`, value]),
    ...[...shadow.lists].map(([path, elements]): [string, unknown] => [`shadow ${path}`, [...elements].sort()]),
    ...[...registersOf(evaluation)].map(([name, register]): [string, unknown] => [`register ${name}`, register]),
    // What an erasure leaves of answers is of no use to planning.
    ...(record.erasedAt === undefined ? answersOf(record, normaliser) : [])
      .slice(-8)
      .map((answer): [string, unknown] => [`answer ${answer.command}`, answer]),
  ];
  return new Map(all.map(([name, value]) => [name, JSON.stringify(value)]));
}

/** The first thing that differs; undefined: nothing does. */
function unlike(is: ReadonlyMap<string, string>, shall: ReadonlyMap<string, string>): string | undefined {
  for (const name of new Set([...is.keys(), ...shall.keys()])) {
    if (is.get(name) !== shall.get(name))
      return `${name} is ${is.get(name) ?? 'absent'}, not ${shall.get(name) ?? 'absent'}`;
  }
  return undefined;
}

function compare(a: { major: number; minor: number }, b: { major: number; minor: number }): number {
  return a.major - b.major || a.minor - b.minor;
}
