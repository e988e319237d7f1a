import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEnvironment, openLmdbEventLog, type LmdbEnvironment } from '@unsilo/event-log/lmdb';
import { openLmdbStateStore } from '@unsilo/state-store/lmdb';
import type { OpenState, StateStoreFactory } from '@unsilo/state-store/suite';

async function openFolder(folder: string): Promise<OpenState & { environment: LmdbEnvironment }> {
  const environment = await openEnvironment({ folder, maxMessageBytes: 1024 * 1024 });
  return { environment, log: openLmdbEventLog(environment), store: openLmdbStateStore(environment) };
}

/** For child processes: opens the folder that the argument names. */
export async function openState(argument: string): Promise<OpenState> {
  return openFolder(argument);
}

export const lmdbFactory: StateStoreFactory = {
  transactionalOutbox: true,
  durable: true,
  groupsSpanTenants: true,
  maxValueBytes: 16 * 1024 * 1024,
  histories: 60,
  create: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'unsilo-lmdb-'));
    let opened: Awaited<ReturnType<typeof openFolder>> | undefined;
    const close = async (): Promise<void> => {
      await opened?.store.close();
      await opened?.log.close();
      await opened?.environment.close();
      opened = undefined;
    };
    return {
      open: async () => (opened = await openFolder(folder)),
      close,
      remove: async () => {
        await close();
        rmSync(folder, { recursive: true, force: true });
      },
      child: { module: fileURLToPath(import.meta.url), argument: folder },
    };
  },
};
