import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { partyEvent } from '@unsilo/schemas';
import { parseConfiguration } from '../../src/configuration/load.js';
import { createLogger } from '../../src/running/logger.js';
import { startUnsilo } from '../../src/running/start.js';
import { UnsiloProcess } from '../support/command-line.js';
import { temporaryFolder } from '../support/folders.js';
import { describeWithServers } from '../support/servers.js';
import { eventually } from '../support/waiting.js';

const KEY = 'unsilo_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';
const folder = temporaryFolder();
const PEOPLE = 20;

/** What a stop prints that had to be cut off after ten seconds. */
const CUT_OFF = 'Something does not end';

async function post(url: string, from: number): Promise<number | undefined> {
  const at = '2026-01-01T00:00:00Z';
  const events = Array.from({ length: PEOPLE }, (_, n) =>
    partyEvent('main', {
      ref: `crm/contact/${from + n}`,
      version: { major: 1, minor: 0 },
      changedAt: at,
      observedAt: at,
      state: { kind: 'person', name: { full: `Person ${from + n}` } },
    }),
  );
  const answer = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify(events),
  }).catch(() => undefined);
  return answer?.status;
}

/** The log lines of a process, those that are any. */
function linesOf({ stderr }: UnsiloProcess): Record<string, unknown>[] {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describeWithServers(
  'a process that is stopped while its servers are away',
  () => folder,
  (servers) => {
    const file = join(folder, 'unsilo.yaml');
    const started: UnsiloProcess[] = [];
    beforeAll(() => {
      const { broker, redis } = servers();
      mkdirSync(join(folder, 'in'));
      writeFileSync(
        file,
        `data: data
http: { port: 0, adminKey: ${KEY} }
storage:
  kafka: { brokers: ['${broker.address}'], partitions: 2 }
  redis: { url: '${redis.url}' }
systems:
  - { name: crm, connector: csv, interval: 1s, options: { folder: in, id: id, mapping: { fields: { name: name.full } } } }
`,
      );
    });
    afterEach(() => Promise.all(started.splice(0).map((process) => process.kill())));

    async function start(): Promise<{ process: UnsiloProcess; url: string }> {
      const process = new UnsiloProcess(['start', '--config', file, '--log-format', 'json'], { cwd: folder });
      started.push(process);
      await eventually(() => (process.stderr.includes('Ready.') ? true : undefined));
      return { process, url: /http:\S+/.exec(process.stdout)![0] };
    }

    const away = {
      Kafka: { freeze: () => servers().broker.freeze(), thaw: () => servers().broker.thaw() },
      Redis: {
        freeze: async () => servers().redis.freeze(),
        thaw: async () => servers().redis.thaw(),
      },
    };
    let acknowledged = 0;

    test.each<[string, (keyof typeof away)[]]>([
      ['Kafka', ['Kafka']],
      ['Redis', ['Redis']],
      ['both', ['Kafka', 'Redis']],
    ])(
      '%s: it ends by itself, says what is left undone, and answers so',
      async (_, names) => {
        const { process, url } = await start();
        expect(await post(url, acknowledged)).toBe(202);
        acknowledged += PEOPLE;
        for (const name of names) await away[name].freeze();
        try {
          // Under way when the end comes, and not acknowledged unless it is durable.
          const unclear = post(url, acknowledged);
          process.child.kill('SIGTERM');
          expect(await process.ended).toBe(1);
          expect(process.stderr).not.toContain(CUT_OFF);
          expect(process.stderr).toContain('Left undone, and nothing that was acknowledged is lost:');
          const [line] = linesOf(process).filter(({ code }) => code === 'UNSILO_STOP_INCOMPLETE');
          expect(line).toMatchObject({ level: 'warn', left: expect.arrayContaining([expect.any(String)]) });
          if ((await unclear) === 202) acknowledged += PEOPLE;
        } finally {
          for (const name of names) await away[name].thaw();
        }
      },
      120_000,
    );

    test('the next start finds everything that was acknowledged, and stops cleanly', async () => {
      const configuration = await parseConfiguration(readFileSync(file), file, { env: {} });
      const logger = createLogger({ level: 'silent', format: 'json', secrets: [] });
      const running = await startUnsilo({ ...configuration, dataFolder: join(folder, 'again') }, { logger });
      try {
        await running.ready;
        const admin = { tenant: 'main', name: 'test', roles: ['admin'] as const };
        await eventually(async () =>
          (await running.hub.service.customersHash(admin)).customers >= acknowledged ? true : undefined,
        );
      } finally {
        expect(await running.stop()).toEqual([]);
      }
    }, 120_000);
  },
);

test('a process that is stopped while it still waits for its servers ends without having begun', async () => {
  const sockets = new Set<Socket>();
  let called: () => void;
  const calling = new Promise<void>((done) => (called = done));
  // Takes everything and answers nothing.
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.once('data', () => called());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const file = join(folder, 'waiting.yaml');
  writeFileSync(
    file,
    `data: data
http: { port: 0 }
storage:
  kafka: { brokers: ['127.0.0.1:${port}'] }
  redis: { url: 'redis://127.0.0.1:${port}' }
`,
  );
  const process = new UnsiloProcess(['start', '--config', file], { cwd: folder });
  try {
    await calling;
    process.child.kill('SIGTERM');
    expect(await process.ended).toBe(1);
    expect(process.stderr).toContain('Stopped before anything was begun');
  } finally {
    await process.kill();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}, 120_000);
