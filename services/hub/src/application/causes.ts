import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import type { LogMessage } from '@unsilo/event-log';
import { commandTarget, type UnsiloEvent } from '@unsilo/schemas';
import type { OutboxMessage } from '@unsilo/state-store';
import { recordRow } from './record-row.js';
import type { CustomerRow } from './rows.js';
import type { Workspace } from './workspace.js';

/** For refs that a batch says something about: the trace of the last such message, and its place in the batch. */
export type Causes = Map<string, { traceparent: string; at: number }>;

/** Notes which refs a traced message is about; others leave nothing behind. */
export function noteCause(causes: Causes, message: LogMessage, event: UnsiloEvent): void {
  const traceparent = message.headers?.traceparent;
  if (traceparent === undefined) return;
  for (const ref of refsOf(event)) causes.set(ref, { traceparent, at: causes.size });
}

/** Commands among the messages carry on the trace of the last message of the batch that was about their customer. */
export function carryOn(causes: Causes, workspace: Workspace): void {
  for (const said of workspace.said) {
    const { message } = said;
    if (!message.topic.startsWith('unsilo.commands.')) continue;
    const target = message.key.slice(message.key.indexOf('/') + 1);
    const members = workspace.glance(() => {
      const { customer } = recordRow(workspace, target);
      return (customer === undefined ? undefined : workspace.get<CustomerRow>('customers', customer))?.members;
    });
    const [cause] = [target, ...(members ?? [])].flatMap((ref) => causes.get(ref) ?? []).sort((a, b) => b.at - a.at);
    if (cause !== undefined) said.message = { ...message, headers: created(message, cause.traceparent) };
  }
}

/** The moment at which the command is made, as a span of its cause's trace. */
function created({ topic, key }: OutboxMessage, traceparent: string): { traceparent: string } {
  const cause = propagation.extract(ROOT_CONTEXT, { traceparent });
  const attributes = {
    'messaging.operation.name': 'create',
    'messaging.operation.type': 'create',
    'messaging.destination.name': topic,
    'messaging.kafka.message.key': key,
  };
  const span = trace
    .getTracer('@unsilo/hub')
    .startSpan(`create ${topic}`, { kind: SpanKind.PRODUCER, attributes }, cause);
  // A process that does not trace passes on what it was given.
  const headers = { traceparent };
  propagation.inject(trace.setSpan(context.active(), span), headers);
  span.end();
  return headers;
}

function refsOf(event: UnsiloEvent): readonly string[] {
  switch (event.type) {
    case 'unsilo.party.changed':
      return [event.data.ref];
    case 'unsilo.outcome.reported':
      return event.data.ref === undefined ? [] : [event.data.ref];
    case 'unsilo.decision.made':
      return event.data.kind === 'keep' ? [event.data.ref] : event.data.refs;
    case 'unsilo.command.issued':
      return [commandTarget(event.data)];
    default:
      return [];
  }
}
