import assert from 'node:assert/strict';
import type { Command, Interaction, BusinessObject, Outcome, Party } from '@unsilo/schemas';
import { commandEvent, placeOf, validate } from '@unsilo/schemas';
import { httpDefaults, type HttpSettings } from '../../http/settings.js';
import { stateDigest } from '../../runner/versions.js';
import { secretValues } from '../../redaction.js';
import { parseOptions } from '../../options.js';
import type { FakeServer } from '../fake-server.js';
import { testRun, until, type TestRun, type TestRunOptions } from '../run.js';
import type { ConformanceSubject, ConformanceWorld } from './world.js';

export type Change = Party | BusinessObject | Interaction;

/** A fresh system and any number of runners over it; everything is closed, and searched for secrets, in the end. */
export interface Stage<Options> {
  world: ConformanceWorld;
  run(settings?: TestRunOptions): Promise<TestRun>;
  subject: ConformanceSubject<Options>;
}

/** Short time limits, so that a server that hangs costs milliseconds. */
const IMPATIENT = { timeoutMs: 250 };

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
  await eventually('everything is read', () => missing().length === 0).catch((error: unknown) => {
    throw new Error(`${String(error)}; missing ${missing().join(', ')}; ${describeRun(run)}`);
  });
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
  await eventually(`command ${id} has an outcome`, () => outcomesOf(run, id).length > 0).catch((error: unknown) => {
    throw new Error(`${String(error)}; ${describeRun(run)}`);
  });
  return outcomesOf(run, id).at(-1)!;
}
