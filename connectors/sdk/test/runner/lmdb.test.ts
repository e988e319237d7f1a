import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandEvent, declareTopics, parseEvent, placeOf, topicName, type UnsiloEvent } from '@unsilo/schemas';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import type { EventLog } from '@unsilo/event-log';
import { runConnector } from '../../src/index.js';
import { memoryStorage, until } from '../../src/testing.js';
import { rolodex } from './rolodex.js';

async function eventsOf(log: EventLog, topic: string): Promise<UnsiloEvent[]> {
  const events: UnsiloEvent[] = [];
  for (const { partition } of await log.ends([topic]))
    for (const message of (await log.read({ topic, partition, from: 0, limit: 1000 })).messages) {
      const parsed = parseEvent(message.value!);
      if (parsed.ok) events.push(parsed.event);
    }
  return events;
}

test('over the embedded log: changes in, a command out, its outcome back, and a restart that repeats nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unsilo-runner-'));
  const storage = memoryStorage();
  const world = rolodex();
  world.cards = [{ id: '1', name: 'Ada', changed: 100 }];
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };
  const start = async () => {
    const environment = await openEnvironment({ folder });
    const log = openLmdbEventLog(environment);
    await log.declare(declareTopics(['rolodex']));
    const runner = await runConnector({
      connector: world.connector,
      system: 'rolodex',
      tenant: 'acme',
      options: { token: 'hunter2-token' },
      log,
      storage,
      logger: silent,
      reading: { intervalMs: 5 },
    });
    const close = async () => {
      await runner.close();
      await log.close();
      await environment.close();
    };
    return { log, runner, close };
  };
  const first = await start();
  await until('the card is on the log', async () => (await eventsOf(first.log, topicName('parties'))).length === 1);
  const now = Date.now();
  const event = commandEvent('acme', {
    id: 'c1',
    system: 'rolodex',
    cause: { kind: 'plan' },
    issuedAt: new Date(now).toISOString(),
    deadline: new Date(now + 60_000).toISOString(),
    attempt: 1,
    action: 'update',
    ref: 'rolodex/card/1',
    base: { major: 100, minor: 0 },
    set: { 'name.full': { value: 'Augusta', asOf: 0 } },
  });
  await first.log.append([{ ...placeOf(event), value: JSON.stringify(event) }]);
  await until('the outcome is on the log', async () => (await eventsOf(first.log, topicName('outcomes'))).length === 1);
  await first.close();

  const readings = world.readings;
  const second = await start();
  await until('it has read again', () => world.readings > readings + 1);
  expect(world.written).toHaveLength(1);
  expect(await eventsOf(second.log, topicName('outcomes'))).toMatchObject([
    { data: { command: 'c1', status: 'applied' } },
  ]);
  expect(await eventsOf(second.log, topicName('parties'))).toHaveLength(1);
  await second.close();
  rmSync(folder, { recursive: true });
});
