import { placeOf, signalEvent, type Signal, type SystemProfile } from '@unsilo/schemas';
import { endsWithin, type EventLog } from '@unsilo/event-log';
import { systemClock, timestamp, type Clock } from '../clock.js';
import type { Connector, ConnectorContext, ConnectorLog, Finding, ReadItem, WebhookCall } from '../connector.js';
import { PauseError, TerminalError } from '../errors.js';
import { createHttpClient } from '../http/client.js';
import { httpDefaults, type HttpSettings } from '../http/settings.js';
import { redactor, secretValues } from '../redaction.js';
import { followClock } from './clock-offset.js';
import { createWriter, type WriterSettings } from './commands.js';
import { connectorMemory, redactedLog } from './context.js';
import { followErasures } from './erasures.js';
import { createIntake } from './intake.js';
import { createReader, type ReaderSettings } from './reader.js';
import { toldReason } from './reasons.js';
import type { Scope } from './scope.js';
import { newCounts, stateKeeper, type Reason, type RunnerStatus, type RunState } from './status.js';
import { keys, type ConnectorStorage } from './storage.js';

export interface RunnerOptions<Options> {
  connector: Connector<Options>;
  /** Name of the system, first part of all its refs. */
  system: string;
  tenant: string;
  /** As `parseOptions` answers them. */
  options: Options;
  /** Its topics must be declared. */
  log: EventLog;
  /** Of this tenant and system alone. */
  storage: ConnectorStorage;
  logger: ConnectorLog;
  /** Overrides what the connector wants of its HTTP client: `allowPrivateAddresses`, `rate`, … */
  http?: Partial<HttpSettings>;
  reading?: Partial<ReaderSettings>;
  writing?: Partial<WriterSettings>;
  /** How long `pause` and `close` wait for what is under way, milliseconds (default 10,000). */
  graceMs?: number;
  clock?: Clock;
  random?: () => number;
}

/** One running system. */
export interface ConnectorRunner {
  readonly system: string;
  readonly profile: SystemProfile;
  status(): RunnerStatus;
  /** Stops reading and writing until `resume`; what is under way ends first, or is abandoned after the grace time. */
  pause(reason: string): Promise<void>;
  resume(): Promise<void>;
  /** Reads at once. */
  poke(): void;
  /** Handles one HTTP call of the system; what it says is durable when this resolves. Never throws. */
  webhook(call: WebhookCall): Promise<WebhookAnswer>;
  /** Tries the connection and the rights; what the connector throws is a finding as well. */
  check(): Promise<Finding[]>;
  /** Ends reading and writing; repeats are harmless. */
  close(): Promise<void>;
}
export interface WebhookAnswer {
  status: number;
  body?: string;
  contentType?: string;
}

export const runnerDefaults = {
  reading: { intervalMs: 60_000, batchItems: 1000, lingerMs: 10, retryBaseMs: 1000, retryMaxMs: 300_000 },
  writing: {
    concurrency: 4,
    patienceMs: 300_000,
    settleAfterMs: httpDefaults.timeoutMs,
    retryBaseMs: 1000,
    retryMaxMs: 60_000,
  },
  graceMs: 10_000,
} as const satisfies { reading: ReaderSettings; writing: WriterSettings; graceMs: number };

/** Starts one system. Resolves when its commands are being read; the first reading is under way then. */
export async function runConnector<Options>(given: RunnerOptions<Options>): Promise<ConnectorRunner> {
  const { connector, system, tenant, options, log, storage } = given;
  const clock = given.clock ?? systemClock;
  const graceMs = given.graceMs ?? runnerDefaults.graceMs;
  const secrets = secretValues(connector.options, options);
  const redact = redactor(secrets);
  const logger = redactedLog(given.logger, redact);
  const random = given.random ?? Math.random;
  const profile = connector.profile(system, options);
  const { mapping } = profile;
  const scope: Scope = { tenant, system, log, storage, clock, random, redact, logger, counts: newCounts(), mapping };
  const state = stateKeeper(clock);
  const intake = createIntake(scope);
  const http = createHttpClient({
    ...connector.http?.(options),
    ...given.http,
    system,
    secrets: [...secrets, ...(given.http?.secrets ?? [])],
    clock,
    random,
    log: logger,
    onClockOffset: (offsetMs) => clockOffset.note(offsetMs),
  });
  const memory = connectorMemory(storage);
  const abandon = new AbortController();
  let reading: { stop: AbortController; done: Promise<void> } | undefined;
  let lastChangeAt: number | undefined;
  let closing: Promise<void> | undefined;
  const [completed] = await storage.getMany([keys.snapshot]);
  // Under another mapping the records are yet to be told: what other systems have may be among them.
  let snapshotComplete = completed === true || (completed !== undefined && completed === (mapping ?? completed));

  const contextFor = (signal: AbortSignal): ConnectorContext<Options> => ({
    tenant,
    system,
    options,
    http,
    memory,
    log: logger,
    clock,
    get clockOffsetMs() {
      return clockOffset.lastMs;
    },
    signal,
  });

  async function raise(name: string, rest: Omit<Signal, 'name' | 'system' | 'at'> = {}): Promise<void> {
    const event = signalEvent(tenant, { name, system, at: timestamp(clock.now()), ...rest });
    try {
      await log.append([{ ...placeOf(event), value: JSON.stringify(event) }]);
    } catch (error) {
      logger.warn({ system, signal: name }, `A signal could not be raised: ${redact(String(error))}`);
    }
  }

  function become(next: RunState, reason?: Reason): void {
    if (state.state === 'stopped') return;
    if (!state.become(next, reason) || next === 'starting' || next === 'stopped') return;
    void raise(`system.${next}`, reason === undefined ? {} : { code: reason.code, message: reason.message });
  }

  const clockOffset = await followClock(scope, (offsetMs) => {
    void raise('clock.offset', {
      message: `The clock of ${system} is ${Math.abs(Math.round(offsetMs / 1000))} s ${offsetMs > 0 ? 'ahead' : 'behind'}`,
      detail: { offsetMs },
    });
  });

  function onPause(reason: Reason): void {
    if (state.state === 'paused' || state.state === 'stopped') return;
    become('paused', reason);
    logger.warn({ system, code: reason.code }, `Paused: ${reason.message}`);
    writer.pause();
    reading?.stop.abort(new Error('paused'));
  }

  const reader =
    connector.read === undefined
      ? undefined
      : createReader(
          connector,
          contextFor,
          intake,
          scope,
          { ...runnerDefaults.reading, ...given.reading },
          {
            onWell() {
              if (state.state !== 'paused') become('running');
            },
            onBehind(reason) {
              if (state.state !== 'paused') become('behind', reason);
            },
            onPause,
            onSnapshot,
            onAppended: () => void (lastChangeAt = clock.now()),
          },
        );
  const writer = createWriter(
    connector,
    contextFor,
    intake,
    scope,
    {
      ...runnerDefaults.writing,
      ...(connector.writesAtOnce !== undefined && { concurrency: connector.writesAtOnce }),
      ...given.writing,
    },
    { onPause, onUnclear: () => reader?.poke() },
    abandon.signal,
  );

  function raiseCompleted(): void {
    void raise('snapshot.completed', mapping === undefined ? {} : { detail: { mapping } });
  }

  function onSnapshot(): void {
    // Connectors may say so at the end of every reading.
    if (!snapshotComplete) raiseCompleted();
    snapshotComplete = true;
  }

  function startReading(): void {
    if (reader === undefined) return become('running');
    const stop = new AbortController();
    reading = { stop, done: reader.run(stop.signal) };
  }

  async function stopReading(): Promise<void> {
    reading?.stop.abort(new Error('stopped'));
    if (reading) await endsWithin(reading.done, graceMs);
    reading = undefined;
  }

  // Readers of signals may have forgotten what was said before a restart.
  if (snapshotComplete) raiseCompleted();
  else if (reader === undefined) {
    await storage.set({ [keys.snapshot]: mapping ?? true });
    onSnapshot();
  }
  const erasures = await followErasures(connector, contextFor, intake, scope);
  await writer.start();
  startReading();

  async function webhook(call: WebhookCall): Promise<WebhookAnswer> {
    const handler = connector.webhook;
    if (handler === undefined) return { status: 404, body: 'This system takes no webhooks.' };
    if (state.state === 'stopped') return { status: 503, body: 'Stopping.' };
    try {
      handler.verify(call, options, clock.now() + (clockOffset.lastMs ?? 0));
    } catch (error) {
      const { code, message } = toldReason(error, scope);
      logger.warn({ system, code }, `A webhook was refused: ${message}`);
      return { status: 401, body: code };
    }
    try {
      const answer = await handler.handle(contextFor(abandon.signal), call);
      for (const { type } of (answer.items ?? []) as readonly ReadItem[])
        if (type === 'checkpoint' || type === 'snapshot-completed')
          throw new TypeError(`A webhook says nothing of how far the system was read: ${type}`);
      const { appended } = await intake.take(answer.items ?? []);
      if (appended > 0) lastChangeAt = clock.now();
      if (answer.poke === true) reader?.poke();
      return {
        status: answer.status,
        ...(answer.body === undefined ? {} : { body: answer.body }),
        ...(answer.contentType === undefined ? {} : { contentType: answer.contentType }),
      };
    } catch (error) {
      const reason = toldReason(error, scope);
      if (error instanceof PauseError) onPause(reason);
      if (error instanceof TerminalError) {
        await intake.park({ ...reason, at: { url: call.path }, payload: call.raw }).catch(() => undefined);
        return { status: 422, body: reason.code };
      }
      logger.warn({ system, code: reason.code }, `A webhook failed: ${reason.message}`);
      return { status: 503, body: reason.code };
    }
  }

  async function check(): Promise<Finding[]> {
    try {
      return await connector.check(contextFor(abandon.signal));
    } catch (error) {
      return [{ ok: false, ...toldReason(error, scope) }];
    }
  }

  async function close(): Promise<void> {
    reading?.stop.abort(new Error('stopped'));
    writer.pause();
    const ended = Promise.allSettled([reading?.done, writer.close(), erasures.close()]);
    if (!(await endsWithin(ended, graceMs))) {
      abandon.abort(new Error('stopped'));
      await http.close();
      await endsWithin(ended, graceMs);
    }
    abandon.abort(new Error('stopped'));
    await http.close();
    state.become('stopped');
  }

  return {
    system,
    profile,
    status: () => ({
      system,
      connector: connector.id,
      ...state.shown(),
      snapshotComplete,
      counts: { ...scope.counts },
      ...(lastChangeAt === undefined ? {} : { lastChangeAt: timestamp(lastChangeAt) }),
    }),
    async pause(reason) {
      if (state.state === 'stopped') return;
      onPause({ code: 'UNSILO_SYSTEM_PAUSED', message: reason, hint: 'Resume it when it may go on.' });
      await stopReading();
    },
    async resume() {
      if (state.state !== 'paused') return;
      await stopReading();
      become('starting');
      writer.resume();
      startReading();
    },
    poke: () => reader?.poke(),
    webhook,
    check,
    close: () => (closing ??= close()),
  };
}
