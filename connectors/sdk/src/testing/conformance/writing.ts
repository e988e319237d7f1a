import assert from 'node:assert/strict';
import type { Command, Outcome, Party } from '@unsilo/schemas';
import { compareVersions, parseRef } from '@unsilo/schemas';
import { keys } from '../../runner/storage.js';
import { stateDigest } from '../../runner/versions.js';
import type { Fault } from '../fake-server.js';
import type { TestRun } from '../run.js';
import { crashAt } from '../crashes.js';
import {
  besideEachOther,
  changes,
  describeRun,
  eventually,
  issue,
  LATE,
  onStage,
  outcome,
  outcomesOf,
  readAgain,
  serverOf,
  tries,
  type Stage,
} from './observe.js';
import type { ConformanceSubject, TestGlobals } from './world.js';

/** More durable steps than this no write takes. */
const MOST_STEPS = 30;

/** Faults around the moment of a write; with `lost-answer` and `truncate` the work was done. */
const around: readonly Fault[] = [
  { kind: 'lost-answer' },
  { kind: 'truncate' },
  { kind: 'reset' },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 429 },
  LATE,
];

export function writingConformance<Options>(
  subject: ConformanceSubject<Options>,
  { describe, test }: TestGlobals,
): void {
  if (subject.connector.write === undefined) return;
  describe('writing', () => {
    test('each command is carried out once, with a whole outcome', async () => {
      await eachCommand(subject, async ({ world, run }, command, name) => {
        const started = await read(run);
        const issued = await issue(started, command, name);
        const ended = await outcome(started, name);
        assert.equal(ended.status, 'applied', `${command.action}: ${JSON.stringify(ended)}; ${describeRun(started)}`);
        assertWhole(issued, ended);
        assert.equal(await world.effects!(issued), 1, `${command.action}: effects`);
      });
    });

    test('an update that was planned on a state which is no more is a conflict, where the profile promises conditions', async () => {
      await eachCommand(subject, async ({ world, run }, command, name) => {
        const started = await read(run);
        if (!isConditional(command, started)) return;
        const issued = await issue(started, command, name);
        assert.equal((await outcome(started, name)).status, 'applied');
        // Somebody else's write to the same record, planned before.
        await issue(started, command, `${name}-late`);
        const late = await outcome(started, `${name}-late`);
        assert.equal(late.status, 'conflict', `the record had moved on: ${JSON.stringify(late)}`);
        assert.equal(await world.effects!(issued), 1, 'effects after the conflict');
      });
    });

    test('our own write that comes back by reading is no news', async () => {
      await eachCommand(subject, async ({ run }, command, name) => {
        const started = await read(run);
        const before = refsOf(started);
        await issue(started, command, name);
        const ended = await outcome(started, name);
        await readAgain(started);
        await readAgain(started);
        assertEcho(started, ended);
        assertRead(command, ended, before, refsOf(started));
      });
    });

    test('a command whose outcome was lost in a crash is repeated without a second effect', async () => {
      await eachCommand(subject, async ({ world, run }, command, name) => {
        const first = await read(run);
        const issued = await issue(first, command, name);
        await outcome(first, name);
        await first.close();
        const { durable } = first;
        durable.storage.set(keys.command(name), JSON.stringify({ begun: issued.issuedAt }));
        durable.log.groups.clear();
        durable.log.topics.get('unsilo.outcomes.v1')?.splice(0);
        const second = await run({ durable });
        const ended = await outcome(second, name);
        assert.ok(
          ended.status === 'applied' || ended.status === 'uncertain',
          `${command.action}: ${JSON.stringify(ended)}`,
        );
        assert.equal(await world.effects!(issued), 1, `${command.action}: effects after the repeat`);
      });
    });

    test('a crash at any step of a write leads to one effect at most, and a true outcome', async () => {
      for (let step = 1; step <= MOST_STEPS; step += 1) {
        let isReached = false;
        for (const lastTakesEffect of [true, false])
          await eachCommand(subject, async ({ world, run }, command, name) => {
            const crash = crashAt(step, lastTakesEffect, 'armed');
            const first = await read((settings) => run({ ...settings, wrap: crash.wrap, graceMs: 1 }));
            crash.arm();
            // What brings the command to the log is not the runner's step.
            const issued = await issue(first, command, name);
            await eventually(
              'it crashed or the command ended',
              () => crash.hit() || outcomesOf(first, name).length > 0,
            );
            isReached ||= crash.hit();
            await first.close();
            const second = await run({ durable: first.durable });
            const ended = await outcome(second, name);
            assertTrue(ended, await world.effects!(issued), JSON.stringify({ step, lastTakesEffect, ended }));
          });
        if (!isReached) return;
      }
    }, 120_000);

    if (subject.withoutServer !== true)
      test('whatever breaks around a write, it takes effect once at most, and the outcome is true', async () => {
        const plays = around.flatMap((fault) =>
          [0, 1].flatMap((after) =>
            tries.map(
              (http) => () =>
                eachCommand(subject, async ({ world, run }, command, name) => {
                  const server = serverOf(world);
                  const started = await read((settings) => run({ ...settings, http }));
                  server.fault({ ...fault, after, times: http.retries === undefined ? 1 : 2 });
                  const issued = await issue(started, command, name);
                  const ended = await outcome(started, name);
                  const effects = await world.effects!(issued);
                  assertTrue(ended, effects, JSON.stringify({ fault, after, action: command.action, ended, effects }));
                }),
            ),
          ),
        );
        await besideEachOther(plays);
      }, 120_000);

    test('a command past its deadline is not applied', async () => {
      await eachCommand(subject, async ({ world, run }, command, name) => {
        const started = await read(run);
        const issued = await issue(started, command, name, -1);
        assert.equal((await outcome(started, name)).status, 'not-applied');
        assert.equal(await world.effects!(issued), 0);
      });
    });
  });
}

/** Plays with each command of the subject, each in a world of its own. */
export async function eachCommand<Options>(
  subject: ConformanceSubject<Options>,
  play: (stage: Stage<Options>, command: Command, name: string) => Promise<void>,
): Promise<void> {
  for (let index = 0, count = 1; index < count; index += 1)
    await onStage(subject, async (stage) => {
      assert.ok(
        stage.world.commands !== undefined && stage.world.effects !== undefined,
        'the world has no commands to try',
      );
      const commands = await stage.world.commands();
      assert.ok(commands.length > 0);
      count = commands.length;
      await play(stage, commands[index]!, `command-${index}`);
    });
}

/** Commands are given once the system has been read, as the hub does. */
export async function read(run: Stage<unknown>['run']): Promise<TestRun> {
  const started = await run();
  await readAgain(started);
  return started;
}

/** No more than one effect, and one exactly if the outcome says so. */
export function assertTrue(ended: Outcome, effects: number, told: string): void {
  assert.ok(effects <= 1, told);
  if (ended.status === 'applied') assert.equal(effects, 1, told);
  if (ended.status === 'rejected' || ended.status === 'not-applied' || ended.status === 'conflict')
    assert.equal(effects, 0, told);
}

/** What the hub needs to tell an echo (SYNC section 1). */
export function assertWhole(command: Command, ended: Outcome): void {
  assert.notEqual(ended.ref, undefined, `${command.action}: the outcome has no ref`);
  if ('ref' in command) assert.equal(ended.ref, command.ref, `${command.action}: the outcome is about another record`);
  if (command.action !== 'update' && command.action !== 'create') return;
  assert.notEqual(ended.version, undefined, `${command.action}: no version`);
  assert.notEqual(ended.left, undefined, `${command.action}: no state left`);
  assert.notEqual(ended.exact, undefined, `${command.action}: exact or not?`);
  if (command.action === 'update') assert.notEqual(ended.pre, undefined, 'update: no version before');
}

/** Whether it is an update of records whose writes have conditions. */
function isConditional(command: Command, { runner }: TestRun): boolean {
  if (command.action !== 'update') return false;
  const { kind } = parseRef(command.ref)!;
  return runner.profile.kinds.some((one) => one.kind === kind && one.conditional);
}

function refsOf(run: TestRun): Set<string> {
  return new Set(changes(run).map(({ ref }) => ref));
}

/** What a write was about is read: the record that it changed, and among new ones the one that it made. Not every system tells of what it made. */
function assertRead(command: Command, { ref }: Outcome, before: Set<string>, after: Set<string>): void {
  if ('ref' in command) return assert.ok(after.has(command.ref), `${command.ref} was never read`);
  const made = [...after].filter((other) => !before.has(other));
  if (ref !== undefined && made.length > 0)
    assert.ok(made.includes(ref), `the outcome is about ${ref}, and what was read is ${made.join(', ')}`);
}

/** Every reading after the write is of the version and the state that the outcome told. */
export function assertEcho(run: TestRun, { ref, version, left }: Outcome): void {
  if (version === undefined || left === undefined) return;
  for (const change of changes(run) as Party[]) {
    if (change.ref !== ref) continue;
    const order = compareVersions(change.version, version);
    assert.ok(
      order <= 0,
      `${ref} was read at ${JSON.stringify(change.version)} after our write left ${JSON.stringify(version)}`,
    );
    if (order === 0)
      assert.equal(stateDigest(change.state), stateDigest(left), `${ref}: what was read isn't what the outcome left`);
  }
}
