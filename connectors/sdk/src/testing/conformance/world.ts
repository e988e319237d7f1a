import type { Command } from '@unsilo/schemas';
import type { Connector } from '../../connector.js';
import type { MappingConfig } from '../../mapping/config.js';
import type { FakeServer } from '../fake-server.js';

/** What the suite needs to know of a connector. */
export interface ConformanceSubject<Options> {
  connector: Connector<Options>;
  /** A fresh system with a few records or posts in it, and options that lead to it. */
  start(): Promise<ConformanceWorld>;
  /** The connector uses no HTTP: the tests of failing servers are left out. */
  withoutServer?: true;
  /** Field mappings, by name, of which decode(encode(x)) = x is to be shown. */
  mappings?: Readonly<Record<string, MappingConfig>>;
  /** Path of the connector's README, whose table of options must be that of the schema (UPDATE_README=1 writes it). */
  readme?: string;
  /** Which of a world's optional deeds this one can do; tests that need another one are shown as skipped. */
  deeds?: readonly Deed[];
  /** How long the suite waits for what may still come, milliseconds of real time (default 10,000). */
  patienceMs?: number;
  /** Cases `<case>/{input,expected}.json` of the pure part. */
  fixtures?: { folder: string; run(input: unknown, name: string): unknown };
}

/** What not every system has, or not every fake of it can do. */
export interface Deeds {
  /** People delete a record or post that was there from the start, or that `change` made; answers its ref. */
  remove(): Promise<string>;
  /** People edit one record or post, always the same and always at the same time stamp; answers as `plant`. */
  editAtSameTime(text: string): Promise<{ ref: string; expected?: string }>;
  /** An update with a text of which the system keeps a part only. */
  shortened(): Promise<Command>;
  /** Commands that the system refuses as invalid, or the connector in its place. */
  refused(): Promise<readonly Command[]>;
}
export type Deed = keyof Deeds;
export const ALL_DEEDS: readonly Deed[] = ['remove', 'editAtSameTime', 'shortened', 'refused'];

/** One fake system, and what its people can do in it. */
export interface ConformanceWorld extends Partial<Deeds> {
  /** As the configuration gives them. */
  options: unknown;
  /** The server that faults are put into; absent only with `withoutServer`. */
  server?: FakeServer;
  /**
   * Secrets besides the options marked as such: tokens that the fake server hands out. No log line, error, signal, outcome, checkpoint or
   * memory may hold one.
   */
  secrets?: readonly string[];
  /** People make or edit `n` records or posts, each unlike any before; answers their refs. */
  change(n: number): Promise<readonly string[]>;
  /**
   * Puts a text into a record or post. Answers its ref, and the text as the event is to hold it where that differs for a good reason (markup
   * taken out); undefined when the system itself can't hold such a text.
   */
  plant?(text: string): Promise<{ ref: string; expected?: string } | undefined>;
  /** Commands that the system will accept as it stands, one of each action that the connector knows. The suite sets id and times. */
  commands?(): Promise<readonly Command[]>;
  /** How often the effect of a command stands in the system: records made, replies posted; for an update 1 when it holds. */
  effects?(command: Command): Promise<number>;
  close(): Promise<void>;
}

/** What jest gives to test files. */
export interface TestGlobals {
  describe(name: string, body: () => void): void;
  test: {
    (name: string, body: () => Promise<void> | void, timeoutMs?: number): void;
    skip(name: string, body: () => void): void;
  };
}
