import type { HttpClient } from '@unsilo/connector-sdk';
import type { Mappings } from './mapped.js';
import type { PartyKindName } from './mappings.js';

/**
 * What the readers and writers of one system share in a process: the access token, and who may touch which record. A page of records that
 * was asked for before a write says nothing about what the write left: such rows are dropped, the write's own outcome tells the state.
 */
export interface Session {
  token?: Token;
  /** The one login or refresh that is under way. */
  loggingIn?: Promise<Token>;
  /** Server's clock less ours, milliseconds, as measured last. */
  clockOffsetMs?: number;
  /** The latest time that the server told, epoch milliseconds of its clock. */
  serverTimeMs?: number;
  /** Records whose state is uncertain for readers since a write is under way. */
  readonly writing: Set<string>;
  /** Records that were written since the reader's last request began. */
  readonly touched: Set<string>;
  /** Records that were found changed or gone while writing: the next reading tells. */
  readonly recheck: Set<string>;
  /** The mappings under which records may have been told, by module. */
  readonly mappings: Map<PartyKindName, Promise<Mappings>>;
  /** Runs one piece of work on the remembered versions at a time. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}
export interface Token {
  access: string;
  refresh?: string;
  /** Epoch milliseconds of our clock. */
  expiresAt: number;
}

const sessions = new WeakMap<HttpClient, Session>();

/** The session of a system: all its contexts have the same HTTP client. */
export function sessionOf(http: HttpClient): Session {
  let session = sessions.get(http);
  if (session === undefined) {
    session = newSession();
    sessions.set(http, session);
  }
  return session;
}

function newSession(): Session {
  let lane: Promise<unknown> = Promise.resolve();
  return {
    writing: new Set(),
    touched: new Set(),
    recheck: new Set(),
    mappings: new Map(),
    alone(work) {
      const mine = lane.then(work, work);
      lane = mine.catch(() => undefined);
      return mine;
    },
  };
}

/** Keeps readers away from a record while `work` writes it. */
export async function whileWriting<T>(session: Session, ref: string, work: () => Promise<T>): Promise<T> {
  // A reader in the middle of noting versions finishes first.
  await session.alone(async () => {
    session.writing.add(ref);
    session.touched.add(ref);
  });
  try {
    return await work();
  } finally {
    session.touched.add(ref);
    session.writing.delete(ref);
  }
}
