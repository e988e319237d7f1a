import assert from 'node:assert/strict';
import { parseRef } from '@unsilo/schemas';
import { oddAbout, oddAnswer } from '../odd-answers.js';
import type { TestRun } from '../run.js';
import { byReading, changes, issue, onStage, outcome, readAgain, seen, serverOf } from './observe.js';
import { assertTrue, eachCommand, read } from './writing.js';
import type { ConformanceSubject, TestGlobals } from './world.js';

/** More by `ODD_SEEDS=300 npx jest <the connector's conformance test> -t odd`; from another one on by `FIRST_SEED` as well. */
const SEEDS = Number(process.env['ODD_SEEDS'] ?? 8);
const FIRST_SEED = Number(process.env['FIRST_SEED'] ?? 1);
/** The odd answer is one of the first so many. */
const ANSWERS = 6;
const WRITES = /^(?!GET)/;

/** A system whose answers are such as nobody foresaw. */
export function oddAnswers<Options>(subject: ConformanceSubject<Options>, { describe, test }: TestGlobals): void {
  if (subject.withoutServer === true) return;
  const seeds = Array.from({ length: SEEDS }, (_, index) => FIRST_SEED + index);
  describe('odd answers', () => {
    for (const seed of seeds) {
      if (subject.connector.read !== undefined) {
        test(`seed ${seed}: an odd answer to a reading is no bug, and holds up nothing that comes after it`, async () => {
          await onStage(subject, async ({ world, run }) => {
            const server = serverOf(world);
            await world.change(3);
            server.fault({ kind: 'odd', twist: oddAnswer(seed), after: seed % ANSWERS });
            const started = await run();
            await readAgain(started);
            await world.change(1);
            await readAgain(started);
            server.clearFaults();
            const later = await world.change(2);
            started.runner.poke();
            await seen(started, later);
            assertForeseen(started);
          });
        });

        test(`seed ${seed}: of a record that is odd for good, all others are read, and it is read or parked`, async () => {
          await onStage(subject, async ({ world, run }) => {
            const [odd = '', ...others] = [...new Set(await world.change(5))];
            const twist = oddAbout(parseRef(odd)!.id, seed);
            serverOf(world).fault({ kind: 'odd', twist, times: Infinity });
            const started = await run();
            await seen(started, others);
            await byReading(started, 'the snapshot is completed', () => started.runner.status().snapshotComplete);
            const later = (await world.change(2)).filter((ref) => ref !== odd);
            started.runner.poke();
            await seen(started, later);
            const isTold = changes(started).some(({ ref }) => ref === odd) || started.events('dead-letters').length > 0;
            assert.ok(isTold, `${odd} was neither read nor parked`);
            assertForeseen(started);
          });
        });
      }

      if (subject.connector.write !== undefined) {
        test(`seed ${seed}: after an odd answer to a write, it takes effect once at most, and the outcome is true`, async () => {
          await eachCommand(subject, async ({ world, run }, command, name) => {
            const started = await read(run);
            serverOf(world).fault({ kind: 'odd', twist: oddAnswer(seed), method: WRITES, after: seed % 2 });
            const issued = await issue(started, command, name);
            const ended = await outcome(started, name);
            const effects = await world.effects!(issued);
            assertTrue(ended, effects, JSON.stringify({ action: command.action, ended, effects }));
            assertForeseen(started);
          });
        });

        // What a system says that was changed on the way can be true and is not: no more is asked than an outcome.
        test(`seed ${seed}: a write whose answer was lost, and is looked for with an odd answer, comes to an end`, async () => {
          await eachCommand(subject, async ({ world, run }, command, name) => {
            const started = await read(run);
            const server = serverOf(world);
            server.fault({ kind: 'lost-answer', method: WRITES });
            server.fault({ kind: 'odd', twist: oddAnswer(seed), after: seed % ANSWERS });
            await issue(started, command, name);
            await outcome(started, name);
            assertForeseen(started);
          });
        });
      }
    }
  });
}

function assertForeseen(run: TestRun): void {
  const bugs = run.logged.filter(({ fields }) => fields['code'] === 'UNSILO_CONNECTOR_BUG');
  assert.deepEqual(
    bugs.map(({ message }) => message),
    [],
    'the connector failed in a way that it did not foresee',
  );
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
}
