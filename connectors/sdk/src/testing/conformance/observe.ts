import assert from 'node:assert/strict';
import type { Command, Interaction, BusinessObject, Outcome, Party } from '@unsilo/schemas';
import { commandEvent, placeOf, validate } from '@unsilo/schemas';
import { httpDefaults, type HttpSettings } from '../../http/settings.js';
import { stateDigest } from '../../runner/versions.js';
import { secretValues } from '../../redaction.js';
import { parseOptions } from '../../options.js';
import type { FakeServer, Fault } from '../fake-server.js';
import type { Connector } from '../../connector.js';
import { testRun, until, type TestRun, type TestRunOptions } from '../run.js';
import { ALL_DEEDS, type ConformanceSubject, type ConformanceWorld } from './world.js';

export type Change = Party | BusinessObject | Interaction;

/** A fresh system and any number of runners over it; everything is closed, and searched for secrets, in the end. */
export interface Stage<Options> {
  world: ConformanceWorld;
  run(settings?: TestRunOptions): Promise<TestRun>;
  subject: ConformanceSubject<Options>;
}

/** Short time limits, so that a server that hangs costs milliseconds. */
const IMPATIENT = { timeoutMs: 250 };

/** Does the work, and answers when nobody listens any more. */
export const LATE: Fault = { kind: 'delay', ms: IMPATIENT.timeoutMs * 2 };

/** How often a request is sent: as in earnest, where most faults pass unseen, and once, so that the connector itself meets every one. */
export const tries: readonly Partial<HttpSettings>[] = [{}, { retries: { ...httpDefaults.retries, attempts: 1 } }];

/** Tests of one file run one after the other, so one patience at a time is enough. */
let patienceMs = 10_000;

/** `until` with the subject's patience. */
export function eventually(what: string, holds: () => boolean): Promise<void> {
  return until(what, holds, patienceMs);
}

export async function onStage<Options>(
  subject: ConformanceSubject<Options>,
  play: (stage: Stage<Options>) => Promise<void>,
): Promise<void> {
  patienceMs = subject.patienceMs ?? 10_000;
  const world = await subject.start();
  const runs: TestRun[] = [];
  try {
    assert.deepEqual(
      ALL_DEEDS.filter((deed) => world[deed] !== undefined),
      ALL_DEEDS.filter((deed) => subject.deeds?.includes(deed)),
      'what the world can do is what `deeds` of the subject names: otherwise it would not be tried',
    );
    await play({
      world,
      subject,
      run: async (settings = {}) => {
        const run = await testRun(subject.connector, world.options, {
          graceMs: 200,
          ...settings,
          http: { ...IMPATIENT, ...settings.http },
        });
        runs.push(run);
        return run;
      },
    });
    for (const run of runs) assertDeclared(run, subject);
    for (const run of runs) assertNoSecrets(run, subject, world);
  } finally {
    for (const run of runs) await run.close();
    await world.close();
  }
}

export function serverOf(world: ConformanceWorld): FakeServer {
  assert.ok(
    world.server !== undefined,
    'the world has no server to put faults into; say withoutServer if the connector needs none',
  );
  return world.server;
}

export function changes(run: TestRun): Change[] {
  return (['parties', 'objects', 'interactions'] as const).flatMap((kind) =>
    run.events(kind).map((event) => event.data as Change),
  );
}

export function latest(run: TestRun, ref: string): Change | undefined {
  let best: Change | undefined;
  for (const change of changes(run)) {
    if (change.ref !== ref) continue;
    const { major, minor } = change.version;
    if (
      best === undefined ||
      major > best.version.major ||
      (major === best.version.major && minor >= best.version.minor)
    )
      best = change;
  }
  return best;
}

/** Waits until all refs have been read. */
export async function seen(run: TestRun, refs: readonly string[]): Promise<void> {
  const missing = () => refs.filter((ref) => !changes(run).some((change) => change.ref === ref));
  await byReading(run, 'everything is read', () => missing().length === 0).catch((error: unknown) => {
    throw new Error(`${String(error)}; missing ${missing().join(', ')}; ${describeRun(run)}`);
  });
}

/** What has failed for so long, by the virtual clock, fails for good: faults that pass are over after a few tries. */
const HOPELESS_MS = 6 * 3_600_000;

/**
 * Waits for what a reading is to bring about. It will not come about any more, and there is nothing to be patient for, once readings have
 * ended well and the next one is due after the interval, the system is paused, or readings fail again and again.
 */
export function byReading(run: TestRun, what: string, holds: () => boolean): Promise<void> {
  const began = run.clock.now();
  return eventually(what, () => {
    const { state } = run.runner.status();
    const isHopeless = state === 'behind' && run.clock.now() - began > HOPELESS_MS;
    const isOver = run.clock.waiting() > 0 || state === 'paused' || isHopeless;
    if (holds()) return true;
    if (isOver) throw new Error(`waited in vain until ${what}: nothing more is being read`);
    return false;
  });
}

/** How many worlds live at one time: those whose server hangs cost time and no work. */
const WORLDS = 4;

/** Plays each in a world of its own, several at a time. All have ended when the first failure is thrown. */
export async function besideEachOther(plays: readonly (() => Promise<void>)[]): Promise<void> {
  const left = [...plays];
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (let play = left.shift(); play !== undefined && failures.length === 0; play = left.shift())
      await play().catch((error: unknown) => failures.push(error));
  };
  await Promise.all(Array.from({ length: WORLDS }, lane));
  if (failures.length > 0) throw failures[0];
}

/** Waits for the end of one more reading; a source that never ends (a stream) gets a moment instead. */
export async function readAgain(run: TestRun): Promise<void> {
  const before = run.runner.status().counts.readings;
  run.runner.poke();
  const giveUpAt = Date.now() + 1500;
  while (run.runner.status().counts.readings === before && Date.now() < giveUpAt)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

export function describeRun(run: TestRun): string {
  const { state, reason, counts } = run.runner.status();
  const letters = run.events('dead-letters').map((event) => JSON.stringify(event.data));
  const warnings = run.logged.filter((line) => line.level === 'warn').map((line) => line.message);
  return JSON.stringify({ state, reason, counts, letters: letters.slice(0, 3), warnings: warnings.slice(-3) });
}

/** One version names one state, in all that was appended. */
export function assertVersionsAreNames(run: TestRun): void {
  const states = new Map<string, string>();
  for (const change of changes(run)) {
    const name = `${change.ref}@${change.version.major}.${change.version.minor}`;
    const digest = change.deleted === true ? 'deleted' : stateDigest(change.state);
    assert.equal(states.get(name) ?? digest, digest, `${name} names two states`);
    states.set(name, digest);
  }
}

/** The kinds of changes that reached the log. */
export function emitted(run: TestRun): Set<Connector['emits'][number]> {
  const topics = { party: 'parties', object: 'objects', interaction: 'interactions' } as const;
  return new Set(
    (Object.keys(topics) as (keyof typeof topics)[]).filter((kind) => run.events(topics[kind]).length > 0),
  );
}

function assertDeclared<Options>(run: TestRun, { connector }: ConformanceSubject<Options>): void {
  const undeclared = [...emitted(run)].filter((kind) => !connector.emits.includes(kind));
  assert.deepEqual(undeclared, [], 'emitted, and not declared in `emits`');
}

function assertNoSecrets<Options>(run: TestRun, subject: ConformanceSubject<Options>, world: ConformanceWorld): void {
  const parsed = parseOptions(subject.connector, world.options);
  assert.ok(parsed.ok);
  const secrets = [...secretValues(subject.connector.options, parsed.options), ...(world.secrets ?? [])];
  const told = JSON.stringify([
    run.logged,
    run.runner.status(),
    run.events('signals'),
    run.events('dead-letters').map((event) => ({ ...(event.data as object), payload: '' })),
    run.events('outcomes'),
    [...run.durable.storage],
  ]);
  for (const secret of secrets.filter((value) => value.length >= 4))
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')])
      assert.ok(
        !told.includes(form),
        `a secret is told or kept: ${told.slice(Math.max(0, told.indexOf(form) - 200), told.indexOf(form))}…`,
      );
}

export function outcomesOf(run: TestRun, command: string): Outcome[] {
  return run
    .events('outcomes')
    .map((event) => event.data as Outcome)
    .filter((outcome) => outcome.command === command);
}

/** Gives a command to the log as the hub would. */
export async function issue(run: TestRun, given: Command, id: string, lifeMs = 3_600_000): Promise<Command> {
  const now = run.clock.now();
  const command: Command = {
    ...given,
    id,
    issuedAt: new Date(now).toISOString(),
    deadline: new Date(now + lifeMs).toISOString(),
  };
  const checked = validate('command', command);
  assert.ok(checked.ok, `the subject's command breaks the contract: ${JSON.stringify(checked)}`);
  const event = commandEvent('acme', command);
  await run.log.append([{ ...placeOf(event), value: JSON.stringify(event) }]);
  return command;
}

export async function outcome(run: TestRun, id: string): Promise<Outcome> {
  await eventually(`command ${id} has an outcome`, () => {
    const isPaused = run.runner.status().state === 'paused';
    if (outcomesOf(run, id).length > 0) return true;
    if (isPaused) throw new Error(`waited in vain until command ${id} has an outcome: the system is paused`);
    return false;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; ${describeRun(run)}`);
  });
  return outcomesOf(run, id).at(-1)!;
}

/** Every text in a value, however deep. */
export function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(texts);
}
