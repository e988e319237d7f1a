/** One hub worker of the benchmark on Kafka and Redis, in a process of its own. */
import { openKafkaEventLog } from '@unsilo/event-log/kafka';
import { createHub } from '@unsilo/hub';
import { openRedisStateStore } from '@unsilo/state-store/redis';
import { kafkaOptions } from '../running/storage.js';
import { stoppedSystems } from '../running/systems.js';
import { benchSystems } from './corpus.js';
import type { FromBenchWorker, ToBenchWorker } from './kafka-protocol.js';
import { emptyMeters, meteredLog, meteredStore } from './metered.js';
import { benchPolicy } from './policy.js';

const meters = emptyMeters();
let used = process.cpuUsage();

function say(message: FromBenchWorker): void {
  process.send?.(message, () => undefined);
}

async function open({ storage }: Extract<ToBenchWorker, { type: 'open' }>): Promise<() => Promise<void>> {
  const quiet = (): void => undefined;
  const kafka = await openKafkaEventLog(kafkaOptions(storage.kafka));
  // The state hands the outbox to the log as well.
  const log = meteredLog(kafka, meters);
  const redis = await openRedisStateStore({ ...storage.redis, log });
  const store = meteredStore(redis, meters);
  const hub = createHub({
    tenant: 'default',
    log,
    store,
    policy: benchPolicy(),
    systems: benchSystems(),
    systemsPort: stoppedSystems([]),
    clock: { now: () => Date.now() },
    logger: { info: quiet, warn: quiet, error: (_, text) => say({ type: 'defect', text }) },
    ...(storage.kafka.partitions === undefined ? {} : { partitions: storage.kafka.partitions }),
  });
  await hub.start();
  return async () => {
    await hub.stop();
    await redis.close();
    await kafka.close();
  };
}

let opened: Promise<() => Promise<void>> | undefined;
process.on('message', (message: ToBenchWorker) => {
  if (message.type === 'open') {
    opened = open(message);
    opened.then(
      () => say({ type: 'ready' }),
      (error: unknown) => {
        process.stderr.write(`a worker could not be started: ${String(error)}\n`);
        process.exit(1);
      },
    );
  } else if (message.type === 'report') {
    const { user, system } = process.cpuUsage(used);
    used = process.cpuUsage();
    say({ type: 'meters', meters: structuredClone(meters), cpuMicros: user + system });
    Object.assign(meters, emptyMeters());
  } else void opened?.then((close) => close()).then(() => process.disconnect());
});
// Whoever started it is gone.
process.on('disconnect', () => process.exit());
say({ type: 'loaded' });
