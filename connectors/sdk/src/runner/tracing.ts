import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import { withOwnTraces, type LogMessage } from '@unsilo/event-log';
import type { Command, Outcome } from '@unsilo/schemas';
import { ConnectorError } from '../errors.js';
import type { Taken } from './intake.js';

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

/**
 * Passes on what one reading brought. Each event begins a trace of its own, which links to the reading. Systems are read over and over
 * and mostly say what is known: a reading is told only when it brought something new, or failed.
 */
export async function tracedReading(system: string, items: number, work: () => Promise<Taken>): Promise<Taken> {
  const attributes = { 'unsilo.system': system, 'unsilo.items': items };
  const parent = withOwnTraces(context.active());
  const span = trace
    .getTracer(TRACER)
    .startSpan(`read ${system}`, { kind: SpanKind.INTERNAL, root: true, attributes }, parent);
  try {
    const taken = await context.with(trace.setSpan(parent, span), work);
    span.setAttribute('unsilo.appended', taken.appended);
    // One that never ends is never sent.
    if (taken.appended > 0) span.end();
    return taken;
  } catch (error) {
    fail(span, error);
    span.end();
    throw error;
  }
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
    fail(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** The kind of failure and not its words. */
function fail(span: Span, error: unknown): void {
  const kind = error instanceof ConnectorError ? error.code : error instanceof Error ? error.name : 'unknown';
  span.setAttribute('error.type', kind);
  span.setStatus({ code: SpanStatusCode.ERROR, message: kind });
}
