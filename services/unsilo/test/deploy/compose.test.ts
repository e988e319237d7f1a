import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Customer } from '@unsilo/schemas';
import { httpService } from '../../src/cli/http-service.js';
import type { Story } from '../../src/demonstration/apart.js';
import { demonstrationChecks } from '../../src/demonstration/checks.js';
import { prepareDemonstration } from '../../src/demonstration/demonstration.js';
import { createLogger } from '../../src/running/logger.js';
import { startUnsilo } from '../../src/running/start.js';
import { temporaryFolder } from '../support/folders.js';
import { eventually } from '../support/waiting.js';
import { missing, series } from './alerts.js';
import { composeDemonstration } from './compose-demonstration.js';
import { ComposeProject, describeWithDocker } from './compose.js';

const DEMONSTRATION = resolve(import.meta.dirname, '../../../../infra/deploy/compose/demonstration.yaml');
const ACTOR = { tenant: '', name: '', roles: [] };
/** The image is built, and everything started, on a machine that does other things as well. */
const UP_MS = 900_000;
const STORY_MS = 420_000;
const OURS = ['hub', 'gateway', 'connector-csv', 'connector-feed', 'connector-mastodon', 'connector-suitecrm'];

/** As the collector gives it back. */
interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  service: string;
}

/** What the customers are, whenever it came to be. */
function content(customers: readonly Customer[]): unknown[] {
  return customers
    .map(({ id, members, state }) => ({ id, members: [...members].sort(), state }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The first where it equals the second. */
function same<Value>(found: Value, wanted: Value): Value | undefined {
  return isDeepStrictEqual(found, wanted) ? found : undefined;
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** The customers in which the demonstration ends where everything is one process. */
async function embedded(folder: string): Promise<unknown[]> {
  const demonstration = await prepareDemonstration({
    pace: 'fast',
    folder: join(folder, 'data'),
    humanMs: 0,
    say: () => undefined,
  });
  const logger = createLogger({ level: 'silent', format: 'json', secrets: [] });
  const { configuration } = demonstration;
  const one = await startUnsilo({ ...configuration, http: { ...configuration.http, port: 0 } }, { logger });
  try {
    const { broken } = await demonstration.tell(one, new AbortController().signal);
    expect(broken).toEqual([]);
    const actor = { tenant: configuration.tenant, name: 'test', roles: ['admin'] as const };
    return content(await all(one.hub.service.customers(actor)));
  } finally {
    await one.stop();
    await demonstration.close();
  }
}

it('the configuration for containers is that of the demonstration, with the places of the compose file', () => {
  expect(readFileSync(DEMONSTRATION, 'utf8')).toBe(composeDemonstration());
});

describeWithDocker('docker compose', () => {
  const folder = temporaryFolder();
  const project = new ComposeProject(
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_TRACES_SAMPLER: 'parentbased_always_on' },
    ['services/unsilo/test/deploy/collector.yml'],
  );
  let place: { url: string; key: string; window: string };

  beforeAll(async () => {
    await project.run(['build', '--quiet']);
    await project.run(['up', '--detach', '--no-build']);
    place = {
      url: await project.address('gateway', 8420),
      window: await project.address('simulated-systems', 8430),
      key: (await project.run(['exec', '-T', 'gateway', 'cat', '/run/unsilo/admin-key'])).trim(),
    };
  }, UP_MS);
  afterAll(() => project.remove(), 120_000);

  async function storyEnded(): Promise<Story> {
    const until = performance.now() + STORY_MS;
    for (;;) {
      const response = await fetch(`${place.window}/story.json`);
      const story = (await response.json()) as Story;
      if (story.state !== 'waiting' && story.state !== 'telling') return story;
      if (performance.now() > until)
        throw new Error(`The story has not ended:\n${story.lines.join('\n')}\n${await project.run(['ps', '--all'])}`);
      await sleep(500);
    }
  }

  it(
    'tells the demonstration on Kafka and Redis, and every claim holds, looked up over HTTP',
    async () => {
      const story = await storyEnded();
      expect(story).toMatchObject({ state: 'ended', broken: [] });
      expect(story.lines.filter((line) => line.startsWith('Chapter '))).toHaveLength(5);
      const checked = await demonstrationChecks(place);
      expect(checked.length).toBeGreaterThan(10);
      expect(checked.filter(({ holds }) => !holds)).toEqual([]);
    },
    STORY_MS + 60_000,
  );

  it('ends in the same customers as in one process', async () => {
    const expected = await embedded(folder);
    const found = content(await all(httpService(place.url, place.key).customers(ACTOR)));
    expect(found.length).toBeGreaterThan(3);
    expect(found).toEqual(expected);
  }, 300_000);

  it('says everything that alerts and the dashboard read', async () => {
    const ask =
      "fetch('http://127.0.0.1:8420/metrics').then((answer) => answer.text()).then((text) => console.log(text))";
    const said = await Promise.all(
      ['hub', 'connector-suitecrm'].map((service) => project.run(['exec', '-T', service, 'node', '-e', ask])),
    );
    const gateway = await fetch(`${place.url}/metrics`, { headers: { authorization: `Bearer ${place.key}` } });
    expect(missing(series([await gateway.text(), ...said].join('\n')))).toEqual([]);
  }, 60_000);

  it('counts what each group has still to handle, and who reads', async () => {
    const service = httpService(place.url, place.key);
    const verdicts = async (): Promise<Record<string, string>> =>
      Object.fromEntries((await service.lag(ACTOR)).map(({ group, verdict }) => [group, verdict]));
    const groups = ['crm', 'shop', 'mastodon', 'news'].flatMap((system) => [
      `unsilo-connector-${system}`,
      `unsilo-connector-${system}-erasures`,
    ]);
    const fine = Object.fromEntries(['unsilo-hub', ...groups].map((group) => [group, 'ok']));
    expect(await eventually(async () => same(await verdicts(), fine))).toEqual(fine);
    await project.run(['stop', 'hub']);
    const lame = { ...fine, 'unsilo-hub': 'stopped' };
    expect(await eventually(async () => same(await verdicts(), lame))).toEqual(lame);
    await project.run(['start', 'hub']);
    expect(await eventually(async () => same(await verdicts(), fine))).toEqual(fine);
  }, 180_000);

  it('follows an event through all processes, from where it was read to the outcome of the write that it caused', async () => {
    const ask = "fetch('http://127.0.0.1:4318/').then((answer) => answer.text()).then((text) => console.log(text))";
    const path = await eventually(async () => {
      const spans = JSON.parse(await project.run(['exec', '-T', 'collector', 'node', '-e', ask])) as Span[];
      const byId = new Map(spans.map((span) => [span.spanId, span]));
      const upTo = (span: Span): Span[] => {
        const parent = span.parentSpanId === undefined ? undefined : byId.get(span.parentSpanId);
        return [...(parent === undefined ? [] : upTo(parent)), span];
      };
      return spans
        .filter(({ name, service }) => name === 'process unsilo.outcomes.v1' && service === 'unsilo-hub')
        .map(upTo)
        .find(([first]) => first?.name === 'send unsilo.parties.v1' && !first.parentSpanId);
    });
    expect(new Set(path.map(({ traceId }) => traceId)).size).toBe(1);
    const [, , create] = path;
    const system = /^create unsilo\.commands\.(.+)\.v1$/.exec(create?.name ?? '')?.[1] ?? '';
    expect(['crm', 'shop']).toContain(system);
    expect(path.map(({ service, name }) => `${service}: ${name}`)).toEqual([
      'unsilo-connector: send unsilo.parties.v1',
      'unsilo-hub: process unsilo.parties.v1',
      `unsilo-hub: create unsilo.commands.${system}.v1`,
      `unsilo-connector: process unsilo.commands.${system}.v1`,
      `unsilo-connector: write ${system}`,
      'unsilo-connector: send unsilo.outcomes.v1',
      'unsilo-hub: process unsilo.outcomes.v1',
    ]);
  }, 120_000);

  it('runs nothing of ours as root, and lets nothing of ours change its own files', async () => {
    for (const service of OURS) {
      const script = 'id -u; touch /app/x 2>/dev/null && echo written; grep CapEff /proc/self/status';
      const said = await project.run(['exec', '-T', service, 'sh', '-c', script]);
      expect(said).toBe('1000\nCapEff:\t0000000000000000\n');
    }
  }, 120_000);

  it('stops each part cleanly, well within ten seconds', async () => {
    for (const service of OURS) await project.run(['stop', '--timeout', '10', service]);
    const listed = await project.run(['ps', '--all', '--format', '{{.Service}} {{.ExitCode}}', ...OURS]);
    // 137 would say that it had to be killed.
    expect(listed.trim().split('\n').sort()).toEqual(OURS.map((service) => `${service} 0`).sort());
  }, 180_000);
});
