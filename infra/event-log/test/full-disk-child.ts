import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventLog } from '@unsilo/event-log';
import { openEnvironment, openLmdbEventLog, type LmdbEnvironment } from '@unsilo/event-log/lmdb';

/**
 * What happens on a full disk, one scenario in a process of its own (lmdb reports every failed transaction on standard error).
 * Arguments: a folder on a small empty disk, the scenario. Prints one line of JSON.
 */
const [disk, scenario] = process.argv.slice(2) as [string, string];
const ballast = join(disk, 'ballast');
const BATCH = Array.from({ length: 50 }, (_, n) => ({ topic: 't', key: `k${n}`, value: 'x'.repeat(1000) }));

interface Opened {
  environment: LmdbEnvironment;
  log: EventLog;
}
async function open(): Promise<Opened> {
  const environment = await openEnvironment({ folder: join(disk, 'data') });
  const log = openLmdbEventLog(environment);
  await log.declare([{ name: 't', partitions: 1, cleanup: 'delete', retentionMs: 1000 }]);
  return { environment, log };
}
async function close({ environment, log }: Opened): Promise<void> {
  await log.close();
  await environment.close();
}
function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? String(error);
}
function free(): number {
  const { bavail, bsize } = statfsSync(disk);
  return bavail * bsize;
}
/** Appends until there is no space. */
async function fill(log: EventLog): Promise<{ acknowledged: number; code: string; hint: unknown }> {
  for (let acknowledged = 0; ; acknowledged += BATCH.length) {
    try {
      await log.append(BATCH);
    } catch (error) {
      return { acknowledged, code: codeOf(error), hint: (error as { hint?: unknown }).hint };
    }
  }
}
async function offsets(log: EventLog): Promise<number[]> {
  const { messages } = await log.read({ topic: 't', partition: 0, from: 0, limit: 100_000 });
  return messages.flatMap(({ offset, value }) => (value!.length === 1000 ? [offset] : []));
}

const scenarios: Record<string, () => Promise<unknown>> = {
  async reading() {
    const opened = await open();
    const filled = await fill(opened.log);
    const again = await opened.log.append(BATCH).then(() => 'appended', codeOf);
    const result = { filled, again, ends: await opened.log.ends(['t']), offsets: await offsets(opened.log) };
    await close(opened);
    const reopened = await open();
    const ends = await reopened.log.ends(['t']);
    await close(reopened);
    return { ...result, endsReopened: ends };
  },
  async recovery() {
    writeFileSync(ballast, Buffer.alloc(free() / 2));
    const opened = await open();
    const filled = await fill(opened.log);
    rmSync(ballast);
    const appended = await opened.log.append(BATCH);
    const seen: number[] = [];
    const subscription = await opened.log.subscribe({
      group: 'g',
      topics: ['t'],
      start: 'earliest',
      onBatch: async ({ messages }) => void seen.push(...messages.map(({ offset }) => offset)),
    });
    await subscription.caughtUp();
    await close(opened);
    const reopened = await open();
    const ends = await reopened.log.ends(['t']);
    await close(reopened);
    return { filled, appended: appended.map(({ offset }) => offset), seen, ends };
  },
  async together() {
    const opened = await open();
    writeFileSync(ballast, Buffer.alloc(free() - 1024 * 1024));
    const outcomes = await Promise.allSettled(
      [10, 2_000_000, 10, 20].map((size) => opened.log.append([{ topic: 't', key: 'k', value: 'x'.repeat(size) }])),
    );
    const { messages } = await opened.log.read({ topic: 't', partition: 0, from: 0 });
    await close(opened);
    return {
      outcomes: outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'appended' : codeOf(outcome.reason))),
      kept: messages.map(({ offset, value }) => [offset, value!.length]),
    };
  },
  async cleaning() {
    const opened = await open();
    const filled = await fill(opened.log);
    const cleaned = await opened.log.clean(Date.now() + 10_000);
    const refilled = await fill(opened.log);
    await close(opened);
    return { filled, cleaned, refilled };
  },
  async start() {
    writeFileSync(ballast, Buffer.alloc(free()));
    const refused = await open().then(() => 'opened', codeOf);
    rmSync(ballast);
    const opened = await open();
    await opened.log.append(BATCH);
    const ends = await opened.log.ends(['t']);
    await close(opened);
    return { refused, ends };
  },
};
process.stdout.write(`${JSON.stringify(await scenarios[scenario]!())}\n`);
