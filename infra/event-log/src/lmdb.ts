import { LmdbEnvironment, type EnvironmentOptions } from './lmdb/environment.js';

export type { LmdbEnvironment, EnvironmentOptions } from './lmdb/environment.js';
export { openLmdbEventLog } from './lmdb/event-log.js';
// For adapters over the same environment.
export { Journal } from './lmdb/journal.js';
export type { Round } from './lmdb/writer.js';

/**
 * Opens the data folder for this process. The event log and the state store are then opened over the environment; close them
 * first and the environment last.
 * @throws UNSILO_DATA_LOCKED another process has the folder open; UNSILO_DATA_CORRUPT; UNSILO_DATA_FORMAT written by a newer
 * version; UNSILO_STATE_FULL no space to open it; UNSILO_DATA_IO
 */
export function openEnvironment(options: EnvironmentOptions): Promise<LmdbEnvironment> {
  return LmdbEnvironment.open(options);
}
