/** One process of an installation on servers: a worker of the hub, or the connector of one system. */
import { createHub } from '@unsilo/hub';
import { TENANT } from '../faults/company.js';
import { connectorTopics } from '../running/connector-topics.js';
import { LeasedSystems } from '../running/leased-systems.js';
import { openServers } from '../running/storage.js';
import { WrittenSystem } from './company.js';
import type { FromService, ToService } from './protocol.js';
import { hubOptions, quietLog } from './stage.js';

function say(message: FromService): void {
  process.send?.(message, () => undefined);
}

let system: WrittenSystem | undefined;

async function open({ storage, part, persons }: Extract<ToService, { type: 'open' }>): Promise<() => Promise<void>> {
  const opened = await openServers(storage, quietLog);
  const { log, store, close } = opened;
  if (part === 'hub') {
    const hub = createHub(hubOptions(opened, storage.kafka.partitions));
    await hub.start();
    return async () => {
      await hub.stop();
      await close();
    };
  }
  system = new WrittenSystem(part, persons);
  await log.declare(connectorTopics([part]));
  const leased = new LeasedSystems({
    tenant: TENANT,
    systems: [system.configured],
    log,
    store,
    logger: quietLog,
    graceMs: 1000,
    clock: { now: () => Date.now() },
    url: () => 'http://127.0.0.1:0',
  });
  await leased.start();
  return async () => {
    await leased.close();
    await close();
  };
}

let opened: Promise<() => Promise<void>> | undefined;
process.on('message', (message: ToService) => {
  switch (message.type) {
    case 'open':
      opened = open(message);
      opened.then(
        () => say({ type: 'ready' }),
        (error: unknown) => {
          process.stderr.write(`a service could not be started: ${String(error)}\n`);
          process.exit(71);
        },
      );
      return;
    case 'become':
      system?.become(message.condition);
      say({ type: 'done' });
      return;
    case 'waiting':
      say({ type: 'waiting', count: system?.waiting ?? 0 });
      return;
    case 'stop':
      void opened?.then(async (close) => {
        await close();
        process.disconnect();
      });
  }
});
// Whoever started it is gone.
process.on('disconnect', () => process.exit());
say({ type: 'loaded' });
