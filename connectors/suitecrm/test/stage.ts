import {
  lastCheckpoint,
  readItems,
  startFakeServer,
  testContext,
  virtualClock,
  type FakeServer,
  type TestContext,
} from '@unsilo/connector-sdk/testing';
import type { ReadItem, WriteResult } from '@unsilo/connector-sdk';
import { suitecrm, type SuiteCrmOptions } from '@unsilo/connector-suitecrm';
import { simulateSuiteCrm, type SimulatedSuiteCrm, type SimulationOptions } from '@unsilo/connector-suitecrm/simulator';
import type { AttributeValue, BusinessObject, Command, Party, Version } from '@unsilo/schemas';

export type Change = Party | BusinessObject;

/** A simulated SuiteCRM and the connector before it, with one virtual clock for both. */
export interface Stage {
  crm: SimulatedSuiteCrm & { server: FakeServer };
  context: TestContext<SuiteCrmOptions>;
  /** Moves the clock on. */
  pass(ms: number): Promise<void>;
  /** One reading; its last checkpoint counts as saved. */
  read(): Promise<ReadItem[]>;
  /** The changes of one reading. */
  changes(): Promise<Change[]>;
  /** Carries out an update of what was read last. */
  update(ref: string, set: Record<string, AttributeValue>, more?: Partial<Command>): Promise<WriteResult>;
  write(command: Partial<Command>, unclear?: boolean): Promise<WriteResult>;
  settle(command: Partial<Command>): Promise<WriteResult>;
  version(ref: string): Version;
  /** A new process over the same memory and checkpoint, with other options perhaps. */
  restart(options?: object): Promise<void>;
}

const open: (() => Promise<void>)[] = [];

export async function closeStages(): Promise<void> {
  for (const close of open.splice(0)) await close();
}

export async function onStage(
  options: Partial<SuiteCrmOptions> | object = {},
  simulation: SimulationOptions = {},
): Promise<Stage> {
  const clock = virtualClock({ auto: 60_000 });
  const simulated = simulateSuiteCrm({ now: () => clock.now(), ...simulation });
  const crm = { ...simulated, server: await startFakeServer(simulated.handle) };
  const always = { url: crm.server.url, auth: crm.auth, defaultCurrency: 'EUR' };
  const make = (given: object, before?: TestContext<SuiteCrmOptions>) =>
    testContext(
      suitecrm,
      { ...always, ...given },
      {
        system: 'crm',
        clock,
        http: { timeoutMs: 2000, retries: { attempts: 3, baseMs: 10, maxMs: 20, longestWaitMs: 60_000 } },
        ...(before === undefined ? {} : { stored: before.stored, checkpoint: before.checkpoint }),
      },
    );
  const stage: Stage = {
    crm,
    context: make(options),
    pass: (ms) => clock.advance(ms),
    async read() {
      const items = await readItems(suitecrm, stage.context);
      const saved = lastCheckpoint(items);
      if (saved !== undefined) stage.context.checkpoint = saved;
      return items;
    },
    changes: async () => changesIn(await stage.read()),
    update: (ref, set, more = {}) =>
      stage.write({
        action: 'update',
        ref,
        base: stage.version(ref),
        set: assignments(set),
        ...more,
      } as Partial<Command>),
    write: (command, unclear = false) =>
      suitecrm.write!(stage.context, commandOf(command, clock.now()), { number: 1, unclear }),
    settle: (command) => suitecrm.settle!(stage.context, commandOf(command, clock.now())),
    version(ref) {
      const stored = stage.context.stored.get(`memory/state/${ref.slice('crm/'.length)}`);
      if (stored === undefined) throw new Error(`${ref} was never read`);
      return (JSON.parse(stored) as { version: Version }).version;
    },
    async restart(changed = options) {
      const { context } = stage;
      await context.close();
      stage.context = make(changed, context);
    },
  };
  open.push(async () => {
    await stage.context.close();
    await crm.server.close();
  });
  return stage;
}

export function changesIn(items: readonly ReadItem[]): Change[] {
  return items.flatMap((item) => (item.type === 'party' || item.type === 'object' ? [item.change] : []));
}

export function assignments(
  set: Record<string, AttributeValue>,
): Record<string, { value: AttributeValue; asOf: number }> {
  return Object.fromEntries(Object.entries(set).map(([attribute, value]) => [attribute, { value, asOf: 1 }]));
}

let commands = 0;
function commandOf(command: Partial<Command>, now: number): Command {
  return {
    id: `command-${(commands += 1)}`,
    system: 'crm',
    cause: { kind: 'plan' },
    issuedAt: new Date(now).toISOString(),
    deadline: new Date(now + 3_600_000).toISOString(),
    attempt: 1,
    ...command,
  } as Command;
}
