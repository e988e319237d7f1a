/** One process of many on the same servers: a hub worker, and the connectors of the systems that it holds the leases of. */
import { defineConnector, type WriteResult } from '@unsilo/connector-sdk';
import { createHub } from '@unsilo/hub';
import type { Command } from '@unsilo/schemas';
import type { ConfiguredSystem } from '../../configuration/configuration.js';
import { connectorTopics } from '../../running/connector-topics.js';
import { LeasedSystems } from '../../running/leased-systems.js';
import { openServers } from '../../running/storage.js';
import { stoppedSystems } from '../../running/systems.js';
import { faultPolicy, faultSystems, TENANT, WRITTEN } from '../company.js';
import type { FromWorker, ToWorker } from './protocol.js';

const calls = new Map<number, (answer: WriteResult) => void>();
let lastCall = 0;

function say(message: FromWorker): void {
  process.send?.(message, () => undefined);
}

/** Asks the system itself, which lives outside of this process. */
function ask(system: string, command: Command): Promise<WriteResult> {
  const call = (lastCall += 1);
  return new Promise((resolve) => {
    calls.set(call, resolve);
    say({ type: 'write', call, system, command });
  });
}

function configured(system: string): ConfiguredSystem {
  const profile = faultSystems().find((known) => known.system === system);
  if (profile === undefined) throw new Error(`there is no system ${system}`);
  const connector = defineConnector<object>({
    id: 'simulated',
    title: system,
    options: {},
    emits: ['party'],
    profile: () => profile,
    check: () => Promise.resolve([]),
    write: (_, command) => ask(system, command),
  });
  return { name: system, connector, options: {}, profile, intervalMs: 60_000, allowPrivateAddresses: false };
}

/** Told by code: servers that are gone, states that went back and the like are the point of the exercise. */
const EXPECTED =
  /^UNSILO_(LOG|STATE|DATA)_|^UNSILO_HUB_(STATE_WENT_BACK|LOST_PARTITION)$|^UNSILO_CONNECTOR_TAKEN_OVER$/;

function complain(fields: Record<string, unknown>, text: string): void {
  const code = String(fields['code'] ?? '');
  // Connectors tell of failures of the log by what they were doing.
  if (EXPECTED.test(code) || /UNSILO_(LOG|STATE)_|is stopping|lease of the system|could not be started/.test(text))
    return;
  say({ type: 'problem', text: `${code}: ${text}` });
}

async function open({ storage, batch }: Extract<ToWorker, { type: 'open' }>): Promise<() => Promise<void>> {
  const quiet = (): void => undefined;
  const { log, store, close } = await openServers(storage, { debug: quiet, info: quiet, warn: quiet });
  const systems = WRITTEN.map(configured);
  const hub = createHub({
    tenant: TENANT,
    log,
    store,
    policy: faultPolicy(),
    systems: faultSystems(),
    systemsPort: stoppedSystems([]),
    clock: { now: () => Date.now() },
    logger: { info: quiet, warn: complain, error: complain },
    batchSize: batch ?? 500,
    ...(storage.kafka.partitions === undefined ? {} : { partitions: storage.kafka.partitions }),
  });
  await log.declare(connectorTopics([...WRITTEN]));
  const leased = new LeasedSystems({
    tenant: TENANT,
    systems,
    log,
    store,
    logger: { debug: quiet, info: quiet, warn: complain },
    graceMs: 1000,
    clock: { now: () => Date.now() },
    url: () => 'http://127.0.0.1:0',
  });
  await Promise.all([hub.start(), leased.start()]);
  say({ type: 'ready' });
  return async () => {
    await leased.close();
    await hub.stop();
    await close();
  };
}

let opened: Promise<() => Promise<void>> | undefined;
process.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'open':
      opened = open(message);
      opened.catch((error: unknown) => {
        process.stderr.write(`a worker could not be started: ${String(error)}\n`);
        process.exit(71);
      });
      return;
    case 'written':
      calls.get(message.call)?.(message.answer);
      calls.delete(message.call);
      return;
    case 'stop':
      void opened?.then(async (close) => {
        await close();
        process.disconnect();
      });
      return;
  }
});
// Whoever started it is gone: nobody would ever stop it.
process.on('disconnect', () => process.exit());
process.on('unhandledRejection', (error) => {
  say({ type: 'problem', text: `unhandled: ${String(error instanceof Error ? error.stack : error)}` });
});
say({ type: 'loaded' });
