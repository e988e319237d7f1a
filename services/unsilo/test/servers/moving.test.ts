import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { topicName } from '@unsilo/schemas';
import type { Configuration } from '../../src/configuration/configuration.js';
import { parseConfiguration } from '../../src/configuration/load.js';
import { copyInstallation, type Copied } from '../../src/running/copy.js';
import { createLogger } from '../../src/running/logger.js';
import { publishAll, rebuildPublished } from '../../src/running/rebuild-published.js';
import { startRole } from '../../src/running/start-role.js';
import { startUnsilo, type RunningRole, type RunningUnsilo } from '../../src/running/start.js';
import { openEmbedded, openServers, type OpenedStorage } from '../../src/running/storage.js';
import { temporaryFolder } from '../support/folders.js';
import { describeWithServers } from '../support/servers.js';
import { eventually } from '../support/waiting.js';
import { unsilo } from '../support/command-line.js';

const SYSTEMS = `
systems:
  - name: table
    connector: csv
    interval: 1s
    options:
      folder: in
      out: { folder: out, delayMs: 0, rows: all }
      id: id
      mapping: { fields: { name: name.full, mail: emails, phone: phones } }
  - name: other
    connector: csv
    interval: 1s
    options:
      folder: other
      out: { folder: out, delayMs: 0 }
      id: id
      mapping: { fields: { name: name.full, mail: emails, phone: phones } }
    policy: { write: { contact: { fields: ['*'] } } }
`;
const PEOPLE = 60;
const logger = createLogger({ level: 'silent', format: 'json', secrets: [] });
const quiet = (): void => undefined;
const events = { debug: quiet, info: quiet, warn: quiet };

const folder = temporaryFolder();
const admin = (tenant: string) => ({ tenant, name: 'test', roles: ['admin'] as const });

describeWithServers(
  'an installation that moves to Kafka and Redis',
  () => folder,
  (servers) => {
    let configuration: Configuration;
    let file: string;
    let before: { hash: string; customers: number };
    let ids: string[];

    function drop(name: string, batch: string, rows: string[]): void {
      mkdirSync(join(folder, name), { recursive: true });
      const path = join(folder, name, `${batch}.csv`);
      writeFileSync(path, `id,name,mail,phone\n${rows.join('\n')}\n`);
      utimesSync(path, 1_700_000_000, 1_700_000_000);
    }

    const embedded = (): Promise<OpenedStorage> => openEmbedded(join(configuration.dataFolder, 'store'));
    const onServers = (): Promise<OpenedStorage> => openServers(configuration.storage!, events);

    async function copied(
      open: [() => Promise<OpenedStorage>, () => Promise<OpenedStorage>],
      signal = new AbortController().signal,
      progress: (messages: number) => void = quiet,
    ): Promise<Copied> {
      const source = await open[0]();
      const target = await open[1]();
      try {
        return await copyInstallation(source, target, configuration, { signal, progress, say: quiet });
      } finally {
        await target.close();
        await source.close();
      }
    }

    beforeAll(async () => {
      file = join(folder, 'unsilo.yaml');
      writeFileSync(
        file,
        `data: data
http: { port: 0 }
storage:
  kafka: { brokers: ['${servers().broker.address}'], partitions: 3 }
  redis: { url: '${servers().redis.url}' }
${SYSTEMS}`,
      );
      configuration = await parseConfiguration(readFileSync(file), file, { env: {} });
      drop(
        'in',
        'a',
        Array.from({ length: PEOPLE }, (_, i) => `${i},Person ${i},p${i}@example.org,+4420794609${10 + i}`),
      );
      drop(
        'other',
        'a',
        Array.from({ length: PEOPLE }, (_, i) => `o${i},P. ${i},p${i}@example.org,`),
      );
      mkdirSync(join(folder, 'out'), { recursive: true });
      const { storage: _, ...alone } = configuration;
      const running = await startUnsilo(alone, { logger });
      try {
        const { service } = running.hub;
        await eventually(async () =>
          (await service.customersHash(admin('main'))).customers === PEOPLE ? true : undefined,
        );
        await eventually(() => ((running.systems.list()[1]?.counts['applied'] ?? 0) >= PEOPLE ? true : undefined));
        await service.decide(admin('main'), { kind: 'unlink', refs: ['table/contact/1', 'other/contact/o1'] });
        await running.hub.settled();
        before = await service.customersHash(admin('main'));
        ids = (await service.searchCustomers(admin('main'), { text: 'person', limit: 50 })).items.map(({ id }) => id);
      } finally {
        await running.stop();
      }
      if (before.customers !== PEOPLE + 1) throw new Error('the unlink has made no second customer');
    }, 180_000);

    test('topics: what is missing is shown, made once, and a topic made otherwise is refused', async () => {
      const plan = await unsilo(['topics', 'plan', '--config', file, '--json']);
      expect(plan.code).toBe(3);
      const { create } = JSON.parse(plan.stdout) as { create: { name: string; partitions: number }[] };
      expect(create.find(({ name }) => name === topicName('parties'))?.partitions).toBe(3);
      expect((await unsilo(['topics', 'apply', '--config', file])).code).toBe(0);
      expect((await unsilo(['topics', 'plan', '--config', file])).code).toBe(0);
      const other = join(folder, 'other.yaml');
      writeFileSync(other, readFileSync(file, 'utf8').replace('partitions: 3', 'partitions: 5'));
      const refused = await unsilo(['topics', 'plan', '--config', other]);
      expect(refused.code).toBe(3);
      expect(refused.stdout).toContain('exists with 3 partitions');
      const applied = await unsilo(['topics', 'apply', '--config', other]);
      expect(applied.code).toBe(1);
      expect(applied.stderr).toContain('UNSILO_LOG_TOPIC_MISMATCH');
    });

    test('copied to the servers, stopped on the way and resumed: the same customers', async () => {
      const stop = new AbortController();
      await expect(copied([embedded, onServers], stop.signal, () => stop.abort(new Error('enough')))).rejects.toThrow(
        'enough',
      );
      const result = await copied([embedded, onServers]);
      expect(result).toMatchObject({ equal: true, source: before, target: before });
      const [source, target] = [await embedded(), await onServers()];
      try {
        for (const topic of [topicName('parties'), topicName('decisions'), topicName('commands', 'other')]) {
          const sum = async ({ log }: OpenedStorage): Promise<number> =>
            (await log.ends([topic])).reduce((total, { first, next }) => total + next - first, 0);
          expect([topic, await sum(target)]).toEqual([topic, await sum(source)]);
        }
        const lag = await target.log.lag('unsilo-connector-other');
        expect(lag.reduce((total, one) => total + one.lag, 0)).toBe(0);
      } finally {
        await target.close();
        await source.close();
      }
      await expect(copied([embedded, onServers])).rejects.toMatchObject({ code: 'UNSILO_COPY_TARGET_IN_USE' });
    }, 180_000);

    test('two hub workers, connectors twice and a gateway go on where it stood', async () => {
      const running: RunningRole[] = [];
      const start = async (role: 'hub' | 'connector' | 'gateway'): Promise<RunningRole> => {
        const one = await startRole(configuration, role, undefined, { logger });
        running.push(one);
        await one.ready;
        return one;
      };
      try {
        const gateway = await start('gateway');
        await start('hub');
        await start('hub');
        const first = await start('connector');
        await start('connector');
        const get = async (path: string, method = 'GET', body?: object): Promise<Record<string, unknown>> => {
          const response = await fetch(`${gateway.url}${path}`, {
            method,
            headers: {
              authorization: `Bearer ${gateway.adminKey ?? key}`,
              ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          });
          return (await response.json()) as Record<string, unknown>;
        };
        const key = (await unsilo(['keys', 'add', 'test', '--role', 'admin', '--config', file])).stdout.trim();
        // Every id that was handed out still stands for the same.
        for (const id of ids.slice(0, 5)) expect(await get(`/v1/customers/${id}`)).toMatchObject({ customer: { id } });
        drop('in', 'b', ['new,Newcomer Example,new@example.org,']);
        await eventually(async () => {
          const { items } = (await get('/v1/customers?text=newcomer')) as { items?: unknown[] };
          return items?.length === 1 ? true : undefined;
        });
        // Whoever takes a system over tells what it counts a moment after it says that it runs.
        const counts = (): Promise<Record<string, number>> =>
          eventually(async () => {
            const { items } = (await get('/v1/systems')) as { items: { counts: Record<string, number> }[] };
            const found = items[1]?.counts;
            return found?.['commands'] === undefined ? undefined : found;
          });
        await eventually(async () => {
          const { items } = (await get('/v1/systems')) as { items: { state: string }[] };
          return items.every(({ state }) => state === 'running') ? true : undefined;
        });
        // What was written before the move isn't written again.
        expect(await counts()).toMatchObject({ commands: 0 });
        expect(await get('/v1/systems/table/pause', 'POST', { reason: 'inventory' })).toMatchObject({
          state: 'paused',
        });
        await servers().redis.lose();
        await eventually(async () => {
          const { items } = (await get('/v1/customers?text=newcomer')) as { items?: unknown[] };
          return items?.length === 1 ? true : undefined;
        });
        await first.stop();
        // The other process takes over, and knows that the system is paused though the state has been lost.
        await eventually(async () => {
          const { items } = (await get('/v1/systems')) as { items: { state: string; reason?: string }[] };
          return items[0]?.state === 'paused' && items[0].reason === 'inventory' && items[1]?.state === 'running'
            ? true
            : undefined;
        });
        expect(await get('/v1/systems/table/resume', 'POST')).toMatchObject({
          state: expect.not.stringMatching('paused'),
        });
        expect(await counts()).toMatchObject({ commands: 0 });
      } finally {
        await Promise.all(running.map((one) => one.stop()));
      }
    }, 180_000);

    test('everything in one process on servers is the same, and a rebuild from the compacted topics has its customers', async () => {
      let running: RunningUnsilo | undefined = await startUnsilo(configuration, { logger });
      try {
        await running.ready;
        await running.hub.settled();
        const live = await running.hub.service.customersHash(admin('main'));
        expect(live.customers).toBe(PEOPLE + 2);
        await running.stop();
        running = undefined;
        const storage = await onServers();
        try {
          expect(await publishAll(configuration, storage.log, storage.store)).toBeGreaterThan(0);
          for (const run of ['first', 'second']) {
            const rebuilt = await rebuildPublished(storage.log, configuration, join(folder, run), quiet);
            expect(rebuilt).toMatchObject(live);
          }
        } finally {
          await storage.close();
        }
      } finally {
        await running?.stop();
      }
    }, 180_000);

    test('and back into a folder', async () => {
      const back = (): Promise<OpenedStorage> => openEmbedded(join(folder, 'back', 'store'));
      mkdirSync(join(folder, 'back'), { recursive: true });
      // Processes that ended are heard of for a while.
      const result = await eventually(() => copied([onServers, back]).catch(() => undefined));
      expect(result).toMatchObject({ equal: true, target: { customers: PEOPLE + 2 } });
    }, 180_000);
  },
);
