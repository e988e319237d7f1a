import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Span,
} from '@opentelemetry/api';
import { hasOwnTraces } from './own-traces.js';
import { over } from './over.js';
import type { AppendMessage, EventLog, LogBatch, LogMessage, LogWriter, Position, SubscribeOptions } from './port.js';

/**
 * The log with OpenTelemetry's spans for messaging (semantic conventions 1.30): `send` for each message that is appended, `process` for
 * each one that is handled, joined across processes by the header `traceparent`. Only what is sampled gets spans and a header. Whoever does
 * not trace uses the log as it is.
 *
 * A handler finds the context of each message's own span in its header. So it carries a trace on by giving what it appends the
 * header of the message that caused it. The active span is the one message's where only one of the batch is traced, otherwise that of the
 * batch, which links to all of them.
 * @param system `messaging.system`: `kafka`, or `unsilo` for the log in the data folder.
 */
export function traceLog(log: EventLog, system: string): EventLog {
  const tracer = trace.getTracer('@unsilo/event-log');

  function startSend({ topic, key, headers }: AppendMessage, active: Context): Span | undefined {
    // What already belongs to a trace (a command, which the hub created) is left there.
    if (headers?.traceparent !== undefined) return undefined;
    const apart = hasOwnTraces(active);
    const cause = trace.getSpan(active);
    const links = apart && cause?.isRecording() === true ? [{ context: cause.spanContext() }] : [];
    const attributes = {
      ...named(system, 'send', 'send', topic),
      'messaging.kafka.message.key': key,
    };
    const span = tracer.startSpan(`send ${topic}`, { kind: SpanKind.PRODUCER, root: apart, links, attributes }, active);
    return isSampled(span) ? span : undefined;
  }

  async function appendTo(to: Pick<LogWriter, 'append'>, messages: readonly AppendMessage[]): Promise<Position[]> {
    const active = context.active();
    const spans = messages.map((message) => startSend(message, active));
    const carried = messages.map((message, index) => {
      const span = spans[index];
      return span === undefined ? message : { ...message, headers: headersOf(span) };
    });
    try {
      const positions = await to.append(carried);
      for (const [index, span] of spans.entries()) span?.setAttributes(placeAttributes(positions[index]));
      return positions;
    } catch (error) {
      for (const span of spans) if (span !== undefined) fail(span, error);
      throw error;
    } finally {
      for (const span of spans) span?.end();
    }
  }

  function startProcess(message: LogMessage, group: string): Span | undefined {
    const parent = contextOf(message.headers);
    if (parent === undefined) return undefined;
    const attributes = {
      ...named(system, 'process', 'process', message.topic),
      'messaging.consumer.group.name': group,
      'messaging.kafka.message.key': message.key,
      ...placeAttributes(message),
    };
    return tracer.startSpan(`process ${message.topic}`, { kind: SpanKind.CONSUMER, attributes }, parent);
  }

  /** Handles a batch in which at least one message is traced. */
  async function handleTraced(options: SubscribeOptions, batch: LogBatch, signal: AbortSignal): Promise<void> {
    const spans = batch.messages.map((message) => startProcess(message, options.group));
    const messages = batch.messages.map((message, index) => {
      const span = spans[index];
      return span === undefined ? message : { ...message, headers: headersOf(span) };
    });
    const traced = spans.filter((span) => span !== undefined);
    const whole = tracer.startSpan(
      `process ${options.group}`,
      {
        kind: SpanKind.CONSUMER,
        root: true,
        links: traced.map((span) => ({ context: span.spanContext() })),
        attributes: {
          ...named(system, 'process', 'process', undefined),
          'messaging.consumer.group.name': options.group,
          'messaging.batch.message_count': messages.length,
        },
      },
      ROOT_CONTEXT,
    );
    const [only] = traced;
    const active = trace.setSpan(ROOT_CONTEXT, traced.length === 1 && only !== undefined ? only : whole);
    try {
      await context.with(active, () => options.onBatch({ ...batch, messages }, signal));
    } catch (error) {
      for (const span of [whole, ...traced]) fail(span, error);
      throw error;
    } finally {
      for (const span of [...traced, whole]) span.end();
    }
  }

  const { openWriter } = log;
  return over(log, {
    append: (messages) => appendTo(log, messages),
    subscribe: (options) =>
      log.subscribe({
        ...options,
        onBatch: (batch, signal) =>
          batch.messages.some(({ headers }) => contextOf(headers) !== undefined)
            ? handleTraced(options, batch, signal)
            : options.onBatch(batch, signal),
      }),
    ...(openWriter && {
      openWriter: async (name) => {
        const writer = await openWriter.call(log, name);
        return over(writer, { append: (messages) => appendTo(writer, messages) });
      },
    }),
  });
}

/** The remote context of a message that is sampled. */
function contextOf(headers: LogMessage['headers']): Context | undefined {
  if (headers?.traceparent === undefined) return undefined;
  const remote = propagation.extract(ROOT_CONTEXT, headers);
  const found = trace.getSpanContext(remote);
  return found !== undefined && (found.traceFlags & TraceFlags.SAMPLED) !== 0 ? remote : undefined;
}

function headersOf(span: Span): { traceparent: string } {
  const headers: { traceparent?: string } = {};
  propagation.inject(trace.setSpan(ROOT_CONTEXT, span), headers);
  return { traceparent: headers.traceparent ?? '' };
}

function isSampled(span: Span): boolean {
  return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}

function named(system: string, name: string, type: string, topic: string | undefined): Attributes {
  return {
    'messaging.system': system,
    'messaging.operation.name': name,
    'messaging.operation.type': type,
    ...(topic === undefined ? {} : { 'messaging.destination.name': topic }),
  };
}

function placeAttributes(place: Position | undefined): Attributes {
  if (place === undefined) return {};
  return { 'messaging.destination.partition.id': String(place.partition), 'messaging.kafka.offset': place.offset };
}

/** The kind of failure and not its words, which may hold what a message said. */
function fail(span: Span, error: unknown): void {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  const kind = typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
  span.setAttribute('error.type', kind);
  span.setStatus({ code: SpanStatusCode.ERROR, message: kind });
}
