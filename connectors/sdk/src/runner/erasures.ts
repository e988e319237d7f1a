import { parseEvent, topicName } from '@unsilo/schemas';
import type { LogBatch, Subscription } from '@unsilo/event-log';
import type { Connector, ConnectorContext } from '../connector.js';
import type { Intake } from './intake.js';
import { toldReason } from './reasons.js';
import type { Scope } from './scope.js';

/**
 * Follows the erasures that stewards decide, in a group of its own: neither a paused system nor a write that hangs may hold them up. Those
 * decided while no runner was there are met at its next start.
 */
export async function followErasures<Options>(
  connector: Connector<Options>,
  contextFor: (signal: AbortSignal) => ConnectorContext<Options>,
  intake: Intake,
  scope: Scope,
): Promise<Subscription> {
  const { tenant, system, log, logger } = scope;
  async function onBatch(batch: LogBatch, signal: AbortSignal): Promise<void> {
    for (const { value } of batch.messages) {
      if (value === null) continue;
      // What can't be read is parked by the hub, whose topic it is.
      const parsed = parseEvent(value);
      if (!parsed.ok || parsed.event.tenant !== tenant || parsed.event.type !== 'unsilo.decision.made') continue;
      const decision = parsed.event.data;
      if (decision.kind !== 'erase') continue;
      await intake.forget(decision.refs, Date.parse(decision.decidedAt));
      const own = decision.refs.filter((ref) => ref.startsWith(`${system}/`));
      if (own.length > 0) await connector.forget?.(contextFor(signal), own);
    }
  }
  return log.subscribe({
    group: `unsilo-connector-${system}-erasures`,
    topics: [topicName('decisions')],
    start: 'earliest',
    onBatch,
    onError: (error) => {
      const reason = toldReason(error, scope);
      logger.warn({ system, code: reason.code }, `An erasure will be tried again: ${reason.message}`);
    },
  });
}
