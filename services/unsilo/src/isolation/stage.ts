import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog } from '@unsilo/event-log';
import { createHub, type HubOptions } from '@unsilo/hub';
import type { ConnectorLog } from '@unsilo/connector-sdk';
import { faultPolicy, faultSystems, TENANT } from '../faults/company.js';
import { connectorStorage } from '../running/connector-storage.js';
import { openEmbedded, type OpenedStorage } from '../running/storage.js';
import { ConnectedSystems, stoppedSystems } from '../running/systems.js';
import { HURT, SYSTEMS, WrittenSystem, type Condition } from './company.js';

/** A running installation, one of whose systems can be hurt. */
export interface Stage {
  log: EventLog;
  become(condition: Condition): Promise<void>;
  /** Requests to the hurt system that wait for an answer now. */
  waiting(): Promise<number>;
  close(): Promise<void>;
}

const quiet = (): void => undefined;
export const quietLog: ConnectorLog = { debug: quiet, info: quiet, warn: quiet };
const clock = { now: () => Date.now() };

export function hubOptions({ log, store }: Pick<OpenedStorage, 'log' | 'store'>, partitions?: number): HubOptions {
  return {
    tenant: TENANT,
    log,
    store,
    policy: faultPolicy(),
    systems: faultSystems(),
    systemsPort: stoppedSystems([]),
    clock,
    logger: { info: quiet, warn: quiet, error: (_, text) => process.stderr.write(`${text}\n`) },
    ...(partitions === undefined ? {} : { partitions }),
  };
}

/** Everything in this process. */
export async function embeddedStage(persons: number): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'unsilo-isolation-'));
  const storage = await openEmbedded(folder);
  const hub = createHub(hubOptions(storage));
  await hub.start();
  const systems = new Map(SYSTEMS.map((name) => [name, new WrittenSystem(name, persons)]));
  const connected = new ConnectedSystems({
    tenant: TENANT,
    systems: [...systems.values()].map(({ configured }) => configured),
    log: storage.log,
    storageOf: (system) => connectorStorage(storage.store, TENANT, system),
    logger: quietLog,
    graceMs: 1000,
    clock,
  });
  await connected.start();
  const hurt = systems.get(HURT)!;
  return {
    log: storage.log,
    become: async (condition) => {
      hurt.become(condition);
      // A pause between two tries ends with it, so that the next measurement begins with nothing left of this one.
      await connected.pause(HURT, 'it changes its condition');
      await connected.resume(HURT);
    },
    waiting: () => Promise.resolve(hurt.waiting),
    close: async () => {
      await connected.close();
      await hub.stop();
      await storage.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
