/**
 * Restarts every part of Unsilo in docker compose, one after the other, while events come in and the demonstration's systems are read:
 *
 *   node --conditions=@unsilo/source --import tsx services/unsilo/test/deploy/rolling-restart.ts --rate 50
 *
 * Prints, as JSON, what was lost (nothing should be) and how long events took from the first attempt to send them until their customer was
 * told on the live stream, with and without restarts. Kafka and Redis go on running.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { partyEvent, topicName, type Customer } from '@unsilo/schemas';
import { httpService } from '../../src/cli/http-service.js';
import type { Story } from '../../src/demonstration/apart.js';
import { demonstrationChecks } from '../../src/demonstration/checks.js';
import { ComposeProject } from './compose.js';

const TENANT = 'demonstration';
const ACTOR = { tenant: '', name: '', roles: [] };
/** Requests a second; each brings its part of the rate. */
const REQUESTS = 10;
/** Quiet time before the restarts, and after them. */
const CALM_MS = 20_000;
const HEALTHY_MS = 120_000;

const { values } = parseArgs({ options: { rate: { type: 'string', default: '50' } } });
const rate = Number(values.rate);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

interface Place {
  url: string;
  window: string;
  key: string;
}

/** Sends events at a steady rate, each until it is acknowledged; `sentAt` is the time of the first attempt. */
class Feeder {
  readonly sentAt = new Map<string, number>();
  readonly acknowledged = new Set<string>();
  repeated = 0;
  #over = false;
  readonly #place: Place;
  readonly #sending = new Set<Promise<void>>();

  constructor(place: Place) {
    this.#place = place;
  }

  async run(): Promise<void> {
    const each = Math.max(1, Math.round(rate / REQUESTS));
    for (let number = 0, next = Date.now(); !this.#over; next += 1000 / REQUESTS) {
      await sleep(Math.max(0, next - Date.now()));
      const refs = Array.from({ length: each }, () => `load/contact/${(number += 1)}`);
      const sending = this.#send(refs).finally(() => this.#sending.delete(sending));
      this.#sending.add(sending);
    }
    await Promise.all(this.#sending);
  }
  end(): void {
    this.#over = true;
  }

  async #send(refs: readonly string[]): Promise<void> {
    const now = Date.now();
    const at = new Date(now).toISOString();
    const events = refs.map((ref) => {
      this.sentAt.set(ref, now);
      // Names that nobody shares: each becomes a customer of its own.
      const name = {
        full: `${ref
          .replaceAll(/\D/g, '')
          .split('')
          .map((digit) => 'abcdefghij'[Number(digit)])
          .join('')} Load`,
      };
      return partyEvent(TENANT, {
        ref,
        version: { major: 1, minor: 0 },
        createdAt: at,
        changedAt: at,
        observedAt: at,
        state: { kind: 'person', name },
      });
    });
    for (;;) {
      const answer = await fetch(`${this.#place.url}/v1/events`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.#place.key}`,
          'content-type': 'application/cloudevents-batch+json',
        },
        body: JSON.stringify(events),
        signal: AbortSignal.timeout(10_000),
      }).catch(() => undefined);
      if (answer?.status === 202) break;
      if (answer !== undefined && answer.status < 500)
        throw new Error(`Refused: ${answer.status} ${await answer.text()}`);
      this.repeated += 1;
      await sleep(100);
    }
    for (const ref of refs) this.acknowledged.add(ref);
  }
}

/** Notes when each customer was first told on the live stream, across interruptions. */
async function listen({ url, key }: Place, toldAt: Map<string, number>, signal: AbortSignal): Promise<void> {
  const service = httpService(url, key);
  for (let after: string | undefined; !signal.aborted;)
    try {
      const query = { topics: [topicName('customers')], ...(after === undefined ? {} : { after }) };
      for await (const { cursor, data } of service.live(ACTOR, query, signal)) {
        after = cursor;
        for (const ref of (data as Partial<Customer>).members ?? []) if (!toldAt.has(ref)) toldAt.set(ref, Date.now());
      }
    } catch {
      await sleep(100);
    }
}

function quantiles(delays: readonly number[]): Record<string, number> {
  const sorted = [...delays].sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
  return { events: sorted.length, p50: at(0.5), p99: at(0.99), largest: at(1) };
}

async function storyEnded({ window }: Place): Promise<void> {
  for (;;) {
    const story = (await fetch(`${window}/story.json`)
      .then((answer) => answer.json())
      .catch(() => undefined)) as Story | undefined;
    if (story?.state === 'ended') return;
    if (story?.state === 'broken-off') throw new Error('The story broke off.');
    await sleep(500);
  }
}

async function placeOf(project: ComposeProject): Promise<Place> {
  return {
    url: await project.address('gateway', 8420),
    window: await project.address('simulated-systems', 8430),
    key: (await project.run(['exec', '-T', 'gateway', 'cat', '/run/unsilo/admin-key'])).trim(),
  };
}

async function containers(project: ComposeProject): Promise<string[]> {
  const listed = await project.run(['ps', '--format', '{{.Name}}']);
  return listed
    .trim()
    .split('\n')
    .filter((name) => /-(?:hub|gateway|connector-\w+)-\d+$/.test(name))
    .sort();
}

const project = new ComposeProject({
  HUB_WORKERS: '2',
  // Addresses outlive a restart of the container.
  UNSILO_PORT: '18420',
});
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void project.remove().finally(() => process.exit(1)));
try {
  say('Building and starting …');
  await project.run(['build', '--quiet']);
  await project.run(['up', '--detach', '--no-build']);
  const place = await placeOf(project);
  await storyEnded(place);
  say('The story is told. Load begins.');
  const stop = new AbortController();
  const toldAt = new Map<string, number>();
  const listening = listen(place, toldAt, stop.signal);
  const feeder = new Feeder(place);
  const feeding = feeder.run();
  await sleep(CALM_MS);
  const restartsBegan = Date.now();
  const restarts: { container: string; began: number; seconds: number }[] = [];
  for (const container of await containers(project)) {
    const began = Date.now();
    await project.restart(container, HEALTHY_MS);
    restarts.push({ container: container.slice(project.name.length + 1), began, seconds: (Date.now() - began) / 1000 });
    say(`${container} is back after ${(Date.now() - began) / 1000} s.`);
  }
  await sleep(CALM_MS);
  feeder.end();
  await feeding;
  const missing = (): string[] => [...feeder.acknowledged].filter((ref) => !toldAt.has(ref));
  for (const end = Date.now() + 60_000; missing().length > 0 && Date.now() < end;) await sleep(200);
  stop.abort();
  await listening;

  const delays = [...toldAt].flatMap(([ref, at]) => {
    const sent = feeder.sentAt.get(ref);
    return sent === undefined ? [] : [{ sent, ms: at - sent }];
  });
  const claims = await demonstrationChecks(place);
  process.stdout.write(
    `${JSON.stringify(
      {
        rate,
        acknowledged: feeder.acknowledged.size,
        requestsRepeated: feeder.repeated,
        lost: missing().length,
        delayMs: {
          before: quantiles(delays.filter(({ sent }) => sent < restartsBegan - 1000).map(({ ms }) => ms)),
          during: quantiles(delays.filter(({ sent }) => sent >= restartsBegan - 1000).map(({ ms }) => ms)),
        },
        restarts: restarts.map(({ container, began, seconds }) => ({
          container,
          healthyAfterSeconds: seconds,
          largestDelayMs: quantiles(
            delays.filter(({ sent }) => sent >= began - 1000 && sent < began + seconds * 1000).map(({ ms }) => ms),
          )['largest'],
        })),
        claimsThatNoLongerHold: claims.filter(({ holds }) => !holds).map(({ id }) => id),
      },
      undefined,
      2,
    )}\n`,
  );
} finally {
  await project.remove();
}
