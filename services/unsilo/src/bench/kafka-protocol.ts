import type { StorageConfiguration } from '../configuration/configuration.js';
import type { Meters } from './metered.js';

/** What a hub worker of the benchmark is told. */
export type ToBenchWorker = { type: 'open'; storage: StorageConfiguration } | { type: 'report' } | { type: 'stop' };

/** What it says. */
export type FromBenchWorker =
  | { type: 'loaded' }
  | { type: 'ready' }
  | { type: 'defect'; text: string }
  /** Since the last report. */
  | { type: 'meters'; meters: Meters; cpuMicros: number };
