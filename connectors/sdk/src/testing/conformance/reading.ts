import assert from 'node:assert/strict';
import { decisionEvent, placeOf, validate, type Decision } from '@unsilo/schemas';
import { parseOptions } from '../../options.js';
import { keys } from '../../runner/storage.js';
import { crashAt } from '../crashes.js';
import type { Fault } from '../fake-server.js';
import { hostileTexts } from '../hostile.js';
import { emptyDurable, type TestRun } from '../run.js';
import {
  assertVersionsAreNames,
  besideEachOther,
  byReading,
  changes,
  describeRun,
  emitted,
  eventually,
  LATE,
  latest,
  onStage,
  readAgain,
  seen,
  serverOf,
  texts,
  tries,
  type Change,
} from './observe.js';
import type { ConformanceSubject, TestGlobals } from './world.js';

/** More steps than this no reading of a test world takes; a suite that never ends would prove nothing more. */
const MOST_STEPS = 80;
/** One by one: a page as long as a batch would hide what stands between its items. */
const CRASHED_BATCHES = [1, 2];

/** What failed is read after so many intervals at the latest. */
const MOST_INTERVALS = 5;

const passing: readonly Fault[] = [
  { kind: 'status', status: 429 },
  { kind: 'status', status: 429, headers: { 'retry-after': '2' } },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503, headers: { 'retry-after': '2' } },
  { kind: 'reset' },
  { kind: 'lost-answer' },
  { kind: 'truncate' },
  { kind: 'hang' },
  LATE,
];

export function readingConformance<Options>(
  subject: ConformanceSubject<Options>,
  { describe, test }: TestGlobals,
): void {
  describe('reading', () => {
    test('the profile and the options fit the contract', async () => {
      await onStage(subject, async ({ world }) => {
        const { connector } = subject;
        const parsed = parseOptions(connector, world.options);
        assert.ok(parsed.ok, JSON.stringify(parsed));
        const profile = connector.profile('some-system', parsed.options);
        assert.equal(validate('system-profile', profile).ok, true, JSON.stringify(validate('system-profile', profile)));
        assert.equal(profile.system, 'some-system');
        assert.equal(profile.connector, connector.id);
        const { properties = {} } = connector.options as { properties?: Record<string, { description?: string }> };
        const undescribed = Object.entries(properties).filter(([, option]) => (option.description ?? '') === '');
        assert.deepEqual(
          undescribed.map(([name]) => name),
          [],
          'options without a description',
        );
      });
    });

    test('check finds a right configuration right', async () => {
      await onStage(subject, async ({ run }) => {
        const { runner } = await run();
        const findings = await runner.check();
        assert.ok(findings.length > 0);
        assert.deepEqual(
          findings.filter((finding) => !finding.ok),
          [],
        );
      });
    });

    test('everything there is reaches the log as valid events, and nothing twice', async () => {
      await onStage(subject, async ({ world, run }) => {
        const refs = await world.change(5);
        const first = await run();
        await seen(first, refs);
        await readAgain(first);
        assert.deepEqual(first.events('dead-letters'), []);
        const count = changes(first).length;
        await readAgain(first);
        assert.equal(changes(first).length, count, 'a repeated reading appended events');
        assertVersionsAreNames(first);
        await first.close();
        const second = await run({ durable: first.durable });
        await readAgain(second);
        assert.equal(changes(second).length, count, 'a restart appended events');
      });
    });

    test('everything that the connector says it emits is emitted', async () => {
      await onStage(subject, async ({ world, run }) => {
        const started = await run();
        await seen(started, await world.change(12));
        const missing = subject.connector.emits.filter((kind) => !emitted(started).has(kind));
        assert.deepEqual(missing, [], 'declared in `emits`, and among twelve changes of the world there was none');
      });
    });

    test('the first complete reading is announced', async () => {
      await onStage(subject, async ({ run }) => {
        const started = await run();
        await byReading(started, 'the snapshot is completed', () => started.runner.status().snapshotComplete);
      });
    });

    test('later changes follow, also those made while nothing ran', async () => {
      await onStage(subject, async ({ world, run }) => {
        const first = await run();
        await seen(first, await world.change(2));
        await readAgain(first);
        const live = await world.change(2);
        first.runner.poke();
        await seen(first, live);
        await first.close();
        const missed = await world.change(2);
        const before = changes(first).length;
        const second = await run({ durable: first.durable });
        await seen(second, missed);
        await eventually('the missed changes are read', () => changes(second).length > before);
        assertVersionsAreNames(second);
      });
    });

    test('a crash at any step loses nothing, and no version names two states', async () => {
      for (const batchItems of CRASHED_BATCHES) await crashAtEachStep(subject, batchItems);
    }, 120_000);

    if (subject.withoutServer !== true) failingServers(subject, test);

    test('hostile texts survive', async () => {
      await onStage(subject, async ({ world, run }) => {
        if (world.plant === undefined) return;
        const planted: { ref: string; expected: string }[] = [];
        for (const text of hostileTexts) {
          const place = await world.plant(text);
          if (place !== undefined) planted.push({ ref: place.ref, expected: place.expected ?? text });
        }
        const started = await run();
        await seen(
          started,
          planted.map(({ ref }) => ref),
        );
        const lost = planted.filter(
          ({ ref, expected }) => !texts(latest(started, ref)).some((text) => text.includes(expected)),
        );
        assert.deepEqual(lost, []);
      });
    });

    test('what is erased is kept nowhere, and its state is not told again', async () => {
      await onStage(subject, async ({ world, run }) => {
        const place = await world.plant?.(UNIQUE);
        if (place === undefined) return;
        const started = await run();
        await seen(started, [place.ref]);
        await readAgain(started);
        const count = changes(started).length;
        await erase(started, place.ref);
        // Decisions are heeded one after the other.
        await erase(started, 'elsewhere/contact/1');
        assert.ok(![...started.durable.storage.values()].join().includes(UNIQUE), 'what was erased is kept');
        await readAgain(started);
        assert.equal(changes(started).length, count, 'what was erased is told again');
      });
    });
  });
}

/** Stands in no test world. */
const UNIQUE = 'Zephyrine Quillfeather';

/** A steward's decision; resolves when the runner has been told of it. */
async function erase({ log, durable }: TestRun, ref: string): Promise<void> {
  const decidedAt = new Date(Date.now() + 1000).toISOString();
  const decision: Decision = { id: `erasure of ${ref}`, kind: 'erase', refs: [ref], author: 'steward', decidedAt };
  const event = decisionEvent('acme', decision);
  await log.append([{ ...placeOf(event), value: JSON.stringify(event) }]);
  await eventually('the runner knows of the erasure', () => durable.storage.has(keys.erased(ref)));
}

/** Kills the runner at each durable step of a first reading, and lets another one go on. */
async function crashAtEachStep<Options>(subject: ConformanceSubject<Options>, batchItems: number): Promise<void> {
  let step = 1;
  for (let reached = true; reached && step <= MOST_STEPS; step += 1) {
    reached = false;
    for (const lastTakesEffect of [true, false])
      await onStage(subject, async ({ world, run }) => {
        const refs = await world.change(4);
        const durable = emptyDurable();
        const crash = crashAt(step, lastTakesEffect);
        const first = await run({ durable, wrap: crash.wrap, reading: { batchItems }, graceMs: 1 });
        const all = () => refs.every((ref) => changes(first).some((change) => change.ref === ref));
        await eventually(
          'it crashed or has read all',
          () => crash.hit() || (all() && first.runner.status().snapshotComplete),
        );
        reached ||= crash.hit();
        await first.close();
        const more = await world.change(1);
        const second = await run({ durable, reading: { batchItems } });
        await seen(second, [...refs, ...more]);
        assertVersionsAreNames(second);
        assert.deepEqual(second.events('dead-letters'), []);
      });
  }
  assert.ok(step > 3, 'no step was reached');
}

/** What a server does to its callers; needs one. */
function failingServers<Options>(subject: ConformanceSubject<Options>, test: TestGlobals['test']): void {
  test('a failing server is outlasted, whichever request it hits', async () => {
    const plays = passing.flatMap((fault) =>
      [0, 1, 2].flatMap((after) =>
        tries.map(
          (http) => () =>
            onStage(subject, async ({ world, run }) => {
              const server = serverOf(world);
              const refs = await world.change(3);
              server.fault({ ...fault, after, times: 2 });
              const started = await run({ http });
              await readCompletely(started, refs);
              assert.deepEqual(started.events('dead-letters'), [], JSON.stringify({ fault, after }));
            }),
        ),
      ),
    );
    await besideEachOther(plays);
  }, 120_000);

  for (const status of [401, 403])
    test(`a server that answers ${status} pauses the system with a reason, until it is resumed`, async () => {
      await onStage(subject, async ({ world, run }) => {
        const server = serverOf(world);
        const refs = await world.change(2);
        server.fault({ kind: 'status', status, times: Infinity });
        const started = await run();
        await byReading(started, 'it is paused', () => started.runner.status().state === 'paused').catch(
          (error: unknown) => {
            throw new Error(`${String(error)}; ${describeRun(started)}`);
          },
        );
        assert.ok((started.runner.status().reason ?? '') !== '');
        const findings = await started.runner.check();
        assert.ok(
          findings.some((finding) => !finding.ok),
          'check finds nothing wrong',
        );
        server.clearFaults();
        await started.runner.resume();
        await seen(started, refs);
      });
    });
}

/**
 * Creating begins when the snapshot is completed, so every record has been read by then (SYNC section 6). Posts alone make nobody: of several
 * places where they stand, one that fails may be left to a later reading.
 */
async function readCompletely(run: TestRun, refs: readonly string[]): Promise<void> {
  await byReading(run, 'the snapshot is completed', () => run.runner.status().snapshotComplete);
  const missing = () => refs.filter((ref) => !changes(run).some((change) => change.ref === ref));
  const late = missing();
  for (let interval = 0; missing().length > 0 && interval < MOST_INTERVALS; interval += 1) {
    await run.clock.advance(3_600_000);
    await readAgain(run);
  }
  await seen(run, refs);
  const posts = new Set(run.events('interactions').map((event) => (event.data as Change).ref));
  assert.deepEqual(
    late.filter((ref) => !posts.has(ref)),
    [],
    'the snapshot was complete without them',
  );
}
