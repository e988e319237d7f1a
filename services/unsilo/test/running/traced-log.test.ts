import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { memoryLog, type MemoryLog } from '@unsilo/connector-sdk/testing';
import { over, withOwnTraces, type EventLog, type LogBatch } from '@unsilo/event-log';
import { traceLog } from '@unsilo/event-log/tracing';
import { traceInto, type Tracing } from '../../src/running/tracing.js';
import { eventually } from '../support/waiting.js';

const TOPIC = 'unsilo.parties.v1';
const message = (key: string) => ({ topic: TOPIC, key, value: `{"name":"Ada ${key}"}` });

describe('a traced log', () => {
  let exporter: InMemorySpanExporter;
  let tracing: Tracing | undefined;
  let inner: MemoryLog;
  let log: EventLog;

  const begin = async (sampler?: string): Promise<void> => {
    if (sampler !== undefined) process.env['OTEL_TRACES_SAMPLER'] = sampler;
    exporter = new InMemorySpanExporter();
    tracing = await traceInto(new SimpleSpanProcessor(exporter), 'hub');
    delete process.env['OTEL_TRACES_SAMPLER'];
    inner = memoryLog();
    log = traceLog(inner, 'kafka');
  };
  afterEach(async () => {
    await log.close();
    await tracing?.stop();
  });

  const spans = (name: string): ReadableSpan[] => exporter.getFinishedSpans().filter((span) => span.name === name);
  const kept = () => inner.content.topics.get(TOPIC) ?? [];
  const idOf = (span: ReadableSpan | undefined): string => span?.spanContext().spanId ?? 'none';

  it('sends each message on the trace of whoever appends it, and says where it came to stand', async () => {
    await begin();
    const span = trace.getTracer('test').startSpan('asked');
    await context.with(trace.setSpan(ROOT_CONTEXT, span), () => log.append([message('a'), message('b')]));
    expect(spans(`send ${TOPIC}`).map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual(
      Array(2).fill(span.spanContext().spanId),
    );
    expect(spans(`send ${TOPIC}`)[1]?.attributes).toEqual({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': TOPIC,
      'messaging.kafka.message.key': 'b',
      'messaging.destination.partition.id': '0',
      'messaging.kafka.offset': 1,
    });
    expect(kept().map(({ headers }) => headers?.traceparent)).toEqual(
      spans(`send ${TOPIC}`).map((sent) => `00-${span.spanContext().traceId}-${idOf(sent)}-01`),
    );
  });

  it('traces what a writer of its own appends like everything else', async () => {
    await begin();
    log = traceLog(
      over(inner, { openWriter: async () => ({ append: inner.append, close: async () => undefined }) }),
      'kafka',
    );
    const span = trace.getTracer('test').startSpan('committed');
    const writer = await log.openWriter?.('outbox');
    await context.with(trace.setSpan(ROOT_CONTEXT, span), async () => writer?.append([message('a')]));
    const [sent] = spans(`send ${TOPIC}`);
    expect(sent?.parentSpanContext?.spanId).toBe(span.spanContext().spanId);
    expect(kept().map(({ headers }) => headers?.traceparent)).toEqual([
      `00-${span.spanContext().traceId}-${idOf(sent)}-01`,
    ]);
  });

  it('begins a trace for each message of a reading', async () => {
    await begin();
    const span = trace.getTracer('test').startSpan('read crm');
    const active = trace.setSpan(withOwnTraces(ROOT_CONTEXT), span);
    await context.with(active, () => log.append([message('a'), message('b')]));
    const sent = spans(`send ${TOPIC}`);
    expect(new Set([span, ...sent].map((one) => one.spanContext().traceId)).size).toBe(3);
    expect(sent.map(({ links }) => links.map((link) => link.context.spanId))).toEqual([
      [span.spanContext().spanId],
      [span.spanContext().spanId],
    ]);
  });

  it('leaves what is not sampled as it is, and hands it on without a span', async () => {
    await begin('always_off');
    await log.append([message('a')]);
    expect(kept()[0]).not.toHaveProperty('headers');
    const unsampled = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
    await inner.append([{ ...message('b'), headers: { traceparent: unsampled } }]);
    const batches: LogBatch[] = [];
    await log.subscribe({
      group: 'g',
      topics: [TOPIC],
      start: 'earliest',
      onBatch: async (batch) => void batches.push(batch),
    });
    const [batch] = await eventually(() => (batches.length > 0 ? batches : undefined));
    expect(batch?.messages).toEqual(kept());
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  it('gives each traced message of a batch a span and its header, and the batch one that links to them', async () => {
    await begin();
    await log.append([message('a'), message('b')]);
    await inner.append([message('untraced')]);
    let active: string | undefined;
    const batches: LogBatch[] = [];
    const subscription = await log.subscribe({
      group: 'g',
      topics: [TOPIC],
      start: 'earliest',
      onBatch: async (batch) => {
        active = trace.getActiveSpan()?.spanContext().spanId;
        batches.push(batch);
      },
    });
    await subscription.caughtUp();
    const processed = spans(`process ${TOPIC}`);
    expect(processed.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual(
      spans(`send ${TOPIC}`).map(idOf),
    );
    expect(batches[0]?.messages.map(({ headers }) => headers?.traceparent?.split('-')[2])).toEqual([
      ...processed.map(idOf),
      undefined,
    ]);
    const [whole] = spans('process g');
    expect(whole?.attributes['messaging.batch.message_count']).toBe(3);
    expect(whole?.links.map((link) => link.context.spanId)).toEqual(processed.map(idOf));
    expect(active).toBe(idOf(whole));
  });

  it('marks what failed, without the words of the failure', async () => {
    await begin();
    const refused = Object.assign(new Error('Ada a is too large'), { code: 'UNSILO_LOG_MESSAGE_TOO_LARGE' });
    inner.append = () => Promise.reject(refused);
    await expect(log.append([message('a')])).rejects.toBe(refused);
    const [span] = spans(`send ${TOPIC}`);
    expect(span?.attributes['error.type']).toBe('UNSILO_LOG_MESSAGE_TOO_LARGE');
    expect(JSON.stringify([span?.status, span?.events])).not.toContain('Ada');
  });
});
