import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { partyEvent } from '@unsilo/schemas';
import { parseConfiguration } from '../../src/configuration/load.js';
import { createLogger } from '../../src/running/logger.js';
import { startUnsilo, type RunningUnsilo } from '../../src/running/start.js';
import { traceInto, tracingIsOn, type Tracing } from '../../src/running/tracing.js';
import { temporaryFolder } from '../support/folders.js';
import { eventually } from '../support/waiting.js';

const CONFIGURATION = `
systems:
  - name: table
    connector: csv
    interval: 20ms
    options:
      folder: in
      settleMs: 0
      id: id
      mapping: { fields: { name: name.full, mail: emails, phone: phones } }
  - name: other
    connector: csv
    interval: 20ms
    options:
      folder: other
      settleMs: 0
      out: { folder: out, delayMs: 0 }
      id: id
      mapping: { fields: { name: name.full, mail: emails, phone: phones } }
    policy: { write: { contact: { fields: ['*'] } } }
`;

/** From the first hop of a write-back to its last. */
const WRITE_BACK = [
  'process unsilo.parties.v1',
  'create unsilo.commands.other.v1',
  'process unsilo.commands.other.v1',
  'write other',
  'send unsilo.outcomes.v1',
  'process unsilo.outcomes.v1',
];

describe('traces', () => {
  const folder = temporaryFolder();
  const exporter = new InMemorySpanExporter();
  const lines: { msg: string; trace_id?: string }[] = [];
  let tracing: Tracing;
  let unsilo: RunningUnsilo;
  let drops = 0;

  const drop = (name: string, text: string): void => {
    const file = join(folder, name, `${(drops += 1)}.csv`);
    writeFileSync(file, `id,name,mail,phone\n${text}\n`);
    utimesSync(file, 1_700_000_000 + drops, 1_700_000_000 + drops);
  };
  const spans = (): ReadableSpan[] => exporter.getFinishedSpans();
  const parentOf = (span: ReadableSpan): ReadableSpan | undefined =>
    spans().find((other) => other.spanContext().spanId === span.parentSpanContext?.spanId);
  const upTo = (span: ReadableSpan): ReadableSpan[] => {
    const parent = parentOf(span);
    return [...(parent === undefined ? [] : upTo(parent)), span];
  };
  /** The spans from a root down to one of this name, once all have ended: those of a batch end with it, and may end late. */
  const path = (to: string, isRoot: (span: ReadableSpan) => boolean): Promise<ReadableSpan[]> =>
    eventually(() =>
      spans()
        .filter(({ name }) => name === to)
        .map(upTo)
        .find(([first]) => first !== undefined && isRoot(first)),
    );

  beforeAll(async () => {
    tracing = await traceInto(new SimpleSpanProcessor(exporter), 'all');
    for (const name of ['in', 'other', 'out']) mkdirSync(join(folder, name));
    drop('in', '1,Ada Lovelace,ada@example.org,+442079460000');
    drop('other', '7,A. Lovelace,ada@example.org,');
    const file = join(folder, 'unsilo.yaml');
    const configuration = await parseConfiguration(Buffer.from(CONFIGURATION), file, { env: {} });
    const write = (line: string): void => void lines.push(JSON.parse(line) as (typeof lines)[number]);
    const logger = createLogger({ level: 'debug', format: 'json', secrets: [], write });
    unsilo = await startUnsilo(
      { ...configuration, http: { ...configuration.http, port: 0 } },
      { logger, tracing: true },
    );
    await unsilo.ready;
    // What is merged before both were read for the first time is planned by nobody's event.
    await eventually(() => ((unsilo.systems.list()[1]?.counts['applied'] ?? 0) > 0 ? true : undefined));
    await unsilo.hub.settled();
    exporter.reset();
  });
  afterAll(async () => {
    await unsilo.stop();
    await tracing.stop();
  });

  it('follow what a connector read to the write that it caused, and to its outcome', async () => {
    drop('in', '1,Ada Lovelace,ada@example.org,+442079460958');
    const hops = await path('process unsilo.outcomes.v1', ({ name }) => name === 'send unsilo.parties.v1');
    expect(hops.map(({ name }) => name)).toEqual(['send unsilo.parties.v1', ...WRITE_BACK]);
    const [first] = hops;
    expect(first?.parentSpanContext).toBeUndefined();
    const isRead = (span: ReadableSpan): boolean => span.spanContext().spanId === first?.links[0]?.context.spanId;
    expect((await eventually(() => spans().find(isRead))).name).toBe('read table');
  });

  it("follow a caller's own trace, from its request on, and mark the log line of the request", async () => {
    exporter.reset();
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const event = partyEvent('main', {
      ref: 'table/contact/1',
      version: { major: 4_000_000_000_000, minor: 0 },
      changedAt: new Date().toISOString(),
      observedAt: new Date().toISOString(),
      state: { kind: 'person', name: { full: 'Ada King' }, emails: [{ address: 'ada@example.org' }] },
    });
    const response = await fetch(`${unsilo.url}/v1/events`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${unsilo.adminKey}`,
        'content-type': 'application/cloudevents+json',
        traceparent: `00-${traceId}-b7ad6b7169203331-01`,
      },
      body: JSON.stringify(event),
    });
    expect(response.status).toBe(202);
    const hops = await path(
      'process unsilo.outcomes.v1',
      ({ parentSpanContext }) => parentSpanContext?.traceId === traceId,
    );
    expect(hops.map(({ name }) => name)).toEqual(['POST /v1/events', 'send unsilo.parties.v1', ...WRITE_BACK]);
    const line = await eventually(() => lines.find((one) => one.trace_id === traceId));
    expect(line).toMatchObject({ msg: 'request', route: '/v1/events' });
  });

  it('hold no personal data', () => {
    const told = JSON.stringify(
      spans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
    );
    expect(told).toContain('table/contact/1');
    expect(told).not.toMatch(/Ada|Lovelace|King|example\.org|7946/);
  });
});

describe('the environment', () => {
  it('turns traces on by naming where they go, and off by the standard switches', () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
    expect(tracingIsOn({})).toBe(false);
    expect(tracingIsOn(endpoint)).toBe(true);
    expect(tracingIsOn({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' })).toBe(true);
    expect(tracingIsOn({ OTEL_TRACES_EXPORTER: 'otlp' })).toBe(true);
    expect(tracingIsOn({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' })).toBe(false);
    expect(tracingIsOn({ ...endpoint, OTEL_SDK_DISABLED: 'true' })).toBe(false);
  });
});
