import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import { until } from '@unsilo/event-log/suite';
import { declareHubTopics } from '@unsilo/hub';
import { commandEvent, placeOf, topicName, type Party } from '@unsilo/schemas';
import { bench } from '../../src/bench/bench.js';
import { benchSystems, Corpus } from '../../src/bench/corpus.js';
import { feed } from '../../src/bench/feeding.js';
import { BenchSystems } from '../../src/bench/systems.js';
import { temporaryFolder } from '../support/folders.js';

const folder = temporaryFolder();
const NAMES = benchSystems().map(({ system }) => system);

describe('the benchmark in one process', () => {
  test('runs the whole path and the log alone, and leaves nothing behind', async () => {
    const said: string[] = [];
    const report = await bench({
      events: 300,
      parties: 110,
      runs: 2,
      seed: 1,
      folder,
      onProgress: (line) => said.push(line),
    });
    expect(report).toMatchObject({ events: 300, parties: 110, runs: [expect.anything(), expect.anything()] });
    for (const figure of [report.eventsPerSecond, report.bareLogEventsPerSecond, report.commands, report.p99Ms])
      expect(figure).toBeGreaterThan(0);
    expect(said.filter((line) => line.startsWith('run '))).toHaveLength(2);
    expect(readdirSync(folder)).toEqual([]);
  }, 60_000);

  test('a run lasts until what the systems answered at the last moment was taken in as well', async () => {
    const order: string[] = [];
    const systems = { commands: 0, caughtUp: async () => void (order.push('systems'), (systems.commands ||= 1)) };
    await feed(
      { append: async () => [] } as never,
      [],
      { settled: async () => void order.push('hub') },
      systems as unknown as BenchSystems,
    );
    expect(order).toEqual(['hub', 'systems', 'hub', 'systems']);
  });

  test('the systems answer while the hub may still be at work', async () => {
    const environment = await openEnvironment({ folder: join(folder, 'answers') });
    const log = openLmdbEventLog(environment);
    await declareHubTopics(log, NAMES);
    const corpus = new Corpus(11, 1);
    const systems = new BenchSystems(corpus, log, NAMES);
    await systems.start();
    const [first] = [...corpus.load()].map(({ value }) => JSON.parse(value) as { data: Party });
    const command = commandEvent('default', {
      id: 'c1',
      system: 'crm-emea',
      cause: { kind: 'plan', customer: 'cus_01' },
      issuedAt: corpus.now(),
      deadline: corpus.now(),
      attempt: 0,
      action: 'update',
      ref: first!.data.ref,
      base: first!.data.version,
      set: { note: { value: 'Called', asOf: 1 } },
    });
    await log.append([{ ...placeOf(command), value: JSON.stringify(command) }]);
    await until(
      async () => (await log.ends([topicName('outcomes')])).some(({ next }) => next > 0),
      'an outcome is on the log',
    );
    expect(systems.commands).toBe(1);
    await systems.close();
    await log.close();
    await environment.close();
  });
});
