import assert from 'node:assert/strict';
import type { Command } from '@unsilo/schemas';
import type { TestRun } from '../run.js';
import { byReading, changes, issue, latest, onStage, outcome, readAgain, texts, type Stage } from './observe.js';
import { assertEcho, assertWhole, read } from './writing.js';
import type { ConformanceSubject, Deed, TestGlobals } from './world.js';

/** Some systems tell of a deletion only when a sweep has come round: it is read after so many intervals at the latest. */
const MOST_INTERVALS = 5;
const INTERVAL_MS = 3_600_000;

/** What only some systems can do, tried where the subject says that this one can. */
export function deedsConformance<Options>(subject: ConformanceSubject<Options>, { describe, test }: TestGlobals): void {
  const { connector, deeds = [] } = subject;
  const tried = (deed: Deed, name: string, play: (stage: Stage<Options>) => Promise<void>): void => {
    if (deeds.includes(deed)) test(name, () => onStage(subject, play));
    else test.skip(`${name}: not tried, since the world has no \`${deed}\``, () => undefined);
  };
  describe('deeds', () => {
    if (connector.read !== undefined) {
      tried('remove', 'what people delete is told as deleted, once', async ({ world, run }) => {
        const started = await readWhole(run);
        await untilDeleted(started, await world.remove!());
      });

      tried('remove', 'what people delete while nothing runs is told as deleted, once', async ({ world, run }) => {
        const first = await readWhole(run);
        await first.close();
        const ref = await world.remove!();
        await untilDeleted(await run({ durable: first.durable, clock: first.clock }), ref);
      });

      tried('editAtSameTime', 'edits under one time stamp are all read, also after a restart', async (stage) => {
        const first = await readWhole(stage.run);
        await edited(stage, first, 'the first edit');
        await edited(stage, first, 'the second edit');
        await first.close();
        const place = await stage.world.editAtSameTime!('the third edit');
        await untilSaid(await stage.run({ durable: first.durable, clock: first.clock }), place, 'the third edit');
      });
    }
    if (connector.write === undefined) return;

    tried(
      'shortened',
      'a value that the system shortens is told as it stands, and is no news',
      async ({ world, run }) => {
        const started = await read(run);
        const issued = await issue(started, await world.shortened!(), 'shortened');
        const ended = await outcome(started, 'shortened');
        assert.equal(ended.status, 'applied', JSON.stringify(ended));
        assertWhole(issued, ended);
        const sent = new Set(sentTexts(issued));
        assert.ok(sent.size > 0, 'the command of `shortened` sets no text');
        const left = texts(ended.left);
        assert.deepEqual(
          [...sent].filter((text) => left.includes(text)),
          [],
          'what was left is what was sent',
        );
        for (const text of sent)
          assert.ok(
            left.some((kept) => kept !== '' && text.startsWith(kept)),
            'what was left is no part of what was sent',
          );
        await readAgain(started);
        await readAgain(started);
        assertEcho(started, ended);
      },
    );

    tried('refused', 'what the system refuses is rejected, and takes no effect', async ({ world, run }) => {
      const started = await read(run);
      const count = changes(started).length;
      const commands = await world.refused!();
      assert.ok(commands.length > 0, '`refused` answers no command');
      for (const [index, command] of commands.entries()) {
        await issue(started, command, `refused-${index}`);
        const ended = await outcome(started, `refused-${index}`);
        assert.equal(ended.status, 'rejected', `${command.action}: ${JSON.stringify(ended)}`);
        assert.ok((ended.error?.message ?? '') !== '', `${command.action}: rejected without a word`);
        await readAgain(started);
        assert.equal(changes(started).length, count, `${command.action}: rejected, and something was changed`);
      }
    });
  });
}

async function readWhole(run: Stage<unknown>['run']): Promise<TestRun> {
  const started = await run();
  await byReading(started, 'the snapshot is completed', () => started.runner.status().snapshotComplete);
  await readAgain(started);
  return started;
}

async function untilDeleted(run: TestRun, ref: string): Promise<void> {
  const told = () => changes(run).filter((change) => change.ref === ref);
  assert.ok(
    told().some(({ deleted }) => deleted !== true),
    `${ref} was never read: \`remove\` takes what was there`,
  );
  await readAgain(run);
  for (let interval = 0; latest(run, ref)?.deleted !== true && interval < MOST_INTERVALS; interval += 1) {
    await run.clock.advance(INTERVAL_MS);
    await readAgain(run);
  }
  assert.equal(latest(run, ref)?.deleted, true, `${ref} is not told as deleted`);
  const count = told().length;
  await readAgain(run);
  assert.equal(told().length, count, `${ref} is told again`);
}

async function edited({ world }: Stage<unknown>, run: TestRun, text: string): Promise<void> {
  const place = await world.editAtSameTime!(text);
  run.runner.poke();
  await untilSaid(run, place, text);
  await readAgain(run);
}

async function untilSaid(run: TestRun, place: { ref: string; expected?: string }, text: string): Promise<void> {
  const { ref, expected = text } = place;
  const isSaid = () => texts(latest(run, ref)).some((said) => said.includes(expected));
  await byReading(run, `${ref} says ${JSON.stringify(expected)}`, isSaid);
}

function sentTexts(command: Command): string[] {
  return 'set' in command ? Object.values(command.set).flatMap(({ value }) => texts(value)) : [];
}
