import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import { withOwnTraces, type LogMessage } from '@unsilo/event-log';
import type { Command, Outcome } from '@unsilo/schemas';
import type { ReadItem } from '../connector.js';
import { ConnectorError } from '../errors.js';

const TRACER = '@unsilo/connector-sdk';

/**
 * Carries out a command on the trace of the message that it came in: the outcome goes on with it, and log lines show it.
 * @param work Is given a function to tell how the command ended.
 */
export function traced(
  { headers }: LogMessage,
  command: Command,
  work: (tell: (outcome: Outcome) => void) => Promise<void>,
): Promise<void> {
  if (headers?.traceparent === undefined) return work(() => undefined);
  const cause = propagation.extract(ROOT_CONTEXT, headers);
  const attributes = {
    'unsilo.system': command.system,
    'unsilo.command.id': command.id,
    'unsilo.command.action': command.action,
  };
  return within(`write ${command.system}`, { kind: SpanKind.CLIENT, attributes }, cause, (span) =>
    work(({ status, error }) => {
      span.setAttribute('unsilo.outcome.status', status);
      if (error !== undefined) span.setAttribute('error.type', error.code);
      if (status !== 'applied') span.setStatus({ code: SpanStatusCode.ERROR, message: status });
    }),
  );
}

/** Passes on what one reading brought, if it was anything. Each event begins a trace of its own, which links to the reading. */
export function tracedReading<Result>(
  system: string,
  items: readonly ReadItem[],
  work: () => Promise<Result>,
): Promise<Result> {
  const brought = items.filter(({ type }) => type !== 'checkpoint' && type !== 'snapshot-completed').length;
  if (brought === 0) return work();
  const attributes = { 'unsilo.system': system, 'unsilo.items': brought };
  return within(
    `read ${system}`,
    { kind: SpanKind.INTERNAL, root: true, attributes },
    withOwnTraces(context.active()),
    work,
  );
}

async function within<Result>(
  name: string,
  options: Parameters<ReturnType<typeof trace.getTracer>['startSpan']>[1],
  parent: typeof ROOT_CONTEXT,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  const span = trace.getTracer(TRACER).startSpan(name, options, parent);
  try {
    return await context.with(trace.setSpan(parent, span), () => work(span));
  } catch (error) {
    const kind = error instanceof ConnectorError ? error.code : error instanceof Error ? error.name : 'unknown';
    span.setAttribute('error.type', kind);
    span.setStatus({ code: SpanStatusCode.ERROR, message: kind });
    throw error;
  } finally {
    span.end();
  }
}
