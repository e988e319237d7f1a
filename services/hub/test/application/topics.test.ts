import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog, TopicSpec } from '@unsilo/event-log';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import { declareTopics } from '@unsilo/schemas';
import { declareHubTopics } from '../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'unsilo-topics-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Partitions by topic, of a log in a folder. */
async function onLog(
  name: string,
  systems: readonly string[],
  work: (log: EventLog) => Promise<void>,
): Promise<Record<string, number>> {
  const environment = await openEnvironment({ folder: join(folder, name) });
  const log = openLmdbEventLog(environment);
  try {
    await work(log);
    const ends = await log.ends(declareTopics(systems).map((topic) => topic.name));
    const partitions: Record<string, number> = {};
    for (const { topic } of ends) partitions[topic] = (partitions[topic] ?? 0) + 1;
    return partitions;
  } finally {
    await log.close();
    await environment.close();
  }
}
const usual = (systems: readonly string[]) =>
  Object.fromEntries(declareTopics(systems).map(({ name, partitions }) => [name, partitions]));

it('gives each topic one partition where one process is all that can use the log', async () => {
  const made = await onLog('new', ['crm'], (log) => declareHubTopics(log, ['crm']));
  expect(new Set(Object.values(made))).toEqual(new Set([1]));
  expect(Object.keys(made)).toContain('unsilo.commands.crm.v1');
  // Again, and with one system more.
  const more = await onLog('new', ['crm', 'shop'], (log) => declareHubTopics(log, ['crm', 'shop']));
  expect(new Set(Object.values(more))).toEqual(new Set([1]));
});

it('leaves a data folder that was made with several partitions as it is, and goes on that way', async () => {
  const before = await onLog('old', ['crm'], (log) => log.declare(declareTopics(['crm'])));
  expect(before['unsilo.parties.v1']).toBeGreaterThan(1);
  expect(await onLog('old', ['crm'], (log) => declareHubTopics(log, ['crm']))).toEqual(before);
  const more = await onLog('old', ['crm', 'shop'], (log) => declareHubTopics(log, ['crm', 'shop']));
  expect(more).toEqual(usual(['crm', 'shop']));
});

it('gives a log that several processes share the partitions that each topic may have', async () => {
  const declared: TopicSpec[] = [];
  const log = {
    capabilities: { distributed: true },
    declare: async (topics: readonly TopicSpec[]) => void declared.push(...topics),
  } as unknown as EventLog;
  await declareHubTopics(log, ['crm']);
  expect(declared).toEqual(declareTopics(['crm']));
});

it('passes on what is wrong otherwise', async () => {
  const broken = {
    capabilities: { distributed: false },
    declare: () => Promise.reject(Object.assign(new Error('closed'), { code: 'UNSILO_LOG_CLOSED' })),
  } as unknown as EventLog;
  await expect(declareHubTopics(broken, ['crm'])).rejects.toMatchObject({ code: 'UNSILO_LOG_CLOSED' });
});
