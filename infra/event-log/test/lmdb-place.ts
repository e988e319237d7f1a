import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  openEnvironment,
  openLmdbEventLog,
  type EnvironmentOptions,
  type LmdbEnvironment,
} from '@unsilo/event-log/lmdb';
import type { EventLogFactory } from '@unsilo/event-log/suite';
import type { EventLog } from '@unsilo/event-log';

/** Small messages are large enough for the suite. */
const OPTIONS = { maxMessageBytes: 1024 * 1024 } satisfies Partial<EnvironmentOptions>;

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'unsilo-lmdb-'));
}

/** For child processes: opens the folder that the argument names. */
export async function openLog(argument: string): Promise<EventLog> {
  return openLmdbEventLog(await openEnvironment({ folder: argument, ...OPTIONS }));
}

export const lmdbFactory: EventLogFactory = {
  capabilities: { transactionalOutbox: true, distributed: false, maxMessageBytes: OPTIONS.maxMessageBytes },
  cleansAtOnce: true,
  histories: 60,
  create: async () => {
    const folder = newFolder();
    let opened: { environment: LmdbEnvironment; log: EventLog } | undefined;
    const close = async (): Promise<void> => {
      await opened?.log.close();
      await opened?.environment.close();
      opened = undefined;
    };
    return {
      open: async () => {
        const environment = await openEnvironment({ folder, ...OPTIONS });
        opened = { environment, log: openLmdbEventLog(environment) };
        return opened.log;
      },
      close,
      remove: async () => {
        await close();
        rmSync(folder, { recursive: true, force: true });
      },
      child: { module: fileURLToPath(import.meta.url), argument: folder },
    };
  },
};
