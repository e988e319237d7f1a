import type { SurvivorshipRule } from '../../src/domain.js';
import { Random, randomFor } from './random.js';
import {
  refIn,
  type EditEvent,
  type NetworkSpec,
  type Path,
  type PolicySpec,
  type RecordSpec,
  type RewriteSpec,
  type ScalarPath,
  type Scenario,
  type ScenarioEvent,
  type SystemSpec,
} from './scenario.js';

const NAMES = ['alpha', 'bravo', 'charlie', 'delta', 'foxtrot'];
const PEOPLE = ['p', 'q', 'r'];
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Few values, so that the same one is typed twice, one is the start of another, and some differ by case or points alone. */
const TEXTS: Record<ScalarPath, readonly string[]> = {
  'name.given': ['Christopher', 'Christina', 'Chris', 'Bo', 'bo', 'Anna', 'Ann-Marie', 'Ann Marie'],
  'name.surname': ['Smith', 'SMITH', 'Smithson', 'Jones', 'Ng'],
  'name.full': ['Christopher Smith', 'Bo Ng', 'Anna Jones', 'bo ng'],
  note: ['call back', 'Call back', 'moved', 'forbidden', 'a rather long remark, with points', 'x'],
  language: ['de', 'en', 'fr'],
};

export function generate(seed: number): Scenario {
  const random = randomFor(seed, 'scenario');
  const systems = NAMES.slice(0, random.between(3, 5)).map((name) => systemSpec(name, randomFor(seed, 'system', name)));
  // Two jobs that undo each other would never rest, nor one that undoes what a rule insists on: it would be quarantined, and tried again.
  let undeclaredLater = 0;
  for (const spec of systems) {
    spec.rewrites = spec.rewrites.filter((r) => !r.later || r.declared || (undeclaredLater += 1) === 1);
  }
  const records = systems.flatMap((spec) => recordSpecs(spec, seed));
  const policy = policySpec(systems, randomFor(seed, 'policy'));
  const jobs = systems.flatMap((s) => s.rewrites.filter((r) => r.later && !r.declared).map((r) => r.attribute));
  for (const path of jobs) policy.rules[path] = 'most-recent';
  const events = history(seed, systems, records, randomFor(seed, 'history')).filter(
    (e) => e.kind !== 'keep' || !jobs.includes(e.attribute),
  );
  const scenario: Scenario = {
    seed,
    systems,
    records,
    events,
    network: networkSpec(randomFor(seed, 'network')),
    policy,
  };
  const last = extraEdit(records, systems, randomFor(seed, 'extra'));
  if (last) scenario.extraEdit = last;
  return scenario;
}

function systemSpec(name: string, random: Random): SystemSpec {
  const attributes: Path[] = ['name.given', 'name.surname'];
  for (const path of ['name.full', 'note', 'language', 'emails', 'phones', 'consents'] as const)
    if (random.chance(0.6)) attributes.push(path);
  const spec: SystemSpec = {
    name,
    versions: random.chance(0.7) ? 'number' : 'second',
    answers: random.pick(['before', 'exact', 'read-back'] as const),
    conditional: random.chance(0.6),
    idleWritesCount: random.chance(0.5),
    attributes,
    derivesFullName: attributes.includes('name.full') && random.chance(0.5),
    slots: {},
    rewrites: [],
    refuses: [],
    clockAhead: random.chance(0.5) ? 0 : random.between(-2 * 60, 2 * 60) * MINUTE,
    // Some connectors can't measure the clock: nothing is corrected.
    clockError: random.chance(0.5)
      ? 0
      : random.chance(0.7)
        ? random.between(-400, 400)
        : random.between(-120, 120) * MINUTE,
    tellsCreation: random.chance(0.6),
    webhooks: random.chance(0.7),
    pollEvery: random.between(20, 120) * SECOND,
    nightlyEvery: 7 * MINUTE,
    longestRequest: random.between(20, 60) * SECOND,
    creates: random.pick(['external-key', 'search', 'none'] as const),
  };
  if (attributes.includes('emails') && random.chance(0.4))
    spec.slots.emails = ['work', 'home'].slice(0, random.between(1, 2));
  if (attributes.includes('phones') && random.chance(0.4))
    spec.slots.phones = ['mobile', 'office'].slice(0, random.between(1, 2));
  if (random.chance(0.5)) spec.rewrites.push(rewriteSpec(attributes, random));
  const second = rewriteSpec(attributes, random);
  // Two of one attribute add up to what no single answer explains, unless both are declared.
  const alone = spec.rewrites.every((r) => r.attribute !== second.attribute || (r.declared && second.declared));
  if (random.chance(0.2) && alone) spec.rewrites.push(second);
  // What is searched by must stand as it was written.
  if (spec.creates === 'search') spec.rewrites = spec.rewrites.filter((r) => r.attribute !== 'emails');
  if (attributes.includes('note') && random.chance(0.3)) spec.refuses.push({ attribute: 'note', value: 'forbidden' });
  if (random.chance(0.15)) spec.refuses.push({ attribute: 'name.surname', value: null });
  return spec;
}

function rewriteSpec(attributes: readonly Path[], random: Random): RewriteSpec {
  const attribute = random.pick(attributes.filter((a) => a !== 'consents' && a !== 'name.full'));
  const rule =
    attribute === 'phones'
      ? 'digits-only'
      : attribute === 'emails'
        ? random.pick(['truncate', 'lower'] as const)
        : random.pick(['truncate', 'upper', 'lower', 'punctuate'] as const);
  const declared = rule !== 'punctuate' && random.chance(0.5);
  const spec: RewriteSpec = { attribute, rule, declared, later: random.chance(0.3) };
  if (rule === 'truncate') spec.length = attribute === 'emails' ? 12 : random.between(3, 8);
  return spec;
}

function recordSpecs(spec: SystemSpec, seed: number): RecordSpec[] {
  const records: RecordSpec[] = [];
  for (const person of PEOPLE) {
    const random = randomFor(seed, 'record', spec.name, person);
    if (!random.chance(person === 'r' ? 0.3 : 0.75)) continue;
    const createdBefore = random.between(1, 2000) * 60 * MINUTE;
    const record: RecordSpec = {
      system: spec.name,
      id: person,
      person,
      createdBefore,
      changedBefore: random.chance(0.3) ? createdBefore : random.between(1, createdBefore),
      scalars: {},
      emails: [],
      phones: [],
      consents: {},
    };
    for (const path of Object.keys(TEXTS) as ScalarPath[])
      if (random.chance(0.7)) record.scalars[path] = textFor(path, random);
    if (random.chance(0.6)) record.emails.push(emailOf(person, random));
    if (random.chance(0.6)) record.phones.push(phoneOf(person, random));
    if (random.chance(0.5)) record.consents = { news: random.pick(['granted', 'withdrawn'] as const) };
    records.push(record);
  }
  return records;
}

function textFor(path: ScalarPath, random: Random): string {
  return random.chance(0.75)
    ? random.pick(TEXTS[path])
    : `${random.pick(['Vera', 'otto', 'Zoë'])} ${random.between(1, 99)}`;
}

function emailOf(person: string, random: Random): string {
  return `${person}${random.pick(['1', '2', '.three', '.FOUR'])}@example.org`;
}

function phoneOf(person: string, random: Random): string {
  return `+49 30 ${500 + PEOPLE.indexOf(person)} ${random.pick(['1234', '12 34', '777', '9090'])}`;
}

function history(
  seed: number,
  systems: readonly SystemSpec[],
  records: readonly RecordSpec[],
  random: Random,
): ScenarioEvent[] {
  if (records.length === 0) return [];
  const refs = records.map((r) => refIn(r.system, r.id));
  const events: ScenarioEvent[] = [];
  let at = random.between(0, 60) * SECOND;
  const count = random.between(3, 22);
  for (let i = 0; i < count; i += 1) {
    events.push(eventAt(at, randomFor(seed, 'event', i), systems, records, refs));
    // Many at once, some after everything has settled.
    at += random.chance(0.6) ? random.between(0, 6 * SECOND) : random.between(0, 5 * MINUTE);
  }
  return events;
}

function eventAt(
  at: number,
  random: Random,
  systems: readonly SystemSpec[],
  records: readonly RecordSpec[],
  refs: readonly string[],
): ScenarioEvent {
  const record = random.pick(records);
  const ref = refIn(record.system, record.id);
  const draw = random.float();
  if (draw < 0.5) return edit(at, ref, random);
  if (draw < 0.68) {
    const list = random.pick(['emails', 'phones'] as const);
    const value = list === 'emails' ? emailOf(record.person, random) : phoneOf(record.person, random);
    return { kind: random.chance(0.6) ? 'add' : 'remove', at, ref, list, value };
  }
  if (draw < 0.72)
    return { kind: 'consent', at, ref, purpose: 'news', status: random.pick(['granted', 'withdrawn'] as const) };
  if (draw < 0.9) {
    const other = random.pick(refs);
    if (other === ref) return edit(at, ref, random);
    return { kind: random.chance(0.55) ? 'link' : 'unlink', at, refs: [ref, other] };
  }
  if (draw < 0.93)
    return { kind: 'outage', at, system: random.pick(systems).name, lasts: random.between(5, 400) * SECOND };
  if (draw < 0.95) return { kind: 'delete', at, ref };
  if (draw < 0.96) return { kind: 'keep', at, ref, attribute: 'name.given', value: 'Kept' };
  if (draw < 0.97) return { kind: 'erase', at, ref };
  return { kind: 'restart', at };
}

function edit(at: number, ref: string, random: Random): EditEvent {
  const set: EditEvent['set'] = {};
  const paths = Object.keys(TEXTS) as ScalarPath[];
  for (let i = random.chance(0.75) ? 1 : 2; i > 0; i -= 1) {
    const path = random.chance(0.5) ? 'name.given' : random.pick(paths);
    set[path] = random.chance(0.15) ? null : textFor(path, random);
  }
  return { kind: 'edit', at, ref, set };
}

function extraEdit(
  records: readonly RecordSpec[],
  systems: readonly SystemSpec[],
  random: Random,
): EditEvent | undefined {
  if (records.length === 0) return undefined;
  const record = random.pick(records);
  const attributes = systems.find((s) => s.name === record.system)?.attributes ?? [];
  const path = random.pick(
    (['name.given', 'name.surname', 'note', 'language'] as const).filter((p) => attributes.includes(p)),
  );
  return {
    kind: 'edit',
    at: 0,
    ref: refIn(record.system, record.id),
    set: { [path]: random.chance(0.25) ? null : textFor(path, random) },
  };
}

function networkSpec(random: Random): NetworkSpec {
  const rough = random.chance(0.7);
  return {
    eventDelay: random.chance(0.5) ? [50, 500] : [50, 5000],
    commandDelay: random.chance(0.5) ? [10, 100] : [10, 4000],
    answerDelay: random.chance(0.5) ? [50, 300] : [100, 9000],
    late: rough ? 0.1 : 0,
    lateBy: 2 * MINUTE,
    dropWebhook: rough ? 0.2 : 0,
    repeat: rough ? 0.15 : 0,
    answerLost: rough ? 0.08 : 0,
    writeLost: rough ? 0.05 : 0,
    landsLate: rough ? 0.05 : 0,
    batch: random.chance(0.5) ? [0, 20] : [0, 8000],
  };
}

function policySpec(systems: readonly SystemSpec[], random: Random): PolicySpec {
  const rule = (): SurvivorshipRule =>
    random.chance(0.7) ? 'most-recent' : random.pick(['longest', 'source-rank', 'most-frequent'] as const);
  const some = (chance: number): string[] => systems.filter(() => random.chance(chance)).map((s) => s.name);
  const policy: PolicySpec = {
    rules: { '*': 'most-recent', 'name.given': rule(), note: rule() },
    ranks: Object.fromEntries(systems.map((s) => [s.name, random.between(1, 3)])),
    create: random.chance(0.5),
    addWins: some(0.1),
    deletes: random.chance(0.1) ? 'propagate' : random.pick(['ignore', 'archive'] as const),
    noClear: some(0.08),
    quarantine: { sends: 6, windowMs: 60 * MINUTE },
    commandDeadlineMs: 5 * MINUTE,
  };
  if (random.chance(0.5)) policy.horizon = { age: 20 * MINUTE, versions: 2 };
  return policy;
}
