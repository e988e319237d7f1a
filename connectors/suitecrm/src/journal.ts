import type { Version } from '@unsilo/schemas';
import type { ConnectorMemory, WriteResult } from '@unsilo/connector-sdk';

/**
 * The last write of each record: a try after a crash or an unclear answer must know its own traces, since SuiteCRM offers neither
 * idempotency keys nor conditions.
 */
export interface BegunWrite {
  command: string;
  pre: Version;
  /** Digest of the whole state before, and of the part of it that the command doesn't touch. */
  before: string;
  untouched: string;
  /** An exchange of e-mail addresses has begun: until it is finished, the record shows none or the wrong ones. */
  exchange?: AddressExchange;
  /** It is over: what was answered. */
  done?: WriteResult;
}
export interface AddressExchange {
  kind: string;
  id: string;
  /** The first is the primary address. */
  addresses: string[];
  optOut: boolean;
  invalid: boolean;
  /** Linked rows that the record doesn't show; they are linked again. */
  hidden: string[];
}

export interface Journal {
  get(ref: string): Promise<BegunWrite | undefined>;
  put(ref: string, write: BegunWrite): Promise<void>;
  /** Refs whose exchange of addresses may be unfinished. */
  exchanging(): Promise<string[]>;
  /** Takes the states of a record out of the answer that is kept of its last write. An unfinished exchange stays: it must be mended. */
  forget(ref: string): Promise<void>;
}

const EXCHANGING = 'exchanging';

export function journalOf(memory: ConnectorMemory, alone: <T>(work: () => Promise<T>) => Promise<T>): Journal {
  const key = (ref: string) => `write/${ref.slice(ref.indexOf('/') + 1)}`;
  async function exchanging(): Promise<string[]> {
    const stored = await memory.get(EXCHANGING);
    return Array.isArray(stored) ? (stored as string[]) : [];
  }
  return {
    exchanging,
    get: async (ref) => (await memory.get(key(ref))) as BegunWrite | undefined,
    put: (ref, write) =>
      alone(async () => {
        const others = (await exchanging()).filter((other) => other !== ref);
        const open = write.exchange === undefined ? others : [...others, ref];
        await memory.set({ [key(ref)]: write, [EXCHANGING]: open.length === 0 ? undefined : open });
      }),
    forget: (ref) =>
      alone(async () => {
        const known = (await memory.get(key(ref))) as BegunWrite | undefined;
        if (known?.done === undefined) return;
        const { before: _, left: __, ...done } = known.done;
        await memory.set({ [key(ref)]: { ...known, done } satisfies BegunWrite });
      }),
  };
}
