/**
 * Where the runner of one system keeps what must survive a restart: checkpoints, the last versions of each ref, finished commands,
 * and the connector's own memory. The composition root gives one for each tenant and system, over the state store.
 */
export interface ConnectorStorage {
  /** JSON values in the order of the keys; undefined where nothing stands. Sees every `set` that resolved before. */
  getMany(keys: readonly string[]): Promise<unknown[]>;
  /** All entries or none; durable when it resolves. Undefined removes. Keys hold refs and ids, never personal data. */
  set(entries: Readonly<Record<string, unknown>>): Promise<void>;
}

/** Keys within one system's storage. */
export const keys = {
  checkpoint: 'checkpoint',
  /** The mapping under which the first snapshot was complete; true where none was told. */
  snapshot: 'snapshot',
  /** What the system's clock was ahead of ours when it was last measured, milliseconds. */
  clockOffset: 'clock-offset',
  /** Refs whose last versions were noted but perhaps not appended. */
  pending: 'pending',
  versions: (ref: string) => `version/${ref}`,
  command: (id: string) => `command/${id}`,
  /** Ids of the commands whose kept outcomes hold values of the record. */
  commandsOf: (ref: string) => `commands/${ref}`,
  /** When the record was erased last, epoch milliseconds. */
  erased: (ref: string) => `erased/${ref}`,
  deadLetter: (id: string) => `dead-letter/${id}`,
  memory: (key: string) => `memory/${key}`,
} as const;
