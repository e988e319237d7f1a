import { topicName } from '@unsilo/schemas';
import { systemOf } from '../../domain/ref.js';
import { isSnapshotComplete, type SystemRow } from '../rows.js';
import { ServiceError, type AuditRow, type Metric, type SystemView } from '../service.js';
import { readMany, type ServiceContext } from './context.js';
import { customerIds, readCustomers } from './current-customers.js';
import { membersAndPlan } from './customers.js';
import { connectorGroup, lagMetrics, type LagWatch } from './lag.js';

/** Inbound topics whose lag is shown for a system; connectors share them, so the hub's own lag is that of all systems together. */
const INBOUND = ['parties', 'objects', 'interactions', 'outcomes'] as const;

export async function listSystems(context: ServiceContext): Promise<SystemView[]> {
  const running = context.systems.list();
  const rows = await readMany<SystemRow>(
    context,
    'systems',
    running.map((s) => s.system),
  );
  const inbound = (await context.log.lag(context.group)).filter((l) =>
    INBOUND.some((kind) => topicName(kind) === l.topic),
  );
  return Promise.all(
    running.map(async (system, i): Promise<SystemView> => {
      const commands = topicName('commands', system.system);
      const outbound = (await context.log.lag(connectorGroup(system.system))).filter((l) => l.topic === commands);
      return {
        ...system,
        snapshotComplete: isSnapshotComplete(rows[i], system.profile),
        lag: {
          inbound: sum(inbound.map((l) => l.lag)),
          inboundMs: Math.max(0, ...inbound.map((l) => l.lagMs)),
          outbound: sum(outbound.map((l) => l.lag)),
          outboundMs: Math.max(0, ...outbound.map((l) => l.lagMs)),
        },
      };
    }),
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

export async function systemView(context: ServiceContext, system: string): Promise<SystemView> {
  const found = (await listSystems(context)).find((s) => s.system === system);
  if (found) return found;
  throw unknownSystem(system);
}

function unknownSystem(system: string): ServiceError {
  return new ServiceError('not-found', 'UNSILO_NO_SYSTEM', `No system is called ${system}.`, {
    hint: 'Systems are named in the configuration.',
  });
}

/** Every difference between a record that can be written and its customer's projection, with its reason (SYNC section 7). */
export async function* audit(
  context: ServiceContext,
  query: { system?: string },
  signal?: AbortSignal,
): AsyncGenerator<AuditRow> {
  if (query.system !== undefined && !context.core.profiles.has(query.system)) throw unknownSystem(query.system);
  let from: string | undefined;
  for (;;) {
    const ids = await customerIds(context, from, 200);
    if (ids.length === 0) return;
    for (const row of await readCustomers(context, ids)) {
      if (signal?.aborted) return;
      if (!row) continue;
      const { planned } = await membersAndPlan(context, row);
      for (const record of planned.records) {
        const system = systemOf(record.ref);
        if (query.system !== undefined && query.system !== system) continue;
        for (const d of record.differences) {
          yield {
            customer: row.customer.id,
            ref: record.ref,
            system,
            attribute: d.attribute,
            reason: d.reason ?? record.reason ?? 'unexplained',
          };
        }
      }
    }
    from = `${ids.at(-1) ?? ''}\u0000`;
  }
}

export async function metrics(context: ServiceContext, watch: LagWatch): Promise<Metric[]> {
  const systems = await listSystems(context);
  const groups = await watch.look(context.group, systems);
  const usage = await context.store.usage();
  const lag = await context.log.lag(context.group);
  const gauge = (name: string, help: string, samples: Metric['samples']): Metric => ({
    name,
    help,
    type: 'gauge',
    samples,
  });
  return [
    gauge(
      'unsilo_state_entries',
      'Entries of each table of the state.',
      usage.map((u) => ({ labels: { table: u.table }, value: u.entries })),
    ),
    gauge(
      'unsilo_state_bytes',
      'Bytes of each table of the state.',
      usage.map((u) => ({ labels: { table: u.table }, value: u.bytes })),
    ),
    gauge(
      'unsilo_hub_lag_events',
      'Events that the hub has not processed yet.',
      lag.map((l) => ({ labels: { topic: l.topic, partition: String(l.partition) }, value: l.lag })),
    ),
    gauge(
      'unsilo_hub_lag_seconds',
      'Age of the oldest event that the hub has not processed.',
      lag.map((l) => ({ labels: { topic: l.topic, partition: String(l.partition) }, value: l.lagMs / 1000 })),
    ),
    ...lagMetrics(groups),
    gauge(
      'unsilo_system_up',
      '1 while the system is read and written.',
      systems.map((s) => ({
        labels: { system: s.system, state: s.state },
        value: s.state === 'running' || s.state === 'behind' ? 1 : 0,
      })),
    ),
    gauge(
      'unsilo_system_commands_waiting',
      'Commands that the system has not carried out yet.',
      systems.map((s) => ({ labels: { system: s.system }, value: s.lag.outbound })),
    ),
    {
      name: 'unsilo_system_events_total',
      help: 'What each connector has done since it was started.',
      type: 'counter',
      samples: systems.flatMap((s) =>
        Object.entries(s.counts).map(([kind, value]) => ({ labels: { system: s.system, kind }, value })),
      ),
    },
  ];
}
