import { join } from 'node:path';
import { openKafkaEventLog } from '@unsilo/event-log/kafka';
import { createHubService } from '@unsilo/hub';
import { declareTopics, eventKey, partyEvent, topicName, type UnsiloEvent } from '@unsilo/schemas';
import { parseConfiguration } from '../../src/configuration/load.js';
import { createLogger } from '../../src/running/logger.js';
import { hubOptions } from '../../src/running/rebuild-published.js';
import { startRole } from '../../src/running/start-role.js';
import { openServers } from '../../src/running/storage.js';
import { temporaryFolder } from '../support/folders.js';
import { describeWithServers } from '../support/servers.js';
import { eventually } from '../support/waiting.js';

const folder = temporaryFolder();
const logger = createLogger({ level: 'silent', format: 'json', secrets: [] });
const parties = topicName('parties');
const MIB = 1024 * 1024;

function person(id: number): UnsiloEvent {
  return partyEvent('main', {
    ref: `crm/contact/${id}`,
    version: { major: 1, minor: 0 },
    changedAt: '2026-01-01T00:00:00Z',
    observedAt: '2026-01-01T00:00:00Z',
    state: { kind: 'person', name: { full: `Person ${id}` } },
  });
}

describeWithServers(
  'bad input on a topic of Kafka',
  () => folder,
  (servers) => {
    test('becomes a dead letter that names topic, partition and offset; what becomes of it outlives the state', async () => {
      const { broker, redis } = servers();
      const text = `http: { port: 0 }
storage:
  kafka: { brokers: ['${broker.address}'], partitions: 2, compression: none }
  redis: { url: '${redis.url}' }
`;
      const configuration = await parseConfiguration(Buffer.from(text), join(folder, 'unsilo.yaml'), { env: {} });
      // Somebody has allowed larger messages on the topic than this software writes.
      const stranger = await openKafkaEventLog({
        brokers: [broker.address],
        maxMessageBytes: 16 * MIB,
        compression: 'none',
      });
      const quiet = (): void => undefined;
      const storage = await openServers(configuration.storage!, { debug: quiet, info: quiet, warn: quiet });
      try {
        await stranger.declare(declareTopics([], { partitions: 2 }));
        const hub = await startRole(configuration, 'hub', undefined, { logger });
        try {
          await hub.ready;
          const good = JSON.stringify(person(0));
          const bad: [string, string | null][] = [
            ['UNSILO_NOT_JSON', 'hello, is anybody there?'],
            ['UNSILO_INVALID', JSON.stringify({ order: 17, of: 'another system' })],
            ['UNSILO_', good.replace('"specversion":"1.0"', '"specversion":"2.0"')],
            ['UNSILO_UNEXPECTED_TOMBSTONE', null],
            ['UNSILO_', `${good.slice(0, -2)},"note":"${'x'.repeat(10 * MIB)}"}}`],
          ];
          const places: string[] = [];
          for (const [index, [, value]] of bad.entries()) {
            if (value === good) throw new Error(`case ${index} is not bad`);
            const key = eventKey('main', 'crm/contact/1');
            const [position] = await stranger.append([{ topic: parties, key, value }]);
            places.push(`${position?.topic}/${position?.partition}/${position?.offset}`);
          }
          const after = Array.from({ length: 20 }, (_, id) => person(id + 1));
          await stranger.append(
            after.map((event) => ({
              topic: parties,
              key: eventKey('main', 'crm/contact/1'),
              value: JSON.stringify(event),
            })),
          );
          const service = createHubService(hubOptions(configuration, storage.log, storage.store), () => true);
          const actor = { tenant: 'main', name: 'test', roles: ['admin'] as const };
          await eventually(async () => ((await service.customersHash(actor)).customers === 20 ? true : undefined));
          const letters = await eventually(async () => {
            const { items } = await service.deadLetters(actor, { limit: 50 });
            return items.length >= bad.length ? items : undefined;
          });
          const found = letters.map(({ at }) => `${at.topic}/${at.partition}/${at.offset}`);
          expect(found.sort()).toEqual(places.sort());
          for (const [code] of bad) expect(letters.some((letter) => letter.code.startsWith(code))).toBe(true);
          // The largest is kept in part: its place on the log is named.
          for (const { payload } of letters) expect((payload ?? '').length).toBeLessThan(MIB);

          const [discarded, mended] = letters.map(({ id }) => id) as [string, string];
          await service.discardDeadLetter(actor, discarded, 'Nobody knows what it was.');
          const payload = JSON.stringify(person(21));
          await service.replayDeadLetter(actor, mended, { payload, dryRun: false });
          await redis.lose();
          // The topic says what became of them, whoever is asked and whatever the state has forgotten.
          await eventually(async () => ((await service.customersHash(actor)).customers === 21 ? true : undefined));
          const { items } = await service.deadLetters(actor, { limit: 50 });
          const states = new Map(items.map(({ id, state, stateReason }) => [id, [state, stateReason]]));
          expect(states.size).toBe(bad.length);
          expect(states.get(discarded)).toEqual(['discarded', 'Nobody knows what it was.']);
          expect(states.get(mended)).toEqual(['replayed', undefined]);
          expect([...states.values()].filter(([state]) => state === 'open')).toHaveLength(bad.length - 2);
          expect(await service.deadLetter(actor, discarded)).toMatchObject({ state: 'discarded' });
        } finally {
          await hub.stop();
        }
      } finally {
        await stranger.close();
        await storage.close();
      }
    }, 180_000);
  },
);
